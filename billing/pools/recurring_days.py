"""The days on which the periods of a recurring cost begin. Pure."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date, timedelta

from billing.limits import LAST_DAY

MONTH, QUARTER, YEAR = 1, 3, 12
LENGTHS = (MONTH, QUARTER, YEAR)  # in months


def nth_day(first_on: date, every_months: int, number: int) -> date:
    """Return the day on which a period begins: the first one plus whole months. number: from 0.

    Where a month lacks the day, it is the last one of the month; later periods keep the day of the first.
    """
    year, month = divmod(first_on.year * 12 + first_on.month - 1 + every_months * number, 12)
    return date(year, month + 1, min(first_on.day, calendar.monthrange(year, month + 1)[1]))


def days_until(first_on: date, every_months: int, last: date) -> Iterator[date]:
    """Yield the days on which periods begin, up to a day and never after the last day of bills."""
    last, number = min(last, LAST_DAY), 0
    while (day := nth_day(first_on, every_months, number)) <= last:
        yield day
        number += 1


def last_day_of(begins_on: date, first_on: date, every_months: int) -> date:
    """Return the last day of the period that begins on a day. Raises ValueError for a day on which none begins."""
    months = (begins_on.year - first_on.year) * 12 + begins_on.month - first_on.month
    number, rest = divmod(months, every_months)
    if rest or number < 0 or nth_day(first_on, every_months, number) != begins_on:
        raise ValueError(f"no period begins on {begins_on}")
    return nth_day(first_on, every_months, number + 1) - timedelta(days=1)
