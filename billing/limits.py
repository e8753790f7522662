"""Limits of amounts, texts and periods. Forms check them first for a kind message; the checks here are decisive."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from billing.errors.money_errors import PeriodTooLong, WrongAmount, WrongPeriod, WrongText

CENTS_MAX = 1_000_000_000  # ten million euro: more is a typing error
PRICE_MAX = Decimal(1_000_000)  # euro per unit
AMOUNT_MAX = 1_000_000_000  # small units
SHARES_MAX = 1_000_000
NAME_LENGTH_MAX, NOTE_LENGTH_MAX, TAX_CODE_LENGTH_MAX = 120, 1_000, 12  # characters
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2099, 12, 31)
PERIOD_DAYS_MAX = 3_653  # ten years
PERIOD = "period"  # the field of days that are refused together


def require_between(field: str, actual: int | Decimal, lowest: int | Decimal, highest: int | Decimal) -> None:
    """Raise WrongAmount unless lowest <= actual <= highest."""
    if not lowest <= actual <= highest:
        raise WrongAmount(field=field, lowest=lowest, highest=highest, actual=actual)


def require_text(field: str, text: str, longest: int, *, shortest: int = 0) -> None:
    """Raise WrongText for a missing or overlong text, or one with a NUL, which PostgreSQL cannot store."""
    if not shortest <= len(text.strip()) <= longest or "\x00" in text:
        raise WrongText(field=field, limit=longest, actual=len(text))


def require_tax_code(code: str | None) -> None:
    """Raise WrongText for a tax code that is empty or too long; None means "as entered": no tax is computed."""
    if code is not None:
        require_text("tax_code", code, TAX_CODE_LENGTH_MAX, shortest=1)


def require_day(field: str, day: date) -> None:
    """Raise WrongPeriod for a day before 1990 or after 2099."""
    require_period(day, day, field)


def require_period(period_from: date, period_until: date, field: str = PERIOD) -> None:
    """Raise WrongPeriod for a period that ends before it starts, exceeds ten years, or is before 1990 or after 2099."""
    days = (period_until - period_from).days
    if not 0 <= days <= PERIOD_DAYS_MAX or period_from < FIRST_DAY or period_until > LAST_DAY:
        raise WrongPeriod(field=field, period_from=period_from, period_until=period_until)


def require_days(first: date, last: date, days_max: int) -> None:
    """Raise WrongPeriod as require_period(), and PeriodTooLong for more days than a report has."""
    require_period(first, last)
    if (last - first).days >= days_max:
        raise PeriodTooLong(days_max=days_max)
