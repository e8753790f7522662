"""The parts of an allocation as plain values: cost groups, lines, costs and slips."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class Line:
    """A member's part of a cost group: cents = group total x weight / weight sum, perhaps plus a rounding cent.

    amounts: for the key "own", what each of its parts measured of the member, before minimum and cap.
    """

    member_id: int
    weight: int
    cents: int
    got_rounding_cent: bool
    amounts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkingPart:
    """A part of an own key as it was used: see keys.KeyPart. unit: the charge unit of the base "use".

    amount_sum: of all members after the minimum. shares_on: the day whose shares applied, "" for other bases.
    """

    base: str
    percent: int
    unit: str
    amount_sum: int
    shares_on: str


@dataclass(frozen=True, slots=True)
class Working:
    """An own key as it was used: see keys.KeyTerms."""

    name: str
    parts: tuple[WorkingPart, ...]
    minimum: int
    cap: int | None
    meter_unit: str

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Working:
        """Return what asdict() made."""
        return cls(**(dict(stored) | {"parts": tuple(WorkingPart(**part) for part in stored["parts"])}))

    def looks_at(self, base: str) -> bool:
        """Return whether a part looks at a base."""
        return any(part.base == base for part in self.parts)


@dataclass(frozen=True, slots=True)
class CostGroup:
    """Costs that are divided together by one key.

    number: 1, 2, 3 ... within the allocation. shares_on: for the keys "shares" and "head", the day whose shares
    apply. charge_unit: for the key "use", the unit of the weights. working: for the key "own".
    """

    number: int
    key: str
    kinds: tuple[str, ...]
    shares_on: date | None
    charge_unit: str
    cents: int
    weight_sum: int
    lines: tuple[Line, ...]
    working: Working | None = None

    def looks_at(self, base: str) -> bool:
        """Return whether its key looks at a base: the use, the shares ..."""
        return self.key == base if self.working is None else self.working.looks_at(base)


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


class CountedCharge(NamedTuple):
    """A usage charge that counts against the member's share."""

    charge_id: int
    member_id: int
    cents: int


class CountedAdvance(NamedTuple):
    """A member's part of an advance that counts against the share."""

    advance_id: int
    member_id: int
    cents: int


@dataclass(frozen=True, slots=True)
class PreviewWarning:
    """Something the treasurer should check before posting.

    Codes: still_out (count: slips of the period without an amount), disputed (count: slips with an open objection),
    late_cost (the period is allocated already, these costs came later), unlike_last (the total is at least five times
    the last one, last_cents, or at most a fifth of it), advances_beyond (count: advances that are not counted, because
    only a part of their period lies in this one).

    With member_ids: leavers (they bear costs although their membership ended before the period or within it), guests
    (they bear costs), guests_left_out (the pool leaves them out, although they used the machine or hold shares),
    shares_ended (their shares no longer counted on the day of a cost, because the membership had ended),
    charges_not_counted (they have charges or advances of the period but bear nothing, so that none are counted).
    """

    code: str
    count: int = 0
    last_cents: int = 0
    member_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """All that will be posted. digest: identifies the content; equal content has an equal digest.

    groups_by_period: the numbers of the cost groups whose weights are the use in the period; another period would
    change them. charges, advances: what counts against the shares; without them the whole share is due.
    counts_machine: the pool counts machine_id alone.
    """

    pool_id: int
    machine_id: int
    counts_machine: bool
    period_from: date
    period_until: date
    total_cents: int
    groups: tuple[CostGroup, ...]
    costs: tuple[GroupedCost, ...]
    slips: tuple[CountedSlip, ...]
    groups_by_period: tuple[int, ...]
    charges: tuple[CountedCharge, ...]
    advances: tuple[CountedAdvance, ...]
    warnings: tuple[PreviewWarning, ...]
    digest: str

    @property
    def counted_cents(self) -> dict[int, int]:
        """Return member id -> what counts against the share, of those who have something."""
        counted: dict[int, int] = {}
        for _id, member_id, cents in (*self.charges, *self.advances):
            counted[member_id] = counted.get(member_id, 0) + cents
        return counted

    @property
    def bearer_ids(self) -> frozenset[int]:
        """Return the members with a weight above zero in any cost group."""
        return bearer_ids(self.groups)

    @property
    def groups_by_use(self) -> tuple[CostGroup, ...]:
        """Return the cost groups whose bearers the use of the period decides; of own keys it does not decide alone."""
        return tuple(one for one in self.groups if one.number in self.groups_by_period and one.working is None)

    @property
    def bearer_ids_by_period(self) -> frozenset[int]:
        """Return the members who bear costs because of their use in the period."""
        return bearer_ids(self.groups_by_use)


def bearer_ids(groups: Iterable[CostGroup]) -> frozenset[int]:
    """Return the members with a weight above zero in any of the cost groups."""
    return frozenset(line.member_id for group in groups for line in group.lines if line.weight > 0)
