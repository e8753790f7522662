"""Who may set the ring up: somebody on this machine, or who types the code that was printed at start."""

from __future__ import annotations

from ipaddress import ip_address

from flask import current_app, request
from flask import session as cookie

from app.auth import attempts, security_log, setup_code
from app.auth.attempts import CODE, Source
from app.auth.errors import WrongCode
from app.clock import now
from app.extensions import db
from app.web.security_headers import is_loopback_host
from booking.kernel.networks import network_of
from booking.kernel.transaction import in_write_transaction

CODE_TYPED = "setup_code_typed"  # in the cookie, which is signed with the key that the code comes from
FORWARDED = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP")


def is_owner() -> bool:
    """Return whether the current request may take part in the set-up."""
    return bool(cookie.get(CODE_TYPED)) or is_from_this_machine()


def is_from_this_machine() -> bool:
    """Return whether the current request came from a browser on this machine, and not through a proxy on it.

    A proxy speaks HTTP/1.0 as nginx does by itself, adds a header, or is reached by a name.
    """
    if current_app.config["TRUSTED_PROXIES"] or any(name in request.headers for name in FORWARDED):
        return False
    if request.environ.get("SERVER_PROTOCOL") == "HTTP/1.0" or not is_loopback_host(request.host):
        return False
    try:
        peer = ip_address(request.remote_addr or "")
    except ValueError:
        return False
    return (getattr(peer, "ipv4_mapped", None) or peer).is_loopback


def enter_code(typed: str) -> None:
    """Note in the cookie that the code was typed. Raises WrongCode, TooManyAttempts."""
    session, source = db.session(), Source.of_network("set-up", network_of(request.remote_addr))
    in_write_transaction(session, lambda: attempts.count_request(session, CODE, source, now=now()))
    if not setup_code.matches(typed, current_app.config["SECRET_KEY"]):
        security_log.note(security_log.SETUP_REFUSED)
        raise WrongCode()
    in_write_transaction(session, lambda: attempts.reset(session, CODE, source))
    cookie[CODE_TYPED] = True
