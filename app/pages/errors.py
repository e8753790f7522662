"""Every refusal as a page: DomainError -> status and sentence, HTTP errors, and the unexpected."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, current_app, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DatabaseError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from werkzeug.exceptions import BadRequest, HTTPException

from app.extensions import db, login_manager
from app.pages import saved_submission
from app.web.redirects import safe_next
from app.wording import errors
from app.wording.errors import status_of
from booking.kernel.database_errors import classify_error
from booking.kernel.errors import Busy, DomainError, Unavailable

SERVER_FAULT = 500
WORTH_ANOTHER_LOOK = (400, 409, 413, 422, 429)  # the page on which the form stood shows how things are now


def init_app(app: Flask) -> None:
    """Register the error pages."""
    app.register_error_handler(DomainError, refused)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(DatabaseError, database_failed)
    app.register_error_handler(NoConnectionFree, overloaded)


def refused(error: DomainError) -> ResponseReturnValue:
    """A refusal that no form caught."""
    db.session.rollback()
    if isinstance(error, Unavailable):
        _speak_without_the_database()
    wait = error.facts.get("retry_after_seconds")
    headers = {"Retry-After": str(wait)} if wait else {}
    status = status_of(error)
    return page(status, errors.title_of(error), errors.sentence_of(error)), status, headers


def http_error(error: HTTPException) -> ResponseReturnValue:
    """An error of the protocol: not found, not allowed, too much."""
    status = error.code or SERVER_FAULT
    cause = getattr(error, "original_exception", None)
    if isinstance(cause, DatabaseError) and (fault := classify_error(cause)):
        return _unavailable(fault, cause)  # it went while another refusal was being put into words
    if status >= SERVER_FAULT:
        _speak_without_the_database()
    if isinstance(error, CSRFError):
        return saved_submission.keep() or _too_old(status)
    response = error.get_response()
    headers = {name: value for name, value in response.headers if name in ("Allow", "Retry-After")}
    if isinstance(error, RateLimitExceeded) and error.limit is not None:
        headers["Retry-After"] = str(error.limit.limit.get_expiry())
    title, sentence = errors.page_texts(status, upload_mb=current_app.config["UPLOAD_MB"])
    return page(status, title, sentence), status, headers


def _too_old(status: int) -> ResponseReturnValue:
    """The token of a page is void, or it has none: nothing was carried out."""
    title, sentence = _("This page is too old"), _("Nothing was stored. Open the page again and send it once more.")
    return render_template("error.html", title=title, sentence=sentence, path=_way_back()), status


def database_failed(error: DatabaseError) -> ResponseReturnValue:
    """The database is gone, full, damaged: say so, and when to come back. Anything else is a bug."""
    fault = classify_error(error)
    if fault is None:
        raise error
    return _unavailable(fault, error)


def _unavailable(fault: Unavailable, error: DatabaseError) -> ResponseReturnValue:
    current_app.logger.error("the database fails (%s): %s", fault.code, error.orig)
    return refused(fault)


def overloaded(_error: NoConnectionFree) -> ResponseReturnValue:
    """More people ask at once than there are connections to the database."""
    return refused(Busy(retry_after_seconds=1))


def page(status: int, title: str, sentence: str) -> str:
    """The error page; where the fault is ours, one that needs neither database nor login."""
    if _is_host_refused():
        return render_template("error_words.html", title=title, sentence=sentence)
    if status < SERVER_FAULT:
        path = _way_back() if status in WORTH_ANOTHER_LOOK and request.method == "POST" else None
        return render_template("error.html", title=title, sentence=sentence, path=path)
    _speak_without_the_database()
    return render_template("error_bare.html", title=title, sentence=sentence, path=_way_back())


def _way_back() -> str:
    """Where to try again: here, or for a form that was sent the page it stood on."""
    if request.method in ("GET", "HEAD"):
        return request.path
    try:
        return safe_next(urlsplit(request.referrer or "").path)
    except ValueError:  # brackets around what is no address
        return "/"


def _is_host_refused() -> bool:
    """Whether the request came under a host name that is not ours or is none at all: then no address can be built."""
    return isinstance(request.routing_exception, BadRequest)


def _speak_without_the_database() -> None:
    """Ask for no login and speak the browser's language: whose login it is only the failing database knows."""
    offered = current_app.config["LOCALES"]
    g.language = request.accept_languages.best_match(offered) or offered[0]
    g._login_user = login_manager.anonymous_user()  # else Flask-Login would look it up for every template
