"""The figures of an allocation: pots, lines, costs and slips as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Line:
    """What one member bears of a pot: cents = pot x weight / weight sum, and perhaps a rounding cent."""

    member_id: int
    weight: int
    cents: int
    got_rounding_cent: bool


@dataclass(frozen=True, slots=True)
class Pot:
    """Costs that one key divides. shares_on: the day whose shares count; charge_unit: of the use."""

    pot: int
    key: str
    kinds: tuple[str, ...]
    shares_on: date | None
    charge_unit: str
    cents: int
    weight_sum: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class CostInPot:
    """A bill, as it was when it was divided, and the pot it falls into."""

    cost_id: int
    pot: int
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
class Remark:
    """Something the treasurer should look at before posting. count: of what, last_cents: see the codes.

    still_out: slips of the period have no amount yet. disputed: members object to slips. late_cost: the
    period is already allocated, this is what came later. unlike_last: five times the last total or a fifth.
    """

    code: str
    count: int = 0
    last_cents: int = 0


@dataclass(frozen=True, slots=True)
class Preview:
    """All that will be posted. digest: the same figures give the same; what the treasurer saw is named by it."""

    pool_id: int
    machine_id: int
    period_from: date
    period_until: date
    total_cents: int
    pots: tuple[Pot, ...]
    costs: tuple[CostInPot, ...]
    slips: tuple[CountedSlip, ...]
    remarks: tuple[Remark, ...]
    digest: str
