"""The cookie of a log-in: made anew at each, so that a cookie planted before is worth nothing after."""

from __future__ import annotations

from flask import current_app, g, url_for
from flask import session as cookie
from flask_babel import refresh
from flask_login import login_user

from app.auth import logins
from app.clock import now
from app.extensions import db

PENDING = "pending_login"

# The first sign that fits tells the browser and the system; only words we chose are ever shown.
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def take_seat(token: str) -> None:
    """Put a fresh session into the browser's cookie."""
    _clear()
    cookie.permanent = True
    login_user(logins.by_session_token(db.session(), token, now=now()))
    refresh()  # what is shown next speaks the login's language


def hold_seat(pending: str) -> None:
    """Put into the browser's cookie that the right password was said here; nobody is logged in by that."""
    _clear()
    cookie[PENDING] = pending


def pending_seat() -> str:
    """The secret of hold_seat(); empty where no password was said."""
    return str(cookie.get(PENDING, ""))


def own_desk() -> str:
    """Where a log-in leads that wished for no other place."""
    return url_for("today.show" if "today.show" in current_app.view_functions else "home.show")


def _clear() -> None:
    """Of the old cookie only the language stays."""
    language = cookie.get("language")
    cookie.clear()
    g.pop("csrf_token", None)  # made for the old cookie; a page shown now needs one for the new
    if language:
        cookie["language"] = language


def device_of(user_agent: str) -> str:
    """A browser's name and system in two words, so that its owner knows it again: "Firefox, Linux"."""
    found = (next((name for sign, name in signs if sign in user_agent), "") for signs in (BROWSERS, SYSTEMS))
    return ", ".join(name for name in found if name)
