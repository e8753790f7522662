"""A member's part of an allocation, explained: what it is made of, each part with its key, weight and rounding."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.pages.costs.pools.meter_rows import thousandths_words
from app.pages.costs.presenter import GroupHead, MemberPart, MemberRow
from app.wording.bars import Bar, shares
from app.wording.billing import format_exact_amount
from app.wording.formats import format_money, format_number, format_short_day
from app.wording.keys import part_of_words
from billing import queries
from billing.pools.keys import METER
from billing.queries import AllocationView
from billing.queries.pool_keys import ReadingView
from billing.queries.readings import used_readings

SERIES = ("c1", "c2", "c3")
ICONS = {"shares": "pie-chart", "use": "speedometer2", "head": "people", "own": "pie-chart"}
COMPARED = 3


@dataclass(frozen=True, slots=True)
class ExplainedPart:
    """A part of the sum. kinds: what the costs consist of; rounding: sentences about the cents; icon: of the key.

    readings: what divided a part by meters, in words.
    """

    part: MemberPart
    css: str
    icon: str
    sentence: str
    weight: str
    weight_sum: str
    percent: float
    kinds: tuple[tuple[str, str], ...]
    rounding: tuple[str, ...]
    readings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """A member's sum with its parts, and earlier sums of the same pool to compare: label, text, per cent, class."""

    row: MemberRow
    parts: tuple[ExplainedPart, ...]
    bars: tuple[Bar, ...]
    compared: tuple[tuple[str, str, float, str], ...]


def explain(session: Session, view: AllocationView, row: MemberRow, member_id: int) -> Explanation:
    """Return the explanation of a member's row of an allocation."""
    left_over = queries.rounding_cents(session, view.id)
    kinds = queries.kinds_of_groups(session, view.id)
    parts = tuple(
        _explained(part, series_of(at), kinds.get(part.head.number, {}), left_over.get(part.head.number, 0))
        for at, part in enumerate(row.parts)
    )
    if any(_is_by_meters(one.part.head) for one in parts):
        words = tuple(_reading_words(name, one) for name, one in used_readings(session, view, member_id))
        parts = tuple(replace(one, readings=words) if _is_by_meters(one.part.head) else one for one in parts)
    bars = shares([(one.css, abs(one.part.cents)) for one in parts])
    return Explanation(row, parts, bars, _compared(session, view, member_id))


def _is_by_meters(head: GroupHead) -> bool:
    return head.working is not None and head.working.looks_at(METER)


def _reading_words(meter: str, one: ReadingView) -> str:
    day, shown = format_short_day(one.read_on), thousandths_words(one.reading)
    if one.restart is None:
        return _("%(meter)s: %(reading)s on %(day)s", meter=meter, reading=shown, day=day)
    began = thousandths_words(one.restart)
    return _(
        "%(meter)s: %(reading)s on %(day)s, when it was changed; the new one began at %(began)s",
        meter=meter,
        reading=shown,
        day=day,
        began=began,
    )


def weight_words(head: GroupHead, number: int) -> str:
    """Return a weight: 24.6 ha; shares and heads as a plain number, which the key names; of an own key per cent."""
    if head.key == "own":
        return part_of_words(number, head.weight_sum)
    if head.key == "use" and head.charge_unit:
        return format_exact_amount(number, head.charge_unit)
    return format_number(number)


def series_of(at: int) -> str:
    """Return the class of the colour of a part, by its place."""
    return SERIES[at] if at < len(SERIES) else "c4"


def _explained(part: MemberPart, css: str, kinds: dict[str, int], left_over: int) -> ExplainedPart:
    head = part.head
    return ExplainedPart(
        part,
        css,
        ICONS[head.key],
        _sentence(part),
        weight_words(head, part.weight),
        weight_words(head, head.weight_sum),
        round(100 * part.weight / head.weight_sum, 2) if head.weight_sum else 0,
        tuple((kind, format_money(cents)) for kind, cents in kinds.items()),
        _rounding(part, left_over),
    )


def _sentence(part: MemberPart) -> str:
    head = part.head
    mine, whole = weight_words(head, part.weight), weight_words(head, head.weight_sum)
    if head.key == "own":
        return _("By the key of the pool your part is %(mine)s.", mine=mine)
    if head.key == "use":
        return _("You used %(mine)s of %(all)s.", mine=mine, all=whole)
    if head.key == "head" or head.shares_on is None:
        return ngettext(
            "It is divided into %(num)s equal part, and you bear it.",
            "It is divided into %(num)s equal parts, and you bear %(mine)s of them.",
            head.weight_sum,
            mine=mine,
        )
    return ngettext(
        "You hold %(mine)s of %(num)s share, as of %(day)s.",
        "You hold %(mine)s of %(num)s shares, as of %(day)s.",
        head.weight_sum,
        mine=mine,
        day=format_short_day(head.shares_on),
    )


def _rounding(part: MemberPart, left_over: int) -> tuple[str, ...]:
    """Return how the exact part became whole cents."""
    head = part.head
    exact = Decimal(abs(head.cents) * part.weight) / head.weight_sum / 100
    if not left_over:
        return (_("It comes out even: no cent had to be rounded."),)
    down = abs(head.cents) * part.weight // head.weight_sum
    return (
        _(
            "Your exact part is €%(exact)s, in whole cents %(down)s.",
            exact=format_number(round(exact, 6)),
            down=format_money(down),
        ),
        ngettext(
            "When every part was rounded down, %(num)s cent was left. It went to the part with the largest rest.",
            "When every part was rounded down, %(num)s cents were left. They went, one each, to the parts with the "
            "largest rests.",
            left_over,
        ),
        _("You got one of them.") if part.got_rounding_cent else _("You got none of them."),
    )


def _compared(session: Session, view: AllocationView, member_id: int) -> tuple[tuple[str, str, float, str], ...]:
    """Return the member's latest effective sums of the pool, the oldest first; nothing where there is no other."""
    found, _has_more = queries.totals_of_member(session, member_id, pool_id=view.pool_id, limit=COMPARED)
    if len(found) < 2 or view.id not in {one.allocation.id for one in found}:
        return ()
    most = max(abs(one.cents) for one in found) or 1
    return tuple(
        (
            _("No. %(number)s", number=one.allocation.id),
            format_money(one.cents),
            round(100 * abs(one.cents) / most, 2),
            "c1" if one.allocation.id == view.id else "c4",
        )
        for one in reversed(found)
    )
