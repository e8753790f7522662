"""The cookie by which a login knows a device on which it was logged in before: its attempts there have their own count.

It holds the id of each such login with random bytes, signed, and gives no access. The server stores nothing of it but
the hash under which failed attempts are counted, for a day, and reads it only where somebody logs in or asks for a new
password. It outlives the log-out; a shared computer gets none.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, after_this_request, current_app, request
from flask_login import current_user
from itsdangerous import BadData, URLSafeTimedSerializer

from app.auth.origins import Origin
from booking.kernel.networks import network_of
from booking.kernel.tokens import new_token

NAME = "ringbuch_device"
SECONDS = 400 * 24 * 3600  # the longest that browsers accept
LOGINS_MAX = 8  # of one device; the one that was logged in longest ago is forgotten


def origin() -> Origin:
    """Return where the current attempt to log in comes from."""
    return Origin(network_of(request.remote_addr), _devices())


def session_origin() -> Origin:
    """Return where a confirmation comes from: the session has its own count, whoever else guesses."""
    return Origin(network_of(request.remote_addr), {current_user.id: current_user.session_token})


def remember(user_id: int) -> None:
    """Make this device known to a login, for what follows the current response."""
    known = dict(_devices())
    known = {user_id: known.pop(user_id, "") or new_token(), **known}
    text = _serializer().dumps(list(known.items())[:LOGINS_MAX])

    @after_this_request
    def set_cookie(response: Response) -> Response:
        is_secure = current_app.config["SESSION_COOKIE_SECURE"]
        response.set_cookie(_name(), text, max_age=SECONDS, secure=is_secure, httponly=True, samesite="Lax")
        return response


def _devices() -> Mapping[int, str]:
    try:
        pairs = _serializer().loads(request.cookies.get(_name(), ""), max_age=SECONDS)
    except BadData:
        return {}
    return {int(user_id): str(secret) for user_id, secret in pairs}


def _name() -> str:
    return f"__Host-{NAME}" if current_app.config["SESSION_COOKIE_SECURE"] else NAME


def _serializer() -> URLSafeTimedSerializer:
    keys = [*current_app.config["SECRET_KEY_FALLBACKS"], current_app.config["SECRET_KEY"]]  # the last one signs
    return URLSafeTimedSerializer(keys, salt="known device")
