"""How often the door may be tried, and what those hear who tried too often."""

from __future__ import annotations

from flask import current_app

from booking.kernel.errors import DomainError


def login_limit() -> str:
    """Attempts per address of the network, from the settings."""
    return current_app.config["LOGIN_LIMIT"]


def retry_after(refusal: DomainError) -> dict[str, str]:
    """The header that says when to come back, where the refusal knows it."""
    seconds = refusal.facts.get("retry_after_seconds")
    return {"Retry-After": str(seconds)} if seconds else {}
