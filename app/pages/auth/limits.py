"""How often a log-in may be tried from one network address, and when to try again."""

from __future__ import annotations

from flask import current_app

from booking.kernel.errors import DomainError


def login_limit() -> str:
    """Return the attempts allowed per network address, as Flask-Limiter writes a limit."""
    return current_app.config["LOGIN_LIMIT"]


def retry_after(refusal: DomainError) -> dict[str, str]:
    """Return the Retry-After header if the refusal has its value."""
    seconds = refusal.facts.get("retry_after_seconds")
    return {"Retry-After": str(seconds)} if seconds else {}
