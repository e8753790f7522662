"""The session cookie of a log-in, renewed each time, so that a cookie planted before it is void (session fixation)."""

from __future__ import annotations

from flask import current_app, g, url_for
from flask import session as cookie
from flask_babel import refresh
from flask_login import login_user
from werkzeug.wrappers import Response

from app.auth import confirmed, logins, permissions, security_log, shared_computers
from app.clock import now
from app.extensions import db
from app.pages.auth import known_devices

PENDING, PENDING_IS_SHARED = "pending_login", "pending_is_shared"

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


def start_session(token: str, *, is_shared: bool = False) -> None:
    """Put a new session into the browser's cookie and log its login in. is_shared: on a shared computer."""
    _clear()
    cookie.permanent = True
    if is_shared:
        shared_computers.begin()
    confirmed.note()
    login = logins.by_session_token(db.session(), token, now=now())
    login_user(login)
    security_log.note(security_log.LOGGED_IN, login.id if login else None)
    if login is not None and not is_shared:
        known_devices.remember(login.id)
    refresh()  # the next page is in the login's language


def start_pending_login(token: str, *, is_shared: bool) -> None:
    """Put into the browser's cookie that the right password was entered here; nobody is logged in by that."""
    _clear()
    cookie[PENDING], cookie[PENDING_IS_SHARED] = token, is_shared


def pending_login_token() -> str:
    """Return the token of start_pending_login(); empty where no password was entered."""
    return str(cookie.get(PENDING, ""))


def is_pending_on_shared_computer() -> bool:
    """Return what start_pending_login() noted of the computer."""
    return bool(cookie.get(PENDING_IS_SHARED))


def session_days(*, is_shared: bool) -> int:
    """Return how long a log-in lasts at most."""
    return shared_computers.DAYS if is_shared else int(current_app.config["SESSION_DAYS"])


def landing_page() -> str:
    """Return the address to which a log-in leads unless another was asked for."""
    return url_for("today.show" if permissions.is_of_the_ring() else "costs.mine")


def clear_site_data(response: Response) -> Response:
    """Add to the answer of a log-out that the browser forgets what it stored of our pages.

    Cookies are not named: browsers would delete those of other programs on the same domain too, and the known device.
    """
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


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
