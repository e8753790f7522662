"""The picture of an allocation for the treasurer: what the sum is made of, and who bears most of each part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.pages.costs.allocations.explanation import ICONS, series_of, weight_words
from app.pages.costs.presenter import GroupHead
from app.wording.bars import Bar, shares
from app.wording.formats import format_money, format_price, format_short_day, format_unit_price
from billing import queries
from billing.allocations.preview_models import GroupedCost, Preview
from billing.queries import GroupParts
from booking.charge_units import CHARGE_UNITS
from booking.queries import member_names

SHOWN = 6
COLOURED = 3


@dataclass(frozen=True, slots=True)
class Bearer:
    """A member who bears much of a cost group: name, weight and amount as texts, and the part of the group."""

    name: str
    weight: str
    cents: int
    css: str


@dataclass(frozen=True, slots=True)
class GroupPicture:
    """A cost group. rate: what a hectare, a share or a head costs; others: how many more bear it, and their sum."""

    head: GroupHead
    css: str
    icon: str
    sentence: str
    weight_sum: str
    rate: str
    kinds: tuple[tuple[str, str], ...]
    bars: tuple[Bar, ...]
    bearers: tuple[Bearer, ...]
    others: int
    others_cents: int
    rounding: str


@dataclass(frozen=True, slots=True)
class AllocationPicture:
    """The cost groups of an allocation, and its sum as one bar of them."""

    bars: tuple[Bar, ...]
    groups: tuple[GroupPicture, ...]


def posted_picture(session: Session, allocation_id: int, heads: Sequence[GroupHead]) -> AllocationPicture:
    """Return the picture of a posted allocation, in five SQL statements."""
    parts = queries.largest_parts(session, allocation_id, limit=SHOWN)
    return _picture(session, heads, parts, queries.kinds_of_groups(session, allocation_id))


def preview_picture(session: Session, preview: Preview, heads: Sequence[GroupHead]) -> AllocationPicture:
    """Return the picture of a preview, in one SQL statement."""
    parts = {group.number: queries.parts_of_group(group, limit=SHOWN) for group in preview.groups}
    return _picture(session, heads, parts, _kinds(preview.costs))


def _picture(
    session: Session,
    heads: Sequence[GroupHead],
    parts: Mapping[int, GroupParts],
    kinds: Mapping[int, Mapping[str, int]],
) -> AllocationPicture:
    member_ids = {line.member_id for found in parts.values() for line in found.largest}
    names = {one.id: one.name for one in member_names(session, member_ids)}
    groups = tuple(
        _group(head, series_of(at), parts[head.number], names, kinds.get(head.number, {}))
        for at, head in enumerate(heads)
        if head.number in parts
    )
    return AllocationPicture(shares([(one.css, abs(one.head.cents)) for one in groups]), groups)


def _kinds(costs: Sequence[GroupedCost]) -> dict[int, Counter[str]]:
    found: dict[int, Counter[str]] = {}
    for cost in costs:
        found.setdefault(cost.group_number, Counter())[cost.kind] += cost.net_cents
    return found


def _group(
    head: GroupHead, css: str, parts: GroupParts, names: Mapping[int, str], kinds: Mapping[str, int]
) -> GroupPicture:
    shown = [(line, series_of(at) if at < COLOURED else "c4") for at, line in enumerate(parts.largest)]
    others_cents = head.cents - sum(line.cents for line, _css in shown)
    return GroupPicture(
        head,
        css,
        ICONS[head.key],
        _sentence(head, parts.bearers),
        _weights(head, head.weight_sum),
        _rate(head),
        tuple((kind, format_money(cents)) for kind, cents in kinds.items()),
        shares([*((one, abs(line.cents)) for line, one in shown), ("c4", abs(others_cents))]),
        tuple(Bearer(names[line.member_id], _weights(head, line.weight), line.cents, one) for line, one in shown),
        parts.bearers - len(shown),
        others_cents,
        _rounding(parts.rounding_cents),
    )


def _sentence(head: GroupHead, bearers: int) -> str:
    if head.key == "own":
        return ngettext(
            "%(num)s member bears it by the key “%(key)s”.",
            "%(num)s members bear it by the key “%(key)s”.",
            bearers,
            key=head.key_label,
        )
    if head.key == "use":
        return ngettext(
            "%(num)s member used %(all)s.",
            "%(num)s members used %(all)s together.",
            bearers,
            all=weight_words(head, head.weight_sum),
        )
    if head.key == "head" or head.shares_on is None:
        return ngettext("%(num)s member bears it.", "%(num)s members bear the same part each.", bearers)
    return ngettext(
        "%(num)s member holds all shares, as of %(day)s.",
        "%(num)s members hold the shares, as of %(day)s.",
        bearers,
        day=format_short_day(head.shares_on),
    )


def _weights(head: GroupHead, number: int) -> str:
    """Return a weight with its unit; by an own key as a part in per cent."""
    if head.key == "own" or (head.key == "use" and head.charge_unit):
        return weight_words(head, number)
    if head.key == "shares":
        return ngettext("%(num)s share", "%(num)s shares", number)
    return ngettext("%(num)s head", "%(num)s heads", number)


def _rate(head: GroupHead) -> str:
    """Return the part of one hectare, share or head, rounded to cents."""
    if not head.weight_sum or head.key == "own":
        return ""
    unit = CHARGE_UNITS.get(head.charge_unit) if head.key == "use" else None
    each = Decimal(head.cents) / 100 * (unit.small_per_unit if unit else 1) / head.weight_sum
    rounded = each.quantize(Decimal("0.01"), ROUND_HALF_UP)
    if unit:
        return format_unit_price(rounded, unit.code)
    key = _("per share") if head.key == "shares" else _("per head")
    return f"{format_price(rounded)} {key}"


def _rounding(left_over: int) -> str:
    if not left_over:
        return _("It comes out even: no cent had to be rounded.")
    return ngettext(
        "When every part was rounded down, %(num)s cent was left. It went to the part with the largest rest; the table "
        "below names it.",
        "When every part was rounded down, %(num)s cents were left. They went, one each, to the parts with the largest "
        "rests; the table below names them.",
        left_over,
    )
