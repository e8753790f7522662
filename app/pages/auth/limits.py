"""How often a log-in may be tried from one network address, and when to try again."""

from __future__ import annotations

from flask import current_app, request
from sqlalchemy.orm import Session

from app.auth.login_rate import RateCounter
from app.clock import now
from booking.kernel.errors import DomainError
from booking.kernel.networks import subscriber_of
from booking.kernel.transaction import in_write_transaction


def login_limit() -> str:
    """Return the attempts allowed per network address, as Flask-Limiter writes a limit."""
    return current_app.config["LOGIN_LIMIT"]


def login_counter() -> RateCounter | None:
    """Return the counter of log-ins from the network address of the request; None where LOGIN_LIMIT is off."""
    if not current_app.config["RATELIMIT_ENABLED"]:
        return None
    return RateCounter.of(f"log-in from {subscriber_of(request.remote_addr)}", login_limit())


def count_unanswered(session: Session, rate: RateCounter | None) -> None:
    """Count an attempt that is refused without a look at its password. Raises TooManyAttempts beyond the limit."""
    if rate is None:
        return
    moment = now()
    rate.require_room(session, now=moment)
    in_write_transaction(session, lambda: rate.count(session, now=moment), is_durable=False)


def retry_after(refusal: DomainError) -> dict[str, str]:
    """Return the Retry-After header if the refusal has its value."""
    seconds = refusal.facts.get("retry_after_seconds")
    return {"Retry-After": str(seconds)} if seconds else {}
