"""The session cookie of a log-in, renewed each time, so that a cookie planted before it is void (session fixation)."""

from __future__ import annotations

from flask import g, url_for
from flask import session as cookie
from flask_babel import refresh
from flask_login import login_user

from app.auth import logins, permissions
from app.clock import now
from app.extensions import db
from app.pages.auth import known_devices

PENDING = "pending_login"
CONFIRMED_AT = "confirmed_at"

# The first token found in the User-Agent names browser and system; only these names are ever shown.
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def start_session(token: str) -> None:
    """Put a new session into the browser's cookie and log its login in."""
    _clear()
    cookie.permanent = True
    note_confirmation()
    login = logins.by_session_token(db.session(), token, now=now())
    login_user(login)
    if login is not None:
        known_devices.remember(login.id)
    refresh()  # the next page is in the login's language


def note_confirmation() -> None:
    """Note in the cookie that the owner entered a password or code just now; see app/pages/confirmation.py."""
    cookie[CONFIRMED_AT] = int(now().timestamp())


def start_pending_login(token: str) -> None:
    """Put into the browser's cookie that the right password was entered here; nobody is logged in by that."""
    _clear()
    cookie[PENDING] = token


def pending_login_token() -> str:
    """Return the token of start_pending_login(); empty where no password was entered."""
    return str(cookie.get(PENDING, ""))


def landing_page() -> str:
    """Return the address to which a log-in leads unless another was asked for."""
    return url_for("today.show" if permissions.is_of_the_ring() else "costs.mine")


def _clear() -> None:
    """Drop everything of the old cookie but the language."""
    language = cookie.get("language")
    cookie.clear()
    g.pop("csrf_token", None)  # made for the old cookie; a page shown now needs one for the new
    if language:
        cookie["language"] = language


def device_of(user_agent: str) -> str:
    """Return browser and system, so that the owner recognises the device: "Firefox, Linux"."""
    found = (next((name for token, name in names if token in user_agent), "") for names in (BROWSERS, SYSTEMS))
    return ", ".join(name for name in found if name)
