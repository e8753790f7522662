"""The cookie of a log-in: made anew at each, so that a cookie planted before is worth nothing after."""

from __future__ import annotations

from flask import session as cookie
from flask_login import login_user

from app.auth import logins
from app.clock import now
from app.extensions import db

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
    """Put a fresh session into the browser's cookie; of the old cookie only the language stays."""
    language = cookie.get("language")
    cookie.clear()
    if language:
        cookie["language"] = language
    cookie.permanent = True
    login_user(logins.by_session_token(db.session(), token, now=now()))


def device_of(user_agent: str) -> str:
    """A browser's name and system in two words, so that its owner knows it again: "Firefox, Linux"."""
    found = (next((name for sign, name in signs if sign in user_agent), "") for signs in (BROWSERS, SYSTEMS))
    return ", ".join(name for name in found if name)
