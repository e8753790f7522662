"""The form of e-mail addresses: one check for forms, imports, commands and the API. Pure."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from booking.errors import Violation

EMAIL_LENGTH_MAX = 254


def is_email(text: str) -> bool:
    """Return whether a text is written as an e-mail address; whether mail arrives there is not asked."""
    try:
        validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


def check_email(text: str, field: str = "email") -> list[Violation]:
    """Return email_form (actual: the text) unless a text is empty or an e-mail address."""
    return [] if not text or is_email(text) else [Violation("email_form", field, actual=text[:80])]
