"""Days in a row, and months, as text."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from babel.dates import format_interval, get_month_names

from app.extensions import page_locale

DAY_FIRST = {"en": "en_GB"}  # as all other days in English


def format_days(first: date, last: date) -> str:
    """Return 13 – 19 July 2026: several days in a row, what they share written once."""
    return _cached_days(first, last, _language())


def format_month(month: int) -> str:
    """Return March, as it stands alone below a chart. month: from 1."""
    return _cached_month(month, _language())


def format_short_month(month: int) -> str:
    """Return Mar, in German Mär, short enough for a column of a chart."""
    return format_month(month)[:3]


@lru_cache(maxsize=64)
def _cached_month(month: int, language: str) -> str:
    return str(get_month_names("wide", "stand-alone", language)[month])


@lru_cache(maxsize=64)
def _cached_days(first: date, last: date, language: str) -> str:
    return format_interval(first, last, "yMMMMd", locale=DAY_FIRST.get(language, language))


def _language() -> str:
    return str(page_locale() or "en")
