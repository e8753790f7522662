"""Error pages: a DomainError as status and sentence, HTTP errors, and the unexpected."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, current_app, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DatabaseError, DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from werkzeug.exceptions import BadRequest, HTTPException

from app.extensions import db, login_manager
from app.pages import saved_submission
from app.present import present_request
from app.server.lanes import IS_LATE, RETRY_AFTER_SECONDS
from app.web import read_retry, trouble_log, unknown_outcome
from app.web.redirects import safe_next
from app.web.schema_difference import fault_behind, fault_of
from app.web.trouble_log import troubles
from app.wording import errors
from app.wording.errors import status_of
from booking.kernel.errors import Busy, DomainError, OutcomeUnknown, Unavailable
from booking.kernel.transaction import discard

SERVER_FAULT = 500
FORWARDED_HEADERS = ("Accept-Encoding", "Allow", "Retry-After")
WORTH_ANOTHER_LOOK = (400, 409, 413, 422, 429)  # the page with the form shows the present state


def init_app(app: Flask) -> None:
    """Register the error pages."""
    app.before_request(refuse_late)
    app.register_error_handler(DomainError, refused)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(DatabaseError, database_failed)
    app.register_error_handler(NoConnectionFree, overloaded)


def refuse_late() -> None:
    """Raise Busy for a request that waited too long for its turn: its sender may have gone, and others wait."""
    if present_request().environ.get(IS_LATE):
        raise Busy(retry_after_seconds=RETRY_AFTER_SECONDS)


def refused(error: DomainError) -> ResponseReturnValue:
    """Answer a DomainError that no form caught."""
    discard(db.session())
    error = unknown_outcome.noted() or error
    if isinstance(error, Unavailable):
        troubles.record(error, trouble_log.reason_of(error))
    if isinstance(error, OutcomeUnknown):
        return _unknown(error)
    if isinstance(error, Unavailable) and not isinstance(error, Busy):
        _use_no_login()
    wait = error.facts.get("retry_after_seconds")
    headers = {"Retry-After": str(wait)} if wait else {}
    status = status_of(error)
    title, sentence = errors.title_of(error), errors.sentence_of(error)
    if isinstance(error, Busy) and (kept := saved_submission.keep(title, sentence)):
        return kept, status, headers
    return page(status, title, sentence), status, headers


def _unknown(error: OutcomeUnknown) -> ResponseReturnValue:
    """Answer a change that the database did not confirm: where to look, and a button that sends the same again."""
    unknown_outcome.note(error)
    _use_no_login()
    return render_template(
        "error_bare.html",
        title=errors.title_of(error),
        sentence=errors.sentence_of(error),
        path=unknown_outcome.place_to_look(),
        again=saved_submission.repeatable(),
        is_outcome_unknown=True,
    ), status_of(error)


def http_error(error: HTTPException) -> ResponseReturnValue:
    """Answer an HTTP error: not found, not allowed, too large, too many."""
    status = error.code or SERVER_FAULT
    if fault := fault_behind(error):
        if isinstance(fault.__cause__, DBAPIError):  # it failed while another error page was rendered
            read_retry.note(fault.__cause__)
        return refused(fault)
    if status >= SERVER_FAULT:
        _use_no_login()
    if isinstance(error, CSRFError):
        return saved_submission.save() or _too_old(status)
    response = error.get_response()
    headers = {name: value for name, value in response.headers if name in FORWARDED_HEADERS}
    if isinstance(error, RateLimitExceeded) and error.limit is not None:
        headers["Retry-After"] = str(error.limit.limit.get_expiry())
    title, sentence = errors.page_texts(status, upload_mb=current_app.config["UPLOAD_MB"])
    return page(status, title, sentence), status, headers


def _too_old(status: int) -> ResponseReturnValue:
    """Answer a form without a valid CSRF token: nothing was carried out."""
    title, sentence = _("This page is too old"), _("Nothing was stored. Open the page again and send it once more.")
    return render_template("error.html", title=title, sentence=sentence, path=_way_back()), status


def database_failed(error: DatabaseError) -> ResponseReturnValue:
    """Answer 503 where the database cannot serve the request. Any other error is a bug and is raised again."""
    fault = fault_of(error)
    if fault is None:
        raise error
    return _unavailable(fault, error)


def _unavailable(fault: Unavailable, error: DatabaseError) -> ResponseReturnValue:
    read_retry.note(error)
    fault.__cause__ = error
    return refused(fault)


def overloaded(error: NoConnectionFree) -> ResponseReturnValue:
    """Answer that all connections to the database are in use."""
    _use_no_login()  # reading it would wait for a connection once more
    busy = Busy(retry_after_seconds=1)
    busy.__cause__ = error
    return refused(busy)


def page(status: int, title: str, sentence: str) -> str:
    """Render the error page; for a fault of the server one that needs neither database nor login."""
    if _is_host_refused():
        return render_template("error_words.html", title=title, sentence=sentence)
    if status < SERVER_FAULT:
        path = _way_back() if status in WORTH_ANOTHER_LOOK and request.method == "POST" else None
        return render_template("error.html", status=status, title=title, sentence=sentence, path=path)
    _use_no_login()
    return render_template("error_bare.html", title=title, sentence=sentence, path=_way_back())


def _way_back() -> str:
    """Return where to try again: here, or after a form the page that it was on."""
    if request.method in ("GET", "HEAD"):
        return request.path
    try:
        return safe_next(urlsplit(request.referrer or "").path)
    except ValueError:  # brackets around what is no address
        return "/"


def _is_host_refused() -> bool:
    """Return whether the host name is not ours or malformed: then no address can be built."""
    return isinstance(request.routing_exception, BadRequest)


def _use_no_login() -> None:
    """Use the browser's language and no login, because the login would have to be read from the failing database."""
    offered = current_app.config["LOCALES"]
    g.language = request.accept_languages.best_match(offered) or offered[0]
    g._login_user = login_manager.anonymous_user()  # else Flask-Login would look the login up for every template
