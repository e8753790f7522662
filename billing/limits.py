"""How large a figure and how long a text may be in the books. Forms say it kindly first; these decide."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from billing.errors import WrongAmount, WrongPeriod, WrongText

CENTS_MAX = 1_000_000_000  # ten million euro: more is a slip of the finger
PRICE_MAX = Decimal(1_000_000)  # euro per unit
AMOUNT_MAX = 1_000_000_000  # small units
SHARES_MAX = 1_000_000
NAME_LENGTH_MAX, NOTE_LENGTH_MAX = 120, 1_000  # letters
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2099, 12, 31)
PERIOD_DAYS_MAX = 3_653  # ten years


def require_between(field: str, actual: int | Decimal, lowest: int | Decimal, highest: int | Decimal) -> None:
    """Raises WrongAmount unless lowest <= actual <= highest."""
    if not lowest <= actual <= highest:
        raise WrongAmount(field=field, lowest=lowest, highest=highest, actual=actual)


def require_text(field: str, text: str, longest: int, *, shortest: int = 0) -> None:
    """Raises WrongText for a missing or overlong text, or one with a NUL, which PostgreSQL cannot keep."""
    if not shortest <= len(text.strip()) <= longest or "\x00" in text:
        raise WrongText(field=field, limit=longest, actual=len(text))


def require_day(day: date) -> None:
    """Raises WrongPeriod for a day that no bill of this century can have."""
    require_period(day, day)


def require_period(period_from: date, period_until: date) -> None:
    """Raises WrongPeriod for a period that ends before it starts, is longer than ten years, or far away."""
    days = (period_until - period_from).days
    if not 0 <= days <= PERIOD_DAYS_MAX or period_from < FIRST_DAY or period_until > LAST_DAY:
        raise WrongPeriod(period_from=period_from, period_until=period_until)
