"""The user loader of Flask-Login: by session cookie, or in the API by token."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from flask import Flask, Request, current_app, request
from sqlalchemy.exc import DBAPIError

from app.auth import api_tokens, logins, security_log, shared_computers
from app.background.deferral import CARRIED_OUT
from app.clock import now
from app.extensions import asks_by_token, db, login_manager
from app.present import present_request
from booking.kernel.database_errors import is_connection_lost
from booking.kernel.errors import Unavailable
from booking.kernel.tokens import hash_of
from booking.kernel.transaction import REPEAT_SECONDS_MAX, discard, in_write_transaction

BEARER = "bearer"
READING = ("GET", "HEAD")
TOKENS_NOTED = "ringbuch_tokens_noted"  # hash of a token -> when its use was stored last, in this process
TOKENS_NOTED_MAX = 10_000


def init_app(app: Flask) -> None:
    """Register the user and request loaders of Flask-Login."""
    login_manager.init_app(app)
    login_manager.session_protection = None  # sessions are rows; a copied cookie is invalid without its row
    login_manager.user_loader(from_cookie)
    login_manager.request_loader(from_token)


def from_cookie(token: str) -> logins.Login | None:
    """Return the login of a session cookie; None if the request has a token, which takes precedence, or it ended."""
    if asks_by_token(request) or shared_computers.has_ended():
        return None
    return _read_again_if_lost(lambda: logins.by_session_token(db.session(), token, now=now()))


def from_token(asking: Request) -> logins.Login | None:
    """Return the login of `Authorization: Bearer TOKEN`, or that of a task which the worker carries out.

    Only the API takes tokens. What a client sends never becomes the key of the environment that names a task's login.
    """
    if (user_id := asking.environ.get(CARRIED_OUT)) is not None:
        return logins.by_user_id(db.session(), user_id, now=now())
    if not asks_by_token(asking):
        return None
    scheme, _, token = asking.headers["Authorization"].partition(" ")
    is_token = scheme.lower() == BEARER and token
    login = _read_again_if_lost(lambda: _by_token(token.strip())) if is_token else None
    if login is None:
        security_log.note(security_log.TOKEN_REFUSED)
    else:
        _note_use(token.strip())
    return login


def _by_token(token: str) -> logins.Login | None:
    return logins.by_api_token(db.session(), token, now=now(), is_alone=present_request().method not in READING)


def _read_again_if_lost(read: Callable[[], logins.Login | None]) -> logins.Login | None:
    """Read, and once more on a new connection where the first was lost at once: the request has done nothing yet."""
    started = time.monotonic()
    try:
        return read()
    except DBAPIError as error:
        if time.monotonic() - started > REPEAT_SECONDS_MAX or not is_connection_lost(error):
            raise
        discard(db.session())
        return read()


def _note_use(token: str) -> None:
    """Store that a token is in use. What was stored is remembered, so that hardly any request has to write."""
    noted: dict[str, datetime] = current_app.extensions.setdefault(TOKENS_NOTED, {})
    key, moment = hash_of(token), now()
    if (last := noted.get(key)) is not None and abs(moment - last) < api_tokens.USE_NOTED_EVERY:
        return
    if len(noted) >= TOKENS_NOTED_MAX:
        noted.clear()
    noted[key] = moment
    session = db.session()
    try:
        in_write_transaction(session, lambda: api_tokens.note_use(session, token, now=moment))
    except Unavailable as fault:  # a reading program goes on while nothing can be written
        discard(session)
        current_app.logger.warning("the use of a token was not stored: %s", fault.code)
