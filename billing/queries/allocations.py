"""Posted allocations as the treasurer reads them whole, and as a member reads the own lines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session, aliased

from billing.errors import AllocationNotFound
from billing.figures import CostInPot, CountedSlip, Line, Pot
from billing.models import (
    Allocation,
    AllocationCost,
    AllocationLine,
    AllocationPot,
    AllocationSlip,
    Pool,
)


@dataclass(frozen=True, slots=True)
class AllocationView:
    """A posted allocation. reverses_id: it takes that one back; reversed_by_id: that one takes it back."""

    id: int
    pool_id: int
    pool_name: str
    machine_id: int
    period_from: date
    period_until: date
    total_cents: int
    posted_at: datetime
    note: str
    reverses_id: int | None
    reversed_by_id: int | None


@dataclass(frozen=True, slots=True)
class BorneLine:
    """What a member bears of one allocation, over all pots."""

    allocation: AllocationView
    cents: int


def allocations(
    session: Session, *, pool_id: int | None = None, limit: int = 25, offset: int = 0
) -> tuple[tuple[AllocationView, ...], bool]:
    """Allocations and reversals, the newest first, a page at a time; and whether there are more."""
    statement = _allocations().order_by(Allocation.id.desc()).limit(limit + 1).offset(offset)
    if pool_id is not None:
        statement = statement.where(Allocation.pool_id == pool_id)
    rows = session.execute(statement).all()
    return tuple(_view(row) for row in rows[:limit]), len(rows) > limit


def allocation(
    session: Session, allocation_id: int, *, member_id: int | None = None
) -> tuple[AllocationView, tuple[Pot, ...]]:
    """One allocation with its pots; of a member's: only the own lines, in pots that have one.

    Raises AllocationNotFound, also where the member has no line in it.
    """
    row = session.execute(_allocations().where(Allocation.id == allocation_id)).one_or_none()
    if row is None:
        raise AllocationNotFound(id=allocation_id)
    pots = _pots(session, allocation_id, member_id)
    if member_id is not None and not pots:
        raise AllocationNotFound(id=allocation_id)
    return _view(row), pots


def lines_of_member(
    session: Session, member_id: int, *, limit: int = 25, offset: int = 0
) -> tuple[tuple[BorneLine, ...], bool]:
    """The allocations a member bears a part of, the newest first, a page at a time; and whether there are more."""
    borne = (
        select(AllocationLine.allocation_id, func.sum(AllocationLine.cents).label("borne_cents"))
        .where(AllocationLine.member_id == member_id)
        .group_by(AllocationLine.allocation_id)
        .subquery()
    )
    statement = _allocations().add_columns(borne.c.borne_cents).join(borne, borne.c.allocation_id == Allocation.id)
    rows = session.execute(statement.order_by(Allocation.id.desc()).limit(limit + 1).offset(offset)).all()
    return tuple(BorneLine(_view(row), int(row.borne_cents)) for row in rows[:limit]), len(rows) > limit


def posted_costs(session: Session, allocation_id: int) -> tuple[CostInPot, ...]:
    """The bills of an allocation, by day."""
    rows = session.execute(
        select(AllocationCost.cost_id, AllocationCost.net_cents, AllocationCost.facts)
        .where(AllocationCost.allocation_id == allocation_id)
        .order_by(AllocationCost.cost_id)
    )
    costs = (
        CostInPot(
            cost_id=row.cost_id,
            pot=row.facts["pot"],
            service_date=date.fromisoformat(row.facts["service_date"]),
            supplier=row.facts["supplier"],
            kind=row.facts["kind"],
            document=row.facts["document"],
            net_cents=row.net_cents,
        )
        for row in rows
    )
    return tuple(sorted(costs, key=lambda cost: (cost.service_date, cost.cost_id)))


def posted_slips(session: Session, allocation_id: int, *, member_id: int | None = None) -> tuple[CountedSlip, ...]:
    """The slips that an allocation counted, by id; all of them or a member's."""
    statement = select(AllocationSlip).where(AllocationSlip.allocation_id == allocation_id)
    if member_id is not None:
        statement = statement.where(AllocationSlip.member_id == member_id)
    return tuple(
        CountedSlip(row.usage_id, row.member_id, date.fromisoformat(row.facts["service_date"]), row.amount)
        for row in session.scalars(statement.order_by(AllocationSlip.usage_id))
    )


def _allocations() -> Select[Any]:
    reversal = aliased(Allocation)
    columns: tuple[Any, ...] = (
        Allocation,
        Pool.name.label("pool_name"),
        Pool.machine_id,
        reversal.id.label("reversed_by_id"),
    )
    return (
        select(*columns)
        .select_from(Allocation)
        .join(Pool, Pool.id == Allocation.pool_id)
        .outerjoin(reversal, reversal.reverses_id == Allocation.id)
    )


def _view(row: Row[Any]) -> AllocationView:
    posted: Allocation = row.Allocation
    return AllocationView(
        id=posted.id,
        pool_id=posted.pool_id,
        pool_name=row.pool_name,
        machine_id=row.machine_id,
        period_from=posted.period_from,
        period_until=posted.period_until,
        total_cents=posted.total_cents,
        posted_at=posted.posted_at,
        note=posted.note,
        reverses_id=posted.reverses_id,
        reversed_by_id=row.reversed_by_id,
    )


def _pots(session: Session, allocation_id: int, member_id: int | None) -> tuple[Pot, ...]:
    statement = select(AllocationLine).where(AllocationLine.allocation_id == allocation_id)
    if member_id is not None:
        statement = statement.where(AllocationLine.member_id == member_id)
    lines: dict[int, list[Line]] = {}
    for line in session.scalars(statement.order_by(AllocationLine.member_id)):
        posted = Line(line.member_id, line.weight, line.cents, line.got_rounding_cent)
        lines.setdefault(line.pot, []).append(posted)
    pots = session.scalars(
        select(AllocationPot).where(AllocationPot.allocation_id == allocation_id).order_by(AllocationPot.pot)
    )
    return tuple(
        Pot(
            pot=row.pot,
            key=row.key,
            kinds=tuple(row.kinds),
            shares_on=row.shares_on,
            charge_unit=row.charge_unit,
            cents=row.cents,
            weight_sum=row.weight_sum,
            lines=tuple(lines.get(row.pot, ())),
        )
        for row in pots
        if member_id is None or row.pot in lines
    )
