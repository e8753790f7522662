"""Views of posted allocations: whole ones for the treasurer, single lines for a member."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, select, union_all
from sqlalchemy.orm import Session, aliased

from billing.allocations.periods import Period
from billing.allocations.preview_models import CostGroup, CountedSlip, GroupedCost, Line, Working
from billing.errors.money_errors import AllocationNotFound
from billing.models import (
    Allocation,
    AllocationAmount,
    AllocationCost,
    AllocationCostGroup,
    AllocationCount,
    AllocationLine,
    AllocationSlip,
    Pool,
)
from booking.kernel.views import columns_of


@dataclass(frozen=True, slots=True)
class AllocationView:
    """A posted allocation. reverses_id: the allocation it reverses; reversed_by_id: the reversal of this one.

    counts_machine: its pool counts machine_id alone.
    """

    id: int
    pool_id: int
    pool_name: str
    machine_id: int
    counts_machine: bool
    period_from: date
    period_until: date
    total_cents: int
    posted_at: datetime
    note: str
    reverses_id: int | None
    reversed_by_id: int | None


@dataclass(frozen=True, slots=True)
class MemberTotal:
    """A member's part of one allocation, over all cost groups."""

    allocation: AllocationView
    cents: int


_reversal = aliased(Allocation)
_ALLOCATION = columns_of(
    AllocationView,
    Allocation,
    pool_name=Pool.name,
    machine_id=Pool.machine_id,
    counts_machine=Pool.counts_machine,
    reversed_by_id=_reversal.id,
)
_COST = columns_of(GroupedCost, AllocationCost)
_SLIP = columns_of(CountedSlip, AllocationSlip)
_LINE = columns_of(Line, AllocationLine, amounts=None)


def allocations(
    session: Session, *, pool_id: int | None = None, days: Period | None = None, limit: int = 25, offset: int = 0
) -> tuple[tuple[AllocationView, ...], bool]:
    """Return a page of allocations and reversals, newest first, and whether there are more.

    days: only those whose period has a day from the first to the last of them.
    """
    statement = _allocations(days).order_by(Allocation.id.desc()).limit(limit + 1).offset(offset)
    if pool_id is not None:
        statement = statement.where(Allocation.pool_id == pool_id)
    rows = session.execute(statement).all()
    return tuple(AllocationView(*row) for row in rows[:limit]), len(rows) > limit


def allocation(
    session: Session, allocation_id: int, *, member_id: int | None = None
) -> tuple[AllocationView, tuple[CostGroup, ...]]:
    """Return an allocation with its cost groups; with member_id, only that member's lines and their groups.

    Raises AllocationNotFound, also if the member has no line in it.
    """
    row = session.execute(_allocations().where(Allocation.id == allocation_id)).one_or_none()
    if row is None:
        raise AllocationNotFound(id=allocation_id)
    groups = _groups(session, allocation_id, member_id)
    if member_id is not None and not groups:
        raise AllocationNotFound(id=allocation_id)
    return AllocationView(*row), groups


def bearers_of(session: Session, allocation_id: int, *, limit: int, offset: int) -> tuple[tuple[int, ...], bool]:
    """Return a page of the members with a line in an allocation, by id, and whether there are more."""
    of_allocation = AllocationLine.allocation_id == allocation_id
    in_order = select(AllocationLine.member_id).distinct().where(of_allocation).order_by(AllocationLine.member_id)
    found = session.scalars(in_order.limit(limit + 1).offset(offset)).all()
    return tuple(found[:limit]), len(found) > limit


def bearer_count(session: Session, allocation_id: int) -> int:
    """Return how many members have a line in an allocation."""
    counted = (AllocationCount.allocation_id == allocation_id, AllocationCount.group_number == 0)
    return session.scalar(select(AllocationCount.bearers).where(*counted)) or 0


