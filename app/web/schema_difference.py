"""What fails because program and database are of two versions: no fault of the program, and told as such.

An update replaces the program while processes of the former one still run, or a database is replaced under them.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, current_app
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from werkzeug.exceptions import HTTPException

from app.extensions import db
from booking.kernel.database_errors import RETRY_LATER_SECONDS, classify_error
from booking.kernel.errors import SchemaDiffers, Unavailable
from booking.kernel.transaction import discard

DIFFERS = "ringbuch_schema_differs"  # in app.extensions: tells by a connection whether the database has another schema


def init_app(app: Flask, differs: Callable[[Connection], bool]) -> None:
    """Register how the schema of the database is compared with that of this program."""
    app.extensions[DIFFERS] = differs


def fault_of(error: DBAPIError) -> Unavailable | None:
    """Return the refusal that an error of the database amounts to; None where the statement is at fault, a bug."""
    return classify_error(error) or _difference()


def fault_behind(error: HTTPException) -> Unavailable | None:
    """Return the refusal that an unexpected exception amounts to; None for a bug.

    Where the database is of a newer version, its rows hold words that this program does not know.
    """
    cause = getattr(error, "original_exception", None)
    if cause is None:
        return None
    fault = fault_of(cause) if isinstance(cause, DBAPIError) else _difference()
    if fault is not None:
        fault.__cause__ = cause
    return fault


def _difference() -> SchemaDiffers | None:
    return SchemaDiffers(retry_after_seconds=RETRY_LATER_SECONDS) if _has_other_schema() else None


def _has_other_schema() -> bool:
    session = db.session()
    discard(session)  # after the error nothing can be asked in this transaction
    try:
        return bool(current_app.extensions[DIFFERS](session.connection()))
    except SQLAlchemyError:
        return False
    finally:
        discard(session)
