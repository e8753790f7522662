"""Names of months, as they stand alone below a chart or before a sum."""

from __future__ import annotations

from babel.dates import get_month_names
from flask_babel import get_locale


def format_month(month: int) -> str:
    """Return March. month: from 1."""
    return str(get_month_names("wide", "stand-alone", get_locale() or "en")[month])


def format_short_month(month: int) -> str:
    """Return Mar, in German Mär, short enough for a column of a chart."""
    return format_month(month)[:3]
