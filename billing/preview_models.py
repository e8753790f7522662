"""The parts of an allocation as plain values: cost groups, lines, costs and slips."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Line:
    """A member's part of a cost group: cents = group total x weight / weight sum, perhaps plus a rounding cent."""

    member_id: int
    weight: int
    cents: int
    got_rounding_cent: bool


@dataclass(frozen=True, slots=True)
class CostGroup:
    """Costs that are divided together by one key.

    number: 1, 2, 3 ... within the allocation. shares_on: for the keys "shares" and "head", the day whose shares
    apply. charge_unit: for the key "use", the unit of the weights.
    """

    number: int
    key: str
    kinds: tuple[str, ...]
    shares_on: date | None
    charge_unit: str
    cents: int
    weight_sum: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class GroupedCost:
    """A cost as it was when it was divided, with the number of its cost group."""

    cost_id: int
    group_number: int
    service_date: date
    supplier: str
    kind: str
    document: str
    net_cents: int


class CountedSlip(NamedTuple):
    """A usage slip as it was counted; amount in small units. A tuple, because there are many."""

    usage_id: int
    member_id: int
    service_date: date
    amount: int


@dataclass(frozen=True, slots=True)
class PreviewWarning:
    """Something the treasurer should check before posting.

    Codes: still_out (count: slips of the period without an amount), disputed (count: slips with an open objection),
    late_cost (the period is allocated already, these costs came later), unlike_last (the total is at least five times
    the last one, last_cents, or at most a fifth of it).
    """

    code: str
    count: int = 0
    last_cents: int = 0


@dataclass(frozen=True, slots=True)
class Preview:
    """All that will be posted. digest: identifies the content; equal content has an equal digest."""

    pool_id: int
    machine_id: int
    period_from: date
    period_until: date
    total_cents: int
    groups: tuple[CostGroup, ...]
    costs: tuple[GroupedCost, ...]
    slips: tuple[CountedSlip, ...]
    warnings: tuple[PreviewWarning, ...]
    digest: str
