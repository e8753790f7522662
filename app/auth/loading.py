"""How Flask-Login finds who asks: by the session cookie."""

from __future__ import annotations

from flask import Flask

from app.auth import logins
from app.clock import now
from app.extensions import db, login_manager


def recognise(app: Flask) -> None:
    """Join the finding of logins to the application."""
    login_manager.init_app(app)
    login_manager.session_protection = None  # sessions are rows; a copied cookie dies with its row
    login_manager.user_loader(from_cookie)


def from_cookie(token: str) -> logins.Login | None:
    """The login of a session cookie."""
    return logins.by_session_token(db.session(), token, now=now())
