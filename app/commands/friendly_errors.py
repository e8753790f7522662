"""Friendly errors of commands: what can be wrong with an instance, as one sentence instead of a traceback."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from flask import current_app, has_app_context
from flask.cli import AppGroup
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.storage import migrate
from booking.kernel.database_errors import classify_error
from booking.kernel.deadlines import COMMAND, extended
from booking.kernel.errors import (
    Busy,
    DatabaseCorrupt,
    DatabaseNotUnicode,
    DatabaseReadOnly,
    DiskFull,
    OutcomeUnknown,
    Unavailable,
)
from booking.kernel.texts import code_points, is_fit, without_unfit

INSUFFICIENT_PRIVILEGE = "42501"
MAY_NOT = (
    "The role of DATABASE_URL may not do that in PostgreSQL ({reason}). Make it the owner of the database: "
    "ALTER DATABASE name OWNER TO role"
)
FREE_BYTES_MIN = 256 * 1024  # with less, SQLite cannot even open a database to read it


class FriendlyErrorGroup(AppGroup):
    """A group of commands that report errors of the database as one sentence."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse arguments that hold control characters, or bytes that are not UTF-8, whatever they are for."""
        for each in args:
            if not is_fit(each):
                shown = without_unfit(each)
                raise click.UsageError(f"The argument {shown!r} holds control characters ({code_points(each)}).", ctx)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. It may wait longer for the database than a page; threads that it starts may not."""
        with friendly_errors(), extended(COMMAND):
            return super().invoke(ctx)


@contextmanager
def friendly_errors() -> Iterator[None]:
    """Translate errors of the database into a ClickException; bugs keep their traceback."""
    try:
        yield
    except (migrate.UnknownSchema, migrate.DamagedDatabase) as error:
        raise click.ClickException(str(error)) from error
    except DatabaseNotUnicode as error:
        raise click.ClickException(
            f"The database {error.facts['database']} stores texts as {error.facts['encoding']}, but the ring needs "
            "UTF-8. Create another: createdb --encoding=UTF8 --template=template0 NAME, and name it in DATABASE_URL."
        ) from error
    except Unavailable as error:
        raise click.ClickException(_message(error, "")) from error
    except IntegrityError:
        raise
    except (DBAPIError, sqlite3.Error) as error:
        orig = getattr(error, "orig", error)
        reason = str(orig).strip().splitlines()[0]
        if getattr(orig, "sqlstate", None) == INSUFFICIENT_PRIVILEGE:
            raise click.ClickException(MAY_NOT.format(reason=reason)) from error
        raise click.ClickException(_message(classify_error(error), reason)) from error


def _message(error: Unavailable | None, reason: str) -> str:
    file = _database_file()
    if isinstance(error, OutcomeUnknown):
        return (
            "The database did not confirm it, so it may be stored or not. Look, then type the same again if it is not."
        )
    if isinstance(error, Busy):
        return "Another process is changing the database; try again in a minute."
    if isinstance(error, DiskFull) or (file is not None and shutil.disk_usage(file.parent).free < FREE_BYTES_MIN):
        return f"The disk of {file or 'the database'} is full. Make room and try again; what is stored is not lost."
    if isinstance(error, DatabaseReadOnly) and file is None:
        return (
            "The database accepts no changes: it is a replica, or set read-only. Name the primary in DATABASE_URL, "
            "or all servers: postgresql://user:password@host1,host2/ring."
        )
    if isinstance(error, DatabaseReadOnly):
        who = "the user who runs Ringbuch"
        return f"{file or 'The database'} cannot be written to. Let {who} write to it and to its folder."
    if isinstance(error, DatabaseCorrupt) and file is not None:
        return migrate.damage_message(file)
    if error is None and (sentence := _about_schema()):
        return sentence
    return f"The database cannot be used: {reason}"


def _about_schema() -> str:
    """Return what to do where a statement failed because the database has another schema than this program, or none."""
    try:
        revision = migrate.revision_of(current_app.config["SQLALCHEMY_DATABASE_URI"]) if has_app_context() else ""
    except DBAPIError:
        return ""  # it cannot be read
    if revision is None:
        return "There is no ring here yet. `python3 start.py` sets one up; --instance DIR names another folder."
    if revision in ("", migrate.head_revision()):
        return ""
    if revision in migrate.known_revisions():
        return (
            f"The database is at schema {revision}, this program needs {migrate.head_revision()}: type `ring prepare`."
        )
    return f"The database is at schema {revision}, that of a newer program: start the newer one."


def _database_file() -> Path | None:
    if not has_app_context():
        return None
    url = make_url(current_app.config["SQLALCHEMY_DATABASE_URI"])
    is_file = url.get_backend_name() == "sqlite" and url.database and Path(url.database).parent.is_dir()
    return Path(url.database or "") if is_file else None
