"""The accounting periods of a ring by name: years ("2026") or months ("2026-03"). Pure."""

from __future__ import annotations

import calendar
import re
from datetime import date
from typing import NamedTuple

from billing.errors.money_errors import PeriodNotFound

YEAR, MONTH = "year", "month"
LENGTHS = (YEAR, MONTH)
NAME = re.compile(r"(?P<year>(?:199|20[0-9])[0-9])(?:-(?P<month>0[1-9]|1[0-2]))?")


class PeriodSpan(NamedTuple):
    """A period with its first and last day."""

    name: str
    first_day: date
    last_day: date

    @property
    def length(self) -> str:
        """Return YEAR or MONTH."""
        return YEAR if len(self.name) == len("2026") else MONTH


def named_period(name: str) -> PeriodSpan:
    """Return the period of a name. Raises PeriodNotFound."""
    found = NAME.fullmatch(name)
    if found is None:
        raise PeriodNotFound(name=name)
    year, month = int(found["year"]), int(found["month"] or 0)
    last_month = month or 12
    return PeriodSpan(name, date(year, month or 1, 1), date(year, last_month, calendar.monthrange(year, last_month)[1]))


def periods_of_year(year: int, length: str) -> tuple[PeriodSpan, ...]:
    """Return the periods of an accounting year, the first one first."""
    if length == YEAR:
        return (named_period(f"{year}"),)
    return tuple(named_period(f"{year}-{month:02}") for month in range(1, 13))


def last_over(today: date, length: str) -> PeriodSpan:
    """Return the last period of a length whose last day is before today."""
    spans = (*periods_of_year(today.year - 1, length), *periods_of_year(today.year, length))
    return [span for span in spans if span.last_day < today][-1]
