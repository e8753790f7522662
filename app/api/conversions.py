"""Conversion of amounts, spans and periods from requests to the values of the domain."""

from __future__ import annotations

import calendar
from datetime import date, datetime
from typing import Annotated, Protocol

from flask_babel import gettext as _
from pydantic import AfterValidator, StringConstraints

from app.api import problems
from app.api.fields import CENTURY_DAY, Amount
from app.api.problems import Refusal
from booking.errors.schedule_errors import RequestRefused, UsageRefused, Violation
from booking.timespan import TimeSpan


def to_small_units(amount: Amount | None, charge_unit: str, name: str) -> int | None:
    """Return an amount in small units of a machine's charge unit. name: the field in the error."""
    if amount is None:
        return None
    if amount.unit != charge_unit:
        message = _("the charge unit of the machine is %(unit)s, not %(actual)s", unit=charge_unit, actual=amount.unit)
        raise Refusal(problems.invalid(problems.field_error(f"{name}.unit", message)))
    return amount.small


class HasSpan(Protocol):
    """A model with a span."""

    @property
    def starts_at(self) -> datetime | None:
        """First instant of the span."""

    @property
    def ends_at(self) -> datetime | None:
        """First instant after the span."""


def span_of(sent: HasSpan, refusal: type[RequestRefused] | type[UsageRefused] = RequestRefused) -> TimeSpan:
    """Return the span that was sent, both ends of it. Checked here because a JSON schema cannot compare two fields.

    Raises `refusal` (ends_before_start; limit: the start, actual: the end).
    """
    assert sent.starts_at is not None
    assert sent.ends_at is not None
    if sent.starts_at >= sent.ends_at:
        raise refusal([Violation("ends_before_start", "end", limit=sent.starts_at, actual=sent.ends_at)])
    return TimeSpan(sent.starts_at, sent.ends_at)


PERIOD_PATTERN = rf"^(20[0-9]{{2}}(-(0[1-9]|1[0-2]))?|{CENTURY_DAY}/{CENTURY_DAY})$"


def days_of(period: str) -> tuple[date, date]:
    """Return the first and last day of "2026", "2026-11" or "2026-11-01/2026-11-15". Raises ValueError."""
    if "/" in period:
        first, last = map(date.fromisoformat, period.split("/"))
        if last < first:
            raise ValueError(_("the period ends before it starts"))
        return first, last
    year, *month = map(int, period.split("-"))
    if month:
        return date(year, month[0], 1), date(year, month[0], calendar.monthrange(year, month[0])[1])
    return date(year, 1, 1), date(year, 12, 31)


def _validated(period: str) -> str:
    days_of(period)
    return period


Period = Annotated[str, StringConstraints(pattern=PERIOD_PATTERN), AfterValidator(_validated)]
