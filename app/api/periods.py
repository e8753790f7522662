"""Periods of account: a year, a month, or two days."""

from __future__ import annotations

import calendar
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from app.api.fields import CENTURY_DAY

PERIOD_PATTERN = rf"^(20[0-9]{{2}}(-(0[1-9]|1[0-2]))?|{CENTURY_DAY}/{CENTURY_DAY})$"


def days_of(period: str) -> tuple[date, date]:
    """The first and the last day of "2026", "2026-11" or "2026-11-01/2026-11-15". Raises ValueError."""
    if "/" in period:
        first, last = map(date.fromisoformat, period.split("/"))
        if last < first:
            raise ValueError("the period ends before it starts")
        return first, last
    year, *month = map(int, period.split("-"))
    if month:
        return date(year, month[0], 1), date(year, month[0], calendar.monthrange(year, month[0])[1])
    return date(year, 1, 1), date(year, 12, 31)


def _checked(period: str) -> str:
    days_of(period)
    return period


Period = Annotated[str, StringConstraints(pattern=PERIOD_PATTERN), AfterValidator(_checked)]