def allocation_of_members(
    session: Session, allocation_id: int, member_ids: Collection[int]
) -> tuple[AllocationView, tuple[CostGroup, ...]]:
    """Return an allocation with all its cost groups, and of their lines those of some members.

    Raises AllocationNotFound.
    """
    row = session.execute(_allocations().where(Allocation.id == allocation_id)).one_or_none()
    if row is None:
        raise AllocationNotFound(id=allocation_id)
    return AllocationView(*row), _groups_with(session, allocation_id, _lines(session, allocation_id, member_ids))


def slips_of_bearers(
    session: Session, allocation_id: int, member_ids: Collection[int], *, limit: int
) -> tuple[tuple[CountedSlip, ...], dict[int, int]]:
    """Return the first slips of each of some members in an allocation, and how many each of them has."""
    parts = []
    for member_id in member_ids:
        of_member = (AllocationSlip.member_id == member_id, AllocationSlip.allocation_id == allocation_id)
        first = select(*_SLIP).where(*of_member).order_by(AllocationSlip.usage_id).limit(limit)
        parts.append(select(first.subquery()))
    rows = session.execute(union_all(*parts)).all() if parts else ()
    # One count for each member: grouping the rows of all of them takes three times as many steps.
    ids = tuple(member_ids)
    counts = [
        select(func.count())
        .where(AllocationSlip.member_id == member_id, AllocationSlip.allocation_id == allocation_id)
        .scalar_subquery()
        for member_id in ids
    ]
    counted = session.execute(select(*counts)).one() if counts else ()
    return tuple(CountedSlip(*row) for row in rows), dict(zip(ids, counted, strict=True))


def rounding_cents(session: Session, allocation_id: int) -> dict[int, int]:
    """Return number of the cost group -> how many cents were left over by rounding down, one for each such line."""
    counted = (AllocationCount.allocation_id == allocation_id, AllocationCount.rounding_cents > 0)
    rows = session.execute(select(AllocationCount.group_number, AllocationCount.rounding_cents).where(*counted))
    return {row.group_number: row.rounding_cents for row in rows}


def kinds_of_groups(session: Session, allocation_id: int) -> dict[int, dict[str, int]]:
    """Return number of the cost group -> kind of cost -> its sum in cents."""
    sums = func.sum(AllocationCost.net_cents)
    rows = session.execute(
        select(AllocationCost.group_number, AllocationCost.kind, sums)
        .where(AllocationCost.allocation_id == allocation_id)
        .group_by(AllocationCost.group_number, AllocationCost.kind)
        .order_by(AllocationCost.group_number, sums.desc())
    )
    found: dict[int, dict[str, int]] = {}
    for number, kind, cents in rows:
        found.setdefault(number, {})[kind] = int(cents)
    return found


def totals_of_member(
    session: Session,
    member_id: int,
    *,
    days: Period | None = None,
    pool_id: int | None = None,
    limit: int = 25,
    offset: int = 0,
) -> tuple[tuple[MemberTotal, ...], bool]:
    """Return a page of the allocations with a line of a member, newest first, and whether there are more.

    days: only those whose period has a day from the first to the last of them. pool_id: of this pool, only effective
    ones.
    """
    totals = (
        select(AllocationLine.allocation_id, func.sum(AllocationLine.cents).label("member_cents"))
        .where(AllocationLine.member_id == member_id)
        .group_by(AllocationLine.allocation_id)
        .subquery()
    )
    statement = (
        _allocations(days).add_columns(totals.c.member_cents).join(totals, totals.c.allocation_id == Allocation.id)
    )
    if pool_id is not None:
        is_effective = (Allocation.reverses_id.is_(None), _reversal.id.is_(None))
        statement = statement.where(Allocation.pool_id == pool_id, *is_effective)
    rows = session.execute(statement.order_by(Allocation.id.desc()).limit(limit + 1).offset(offset)).all()
    has_more = len(rows) > limit
    return tuple(MemberTotal(AllocationView(*view), int(cents)) for *view, cents in rows[:limit]), has_more


