"""The Flask extensions, created unbound; create_app() initialises them."""

from __future__ import annotations

from typing import Any

from babel import Locale
from flask import Flask, Request, Response, current_app, request
from flask.globals import _cv_app
from flask_babel import Babel, get_locale
from flask_limiter import Limiter
from flask_login import LoginManager
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from flask_wtf import CSRFProtect
from sqlalchemy import Connection, Engine, orm
from sqlalchemy.orm import SessionTransaction

from app.present import present_request
from billing.tariffs.asked_amounts import LackingVariants
from booking.kernel.encryption import SecretBox
from booking.kernel.networks import subscriber_of
from booking.kernel.orm import Base
from booking.kernel.transaction import BEFORE_COMMIT
from booking.waiting.offering import offer_freed

API = "/api/"


class RingSession(Session):
    """A session that remembers the connection of its transaction, which each prepared statement asks for.

    SQLAlchemy goes through its table of states and binds each time: a tenth of what it takes to create a reservation.
    """

    _known: tuple[SessionTransaction, Connection] | None = None
    _engine: Engine | Connection | None = None

    def get_bind(self, mapper: Any = None, clause: Any = None, bind: Any = None, **named: Any) -> Engine | Connection:
        """Return the one engine of the ring, for which Flask-SQLAlchemy would look at each statement."""
        if bind is not None:
            return super().get_bind(mapper, clause, bind, **named)
        if self._engine is None:
            self._engine = super().get_bind()
        return self._engine

    def connection(self, *words: Any, **named: Any) -> Connection:
        """Return the connection of the present transaction."""
        known = self._known
        is_known = known is not None and known[0] is self._transaction and self._nested_transaction is None
        if is_known and known is not None and known[0].is_active and not words and not named:
            return known[1]
        connection = super().connection(*words, **named)
        found = self.get_transaction()
        self._known = (found, connection) if found is not None else None
        return connection


class RingLogins(LoginManager):  # type: ignore[misc]  # Flask-Login carries no types
    """Flask-Login that looks at neither session nor cookies where a request to the API has a token, which counts."""

    def _load_user(self) -> None:
        request = present_request()
        if not asks_by_token(request):
            super()._load_user()
            return
        assert self._request_callback is not None
        self._update_request_context_with_user(self._request_callback(request))

    def _update_remember_cookie(self, response: Response) -> Response:
        return response  # there is no such cookie: a log-in lasts as long as its row


def asks_by_token(asking: Request) -> bool:
    """Return whether a request to the API has a token, valid or not."""
    return "HTTP_AUTHORIZATION" in asking.environ and asking.path.startswith(API)


def _offer_freed(session: orm.Session) -> None:
    offer_freed(session, lacking=LackingVariants(session))


def _scope() -> int:
    """Return what a session belongs to: the present context of an application. Raises RuntimeError outside of one."""
    context = _cv_app.get(None)
    return id(context if context is not None else current_app._get_current_object())  # type: ignore[attr-defined]


db = SQLAlchemy(
    model_class=Base,
    disable_autonaming=True,
    session_options={
        "expire_on_commit": False,
        "scopefunc": _scope,
        "class_": RingSession,
        # What a transaction has released is offered to the waiting list before it is committed.
        "info": {BEFORE_COMMIT: (_offer_freed,)},
    },
)
login_manager = RingLogins()
csrf = CSRFProtect()
babel = Babel()
limiter = Limiter(key_func=lambda: subscriber_of(request.remote_addr))


BOX = "ringbuch_secret_box"


def init_secret_box(app: Flask) -> None:
    """Make the box that encrypts with SECRET_KEY and decrypts with the keys before it, too."""
    app.extensions[BOX] = SecretBox([app.config["SECRET_KEY"], *app.config["SECRET_KEY_FALLBACKS"]])


def secret_box() -> SecretBox:
    """Return the box of the current application."""
    box: SecretBox = current_app.extensions[BOX]
    return box


def page_locale() -> Locale | None:
    """Return the language of the page as `get_locale` does, in a fifth of its time: 800 texts of a visit ask for it."""
    context = _cv_app.get(None)  # what the proxy app_ctx looks up, in four steps more
    try:
        known: Locale | None = context.g._flask_babel.babel_locale  # type: ignore[union-attr]  # where it is remembered
    except AttributeError:  # nobody asked yet, or outside of an application
        known = None
    return known or get_locale()
