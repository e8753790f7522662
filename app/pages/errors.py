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
from app.pages import kept_input, texts
from app.pages.links import safe_next
from booking.kernel.errors import Busy, DomainError, Unavailable
from booking.kernel.faults import fault_of

SERVER_FAULT = 500
WORTH_ANOTHER_LOOK = (400, 409, 413, 422, 429)  # the page on which the form stood shows how things are now

STATUS = {
    "busy": 503,
    "database_gone": 503,
    "no_room": 503,
    "not_writable": 503,
    "damaged": 503,
    "slot_taken": 409,
    "wrong_status": 409,
    "stale_revision": 409,
    "request_refused": 422,
    "not_found": 404,
    "machine_not_found": 404,
    "member_not_found": 404,
    "reservation_not_found": 404,
    "closure_not_found": 404,
    "feed_not_found": 404,
    "idempotency_key_reused": 409,
    "token_read_only": 403,
    "link_not_valid": 404,
    "login_not_found": 404,
    "not_your_workshop": 404,
    "too_many_attempts": 429,
    "second_factor_changed": 409,
    "second_factor_missing": 403,
    "own_second_factor": 409,
    "email_taken": 409,
    "already_manages": 409,
    "last_administrator": 409,
    "already_set_up": 404,
    "stale_preview": 409,
    "already_reversed": 409,
    "cost_allocated": 409,
    "kind_in_use": 409,
    "name_taken": 409,
    "tariff_in_use": 409,
    "not_handed_back": 409,
    "already_charged": 409,
    "tariff_not_found": 404,
    "pool_not_found": 404,
    "cost_not_found": 404,
    "allocation_not_found": 404,
}


def answer(app: Flask) -> None:
    """Join the error pages to the application."""
    app.register_error_handler(DomainError, refused)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(DatabaseError, database_failed)
    app.register_error_handler(NoConnectionFree, overloaded)


def status_of(error: DomainError) -> int:
    """The HTTP status of a refusal: 422 unless the table says otherwise."""
    return STATUS.get(error.code, 422)


def refused(error: DomainError) -> ResponseReturnValue:
    """A refusal that no form caught."""
    db.session.rollback()
    if isinstance(error, Unavailable):
        _speak_without_the_database()
    wait = error.facts.get("retry_after_seconds")
    headers = {"Retry-After": str(wait)} if wait else {}
    status = status_of(error)
    return page(status, texts.title_of(error), texts.sentence_of(error)), status, headers


def http_error(error: HTTPException) -> ResponseReturnValue:
    """An error of the protocol: not found, not allowed, too much."""
    status = error.code or SERVER_FAULT
    cause = getattr(error, "original_exception", None)
    if isinstance(cause, DatabaseError) and (fault := fault_of(cause)):
        return _unavailable(fault, cause)  # it went while another refusal was being put into words
    if status >= SERVER_FAULT:
        _speak_without_the_database()
    if isinstance(error, CSRFError):
        return kept_input.keep() or _too_old(status)
    response = error.get_response()
    headers = {name: value for name, value in response.headers if name in ("Allow", "Retry-After")}
    if isinstance(error, RateLimitExceeded) and error.limit is not None:
        headers["Retry-After"] = str(error.limit.limit.get_expiry())
    title, sentence = texts.page_texts(status, upload_mb=current_app.config["UPLOAD_MB"])
    return page(status, title, sentence), status, headers


def _too_old(status: int) -> ResponseReturnValue:
    """The token of a page is void, or it has none: nothing was carried out."""
    title, sentence = _("This page is too old"), _("Nothing was stored. Open the page again and send it once more.")
    return render_template("error.html", title=title, sentence=sentence, path=_way_back()), status


def database_failed(error: DatabaseError) -> ResponseReturnValue:
    """The database is gone, full, damaged: say so, and when to come back. Anything else is a bug."""
    fault = fault_of(error)
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
