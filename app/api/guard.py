"""Before and behind every call: no forged requests, no writing by read-only tokens, problems for refusals."""

from __future__ import annotations

from flask import Response, current_app, g, request
from flask_login import current_user
from sqlalchemy.exc import DatabaseError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from werkzeug.exceptions import HTTPException

from app.api import problems
from app.api.endpoints import bp
from app.api.problems import Refusal
from app.extensions import csrf, db
from app.wording.errors.http import SERVER_ERROR
from booking.kernel.database_errors import classify_error
from booking.kernel.errors import Busy, DomainError, Unavailable

LOOKING = ("GET", "HEAD", "OPTIONS")

csrf.exempt(bp)  # checked below instead: a program with a token has no page that could be forged


@bp.before_request
def check() -> None:
    """Before every call that may change something. Raises TokenReadOnly, and 400 for a missing CSRF header."""
    if request.method in LOOKING or not current_user.is_authenticated:
        return
    if not current_user.is_program:
        if current_app.config["WTF_CSRF_ENABLED"]:
            csrf.protect()
    elif current_user.is_read_only:
        raise TokenReadOnly


@bp.errorhandler(DomainError)
def refused(error: DomainError) -> Response:
    """A refusal of the trade that no call answered itself."""
    db.session.rollback()
    if isinstance(error, Unavailable):
        _speak_without_the_database()
    return problems.of_refusal(error).response()


@bp.errorhandler(Refusal)
def not_taken(refusal: Refusal) -> Response:
    """What was sent is not what the call takes."""
    return refusal.reply.response()


@bp.errorhandler(HTTPException)
def http_error(error: HTTPException) -> Response:
    """An error of the protocol, or a fault of ours."""
    if (error.code or SERVER_ERROR) >= SERVER_ERROR:
        _speak_without_the_database()
    return problems.of_http_error(error).response()


@bp.errorhandler(DatabaseError)
def database_failed(error: DatabaseError) -> Response:
    """The database is gone, full, damaged: say so, and when to come back. Anything else is a bug."""
    fault = classify_error(error)
    if fault is None:
        raise error
    current_app.logger.error("the database fails (%s): %s", fault.code, error.orig)
    return refused(fault)


@bp.errorhandler(NoConnectionFree)
def overloaded(_error: NoConnectionFree) -> Response:
    """More programs ask at once than there are connections to the database."""
    return refused(Busy(retry_after_seconds=1))


def _speak_without_the_database() -> None:
    # The login, whose language would be spoken, may be the very thing that could not be read.
    g.language = request.accept_languages.best_match(current_app.config["LOCALES"], "en")


class TokenReadOnly(DomainError):
    """The API token may look at things and change nothing."""

    code = "token_read_only"
