"""While the ring has no administrator, every page that is not declared open then leads to /setup."""

from __future__ import annotations

from flask import Flask, current_app, redirect, url_for
from flask.typing import ResponseReturnValue

from app.extensions import db
from app.pages.declaration import PAGES
from app.pages.setup import steps
from app.present import present_request

IS_SET_UP = "ring_is_set_up"


def init_app(app: Flask) -> None:
    """Check every request."""
    app.before_request(lead_to_setup)


def lead_to_setup() -> ResponseReturnValue | None:
    """Redirect to the set-up where the current request is for a page that needs it to be finished.

    Files and API calls are answered as ever.
    """
    page = PAGES.get(present_request().endpoint or "")
    if page is None or page.is_open_before_setup or is_set_up():
        return None
    return redirect(url_for("setup.start"), code=303)


def is_set_up() -> bool:
    """Return whether the ring has an administrator. A yes is cached: the last administrator cannot be removed."""
    if not current_app.extensions.get(IS_SET_UP):
        current_app.extensions[IS_SET_UP] = steps.has_administrator(db.session())
    return bool(current_app.extensions[IS_SET_UP])
