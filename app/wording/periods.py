"""Days in a row as text: a week, a month."""

from __future__ import annotations

from datetime import date

from babel.dates import format_interval
from flask_babel import get_locale


def format_days(first: date, last: date) -> str:
    """Return 13 – 19 July 2026: several days in a row, what they share written once."""
    return format_interval(first, last, "yMMMMd", locale=_language())


def _language() -> str:
    return str(get_locale() or "de")
