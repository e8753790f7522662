"""Numbers, sums, texts and days of money that are outside their limits, as violations of a problem document."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from app.api.field_names import field_of
from app.wording.errors import sentence_of, title_of
from app.wording.errors.limits import limits_sentence
from billing.errors.equity_errors import NothingSetOff, TooMuchSetOff
from billing.errors.money_errors import WrongAmount, WrongPeriod, WrongText
from billing.limits import PERIOD

OUTSIDE_LIMITS = (WrongAmount, WrongPeriod, WrongText, TooMuchSetOff, NothingSetOff)


def limit_fault(error: WrongAmount | WrongPeriod | WrongText | TooMuchSetOff | NothingSetOff) -> dict[str, Any]:
    """Return which field is outside its limits. limit: the nearest of a number, the most of a sum, a text's length."""
    facts = error.facts
    if isinstance(error, TooMuchSetOff | NothingSetOff):
        return _fault(error.code, "set_off_cents", sentence_of(error), facts["most_cents"], facts["actual_cents"])
    if isinstance(error, WrongPeriod):
        days = [str(facts[name]) for name in ("period_from", "period_until")]
        actual = "/".join(days) if facts["field"] == PERIOD else days[0]
        return _fault(error.code, facts["field"], title_of(error), None, actual)
    if isinstance(error, WrongText):
        limit = facts["limit"]
    else:
        limit = facts["highest" if facts["actual"] > facts["highest"] else "lowest"]
    return _fault(error.code, facts["field"], limits_sentence(error), limit, facts["actual"])


def _fault(code: str, field: str, message: str, limit: Any, actual: Any) -> dict[str, Any]:
    limit, actual = (format(each, "f") if isinstance(each, Decimal) else each for each in (limit, actual))
    return {"rule": code, "field": field_of(field), "message": message, "limit": limit, "actual": actual}
