"""Checks before every endpoint (CSRF, read-only tokens) and error handlers that return problem documents."""

from __future__ import annotations

from flask import Response, abort, current_app, g, request
from sqlalchemy.exc import DatabaseError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from app.api import problems
from app.api.endpoints import CONFIRMED, UPLOADS, body_bytes_max, bp
from app.api.problems import Refusal
from app.auth import confirmed
from app.auth.errors import NotConfirmed
from app.extensions import csrf, db
from app.present import present_login, present_request
from app.web import read_retry
from app.web.schema_difference import fault_behind, fault_of
from app.web.trouble_log import reason_of, troubles
from app.wording.errors.http import SERVER_ERROR
from booking.kernel.errors import Busy, DomainError, Unavailable
from booking.kernel.transaction import discard

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

csrf.exempt(bp)  # checked in `check`: a request with a token needs no CSRF protection


@bp.before_request
def check() -> None:
    """Bound the body of a request, and check one that may change something.

    Raises TokenReadOnly, NotConfirmed, 413 for a body that is larger than its endpoint accepts, and 400 for a missing
    CSRF header.
    """
    asked, bytes_max = present_request(), body_bytes_max()
    asked.max_content_length = bytes_max + 1  # of a body without a length no more is read
    if (asked.content_length or 0) > bytes_max:
        abort(413)
    if asked.method in SAFE_METHODS:
        return  # what is open to all is served without the database, too
    login = present_login()
    if not login.is_authenticated:
        return
    if not login.is_program:
        if current_app.config["WTF_CSRF_ENABLED"]:
            csrf.protect()
        if asked.endpoint in CONFIRMED and not confirmed.is_fresh():
            raise NotConfirmed
    elif login.is_read_only:
        raise TokenReadOnly


@bp.errorhandler(DomainError)
def refused(error: DomainError) -> Response:
    """Return the problem document of a DomainError that no endpoint handled."""
    discard(db.session())
    if isinstance(error, Unavailable):
        troubles.record(error, reason_of(error))
        _use_browser_language()
    return problems.of_refusal(error).response()


@bp.errorhandler(Refusal)
def invalid(refusal: Refusal) -> Response:
    """Return the problem document of an invalid body or query."""
    return refusal.reply.response()


@bp.errorhandler(HTTPException)
def http_error(error: HTTPException) -> Response:
    """Return the problem document of an HTTP error."""
    if fault := fault_behind(error):
        return refused(fault)
    if (error.code or SERVER_ERROR) >= SERVER_ERROR:
        _use_browser_language()
    if error.code == problems.TOO_LARGE:
        field = "photo" if request.endpoint in UPLOADS else ""
        return problems.too_large(field, body_bytes_max(), request.content_length).response()
    return problems.of_http_error(error).response()


@bp.errorhandler(DatabaseError)
def database_failed(error: DatabaseError) -> Response:
    """Return 503 when the database cannot serve the request. Any other error is a bug and is raised again."""
    fault = fault_of(error)
    if fault is None:
        raise error
    read_retry.note(error)
    fault.__cause__ = error
    return refused(fault)


@bp.errorhandler(PoolTimeout)
def overloaded(error: PoolTimeout) -> Response:
    """Return 503 when all connections to the database are in use."""
    busy = Busy(retry_after_seconds=1)
    busy.__cause__ = error
    return refused(busy)


def _use_browser_language() -> None:
    # The language of the login would have to be read from the failing database.
    g.language = request.accept_languages.best_match(current_app.config["LOCALES"], "en")


class TokenReadOnly(DomainError):
    """The API token may only read."""

    code = "token_read_only"
