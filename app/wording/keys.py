"""Keys that a pool composed itself, in words: what they consist of, and what they measured of a member."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.wording.billing import KEY_LABELS, format_exact_amount
from app.wording.formats import format_number
from billing.allocations.preview_models import Working, WorkingPart
from billing.pools.keys import METER, USE, WHOLE, KeyTerms, raised_base
from billing.pools.meters import PER_UNIT

BASE_LABELS: dict[str, Any] = {
    **{base: KEY_LABELS[base] for base in ("use", "shares", "head")},
    "percent": _l("by fixed percentages"),
    "meter": _l("by meters"),
}
PER_CENT = WHOLE // 100


def percent_words(percent: int) -> str:
    """Return ten-thousandths of a per cent as text: 33.3333 %."""
    return _("%(percent)s%%", percent=format_number((Decimal(percent) / PER_CENT).normalize()))


def part_of_words(weight: int, weight_sum: int) -> str:
    """Return a weight as a part of the whole, in per cent with four decimals."""
    return _("%(percent)s%%", percent=format_number(round(Decimal(100 * weight) / weight_sum, 4)))


def terms_words(terms: KeyTerms, use_unit: str) -> str:
    """Return what a key consists of. use_unit: the charge unit of the use, "" where it is not known."""
    one = len(terms.parts) == 1
    labels = [
        str(BASE_LABELS[part.base]) if one else f"{percent_words(part.percent)} {BASE_LABELS[part.base]}"
        for part in terms.parts
    ]
    measured = raised_base([part.base for part in terms.parts])
    return ". ".join((", ".join(labels), *_limits(terms, measured, use_unit)))


def _limits(terms: KeyTerms | Working, measured: str, use_unit: str) -> Iterator[str]:
    if terms.minimum:
        amount = amount_words(measured, terms.minimum, use_unit, terms.meter_unit)
        yield _("A smaller use than %(amount)s is counted as %(amount)s", amount=amount)
    if terms.cap is not None:
        yield _("Nobody bears more than %(percent)s of the sum", percent=percent_words(terms.cap))


def amount_words(base: str, amount: int, use_unit: str, meter_unit: str) -> str:
    """Return what a base measured, with its unit."""
    if base == USE and use_unit:
        return format_exact_amount(amount, use_unit)
    if base == METER:
        return f"{format_number((Decimal(amount) / PER_UNIT).normalize())} {meter_unit}".strip()
    return percent_words(amount) if base == "percent" else format_number(amount)


def part_sentences(working: Working, amounts: Sequence[int]) -> list[str]:
    """Return a sentence for each part of a key with what it measured of a member, and for minimum and cap."""
    found = [_part(working, part, amount) for part, amount in zip(working.parts, amounts, strict=True)]
    base = raised_base([part.base for part in working.parts])
    unit = next((part.unit for part in working.parts if part.base == base), "")
    return [*found, *(f"{sentence}." for sentence in _limits(working, base, unit))]


def _part(working: Working, part: WorkingPart, amount: int) -> str:
    is_raised = part.base == raised_base([one.base for one in working.parts])
    raised = max(amount, working.minimum) if amount and is_raised else amount
    return _(
        "%(percent)s of the sum %(key)s: %(mine)s of %(all)s.",
        percent=percent_words(part.percent),
        key=BASE_LABELS[part.base],
        mine=amount_words(part.base, raised, part.unit, working.meter_unit),
        all=amount_words(part.base, part.amount_sum, part.unit, working.meter_unit),
    )
