"""The user loader of Flask-Login: by session cookie, or in the API by token."""

from __future__ import annotations

from flask import Flask, Request, request

from app.auth import logins
from app.clock import now
from app.extensions import db, login_manager

API = "/api/"
BEARER = "bearer"


def init_app(app: Flask) -> None:
    """Register the user and request loaders of Flask-Login."""
    login_manager.init_app(app)
    login_manager.session_protection = None  # sessions are rows; a copied cookie is invalid without its row
    login_manager.user_loader(from_cookie)
    login_manager.request_loader(from_token)


def from_cookie(token: str) -> logins.Login | None:
    """Return the login of a session cookie; None if the request has a token, which takes precedence."""
    if asks_by_token(request):
        return None
    return logins.by_session_token(db.session(), token, now=now())


def from_token(asking: Request) -> logins.Login | None:
    """Return the login of `Authorization: Bearer TOKEN`. Only the API takes tokens."""
    if not asks_by_token(asking):
        return None
    scheme, _, token = asking.headers["Authorization"].partition(" ")
    if scheme.lower() != BEARER or not token:
        return None
    return logins.by_api_token(db.session(), token.strip(), now=now())


def asks_by_token(asking: Request) -> bool:
    """Return whether a request to the API has a token, valid or not."""
    return asking.path.startswith(API) and "Authorization" in asking.headers
