"""The present request, its application and its login as they are, for what runs at every request.

Flask's names for them look them up anew for each attribute, at half a microsecond each; there were 117 in creating a
reservation by the API.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask.globals import _cv_app, _cv_request
from flask_login import current_user

if TYPE_CHECKING:
    from flask import Flask, Request

KNOWN_LOGIN = "_login_user"  # where Flask-Login remembers the login of a request


def present_request() -> Request:
    """Return what the proxy flask.request stands for. Only inside of a request."""
    return _cv_request.get().request


def present_app() -> Flask:
    """Return what the proxy flask.current_app stands for. Only inside of an application."""
    return _cv_app.get().app


def present_login() -> Any:
    """Return the login of the present request; a page asks forty times."""
    context = _cv_app.get(None)
    found = None if context is None else context.g.get(KNOWN_LOGIN)
    return found if found is not None else current_user._get_current_object()