def posted_costs(session: Session, allocation_id: int) -> tuple[GroupedCost, ...]:
    """Return the costs of an allocation, by day of service."""
    rows = session.execute(
        select(*_COST)
        .where(AllocationCost.allocation_id == allocation_id)
        .order_by(AllocationCost.service_date, AllocationCost.cost_id)
    )
    return tuple(GroupedCost(*row) for row in rows)


def _allocations(days: Period | None = None) -> Select[Any]:
    statement = (
        select(*_ALLOCATION)
        .select_from(Allocation)
        .join(Pool, Pool.id == Allocation.pool_id)
        .outerjoin(_reversal, _reversal.reverses_id == Allocation.id)
    )
    if days is None:
        return statement
    first, last = days
    return statement.where(Allocation.period_from <= last, Allocation.period_until >= first)


def units_of_weights(session: Session, within: Period) -> frozenset[str]:
    """Return the charge units of the weights in all allocations whose period lies within some days."""
    first, last = within
    statement = (
        select(AllocationCostGroup.charge_unit)
        .distinct()
        .join(Allocation, Allocation.id == AllocationCostGroup.allocation_id)
        .where(Allocation.period_from >= first, Allocation.period_until <= last)
    )
    return frozenset(unit for unit in session.scalars(statement) if unit)


def _groups(session: Session, allocation_id: int, member_id: int | None) -> tuple[CostGroup, ...]:
    if member_id is None:
        return _groups_with(session, allocation_id, _lines(session, allocation_id))
    lines = _lines(session, allocation_id, (member_id,))
    return tuple(group for group in _groups_with(session, allocation_id, lines) if group.number in lines)


def _lines(session: Session, allocation_id: int, member_ids: Collection[int] | None = None) -> dict[int, list[Line]]:
    """Return number of the cost group -> its lines. member_ids: only those of some members; None for all."""
    statement = select(AllocationLine.group_number, *_LINE).where(AllocationLine.allocation_id == allocation_id)
    if member_ids is not None:
        statement = statement.where(AllocationLine.member_id.in_(member_ids))
    lines: dict[int, list[Line]] = {}
    amounts = _amounts(session, allocation_id, member_ids)
    for group_number, *read in session.execute(statement.order_by(AllocationLine.member_id)):
        line = Line(*read)
        measured = amounts.get((group_number, line.member_id))
        lines.setdefault(group_number, []).append(replace(line, amounts=measured) if measured else line)
    return lines


def _amounts(
    session: Session, allocation_id: int, member_ids: Collection[int] | None
) -> dict[tuple[int, int], tuple[int, ...]]:
    """Return (group, member id) -> what each part of an own key measured."""
    statement = select(AllocationAmount).where(AllocationAmount.allocation_id == allocation_id)
    if member_ids is not None:
        statement = statement.where(AllocationAmount.member_id.in_(member_ids))
    found: dict[tuple[int, int], tuple[int, ...]] = {}
    for one in session.scalars(statement.order_by(AllocationAmount.part)):
        key = (one.group_number, one.member_id)
        found[key] = (*found.get(key, ()), one.amount)
    return found


def _groups_with(session: Session, allocation_id: int, lines: Mapping[int, Sequence[Line]]) -> tuple[CostGroup, ...]:
    groups = session.scalars(
        select(AllocationCostGroup)
        .where(AllocationCostGroup.allocation_id == allocation_id)
        .order_by(AllocationCostGroup.number)
    )
    return tuple(
        CostGroup(
            number=row.number,
            key=row.key,
            kinds=tuple(row.kinds),
            shares_on=row.shares_on,
            charge_unit=row.charge_unit,
            cents=row.cents,
            weight_sum=row.weight_sum,
            lines=tuple(lines.get(row.number, ())),
            working=None if row.working is None else Working.from_json(row.working),
        )
        for row in groups
    )
