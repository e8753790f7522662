"""Pools, their costs and their shares as the treasurer reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, Select, Subquery, func, select
from sqlalchemy.orm import Session

from billing.errors import CostNotFound, PoolNotFound
from billing.models import Allocation, AllocationCost, Cost, Pool, Share
from billing.pools import counts


@dataclass(frozen=True, slots=True)
class PoolView:
    """A pool. rules: kind of cost -> key. waiting_*: its costs that stand in no allocation that counts."""

    id: int
    machine_id: int
    name: str
    rules: dict[str, str]
    revision: int
    waiting_count: int
    waiting_cents: int
    waiting_from: date | None
    waiting_until: date | None


@dataclass(frozen=True, slots=True)
class CostView:
    """A bill. allocation_id: the allocation that counts in which it stands, or None while it waits."""

    id: int
    pool_id: int
    service_date: date
    supplier: str
    kind: str
    document: str
    note: str
    net_cents: int
    revision: int
    allocation_id: int | None


@dataclass(frozen=True, slots=True)
class ShareView:
    """A member holds so many shares from a day on."""

    id: int
    member_id: int
    shares: int
    valid_from: date


def pools(session: Session) -> tuple[PoolView, ...]:
    """All pools by name."""
    return tuple(_pool(row) for row in session.execute(_pools().order_by(Pool.name)))


def pool(session: Session, pool_id: int) -> PoolView:
    """One pool. Raises PoolNotFound."""
    row = session.execute(_pools().where(Pool.id == pool_id)).one_or_none()
    if row is None:
        raise PoolNotFound(id=pool_id)
    return _pool(row)


def costs(session: Session, pool_id: int, *, limit: int = 25, offset: int = 0) -> tuple[tuple[CostView, ...], bool]:
    """A pool's costs, the newest first, a page at a time; and whether there are more."""
    statement = _costs().where(Cost.pool_id == pool_id).order_by(Cost.service_date.desc(), Cost.id.desc())
    rows = session.execute(statement.limit(limit + 1).offset(offset)).all()
    return tuple(_cost(row) for row in rows[:limit]), len(rows) > limit


def cost(session: Session, cost_id: int) -> CostView:
    """One cost. Raises CostNotFound."""
    row = session.execute(_costs().where(Cost.id == cost_id)).one_or_none()
    if row is None:
        raise CostNotFound(id=cost_id)
    return _cost(row)


def shares(session: Session, pool_id: int) -> tuple[ShareView, ...]:
    """The history of a pool's shares, by member and day."""
    rows = session.scalars(select(Share).where(Share.pool_id == pool_id).order_by(Share.member_id, Share.valid_from))
    return tuple(ShareView(row.id, row.member_id, row.shares, row.valid_from) for row in rows)


def counting() -> Subquery:
    """Which allocation that counts a cost stands in, as a subquery: cost_id, allocation_id."""
    return (
        select(AllocationCost.cost_id, AllocationCost.allocation_id)
        .join(Allocation, Allocation.id == AllocationCost.allocation_id)
        .where(counts())
        .subquery()
    )


def _pools() -> Select[Any]:
    taken = counting()
    waiting = (
        select(
            Cost.pool_id,
            func.count().label("waiting_count"),
            func.sum(Cost.net_cents).label("waiting_cents"),
            func.min(Cost.service_date).label("waiting_from"),
            func.max(Cost.service_date).label("waiting_until"),
        )
        .outerjoin(taken, taken.c.cost_id == Cost.id)
        .where(taken.c.cost_id.is_(None))
        .group_by(Cost.pool_id)
        .subquery()
    )
    return select(Pool, waiting).outerjoin(waiting, waiting.c.pool_id == Pool.id)


def _pool(row: Row[Any]) -> PoolView:
    return PoolView(
        id=row.Pool.id,
        machine_id=row.Pool.machine_id,
        name=row.Pool.name,
        rules=dict(row.Pool.rules),
        revision=row.Pool.revision,
        waiting_count=row.waiting_count or 0,
        waiting_cents=int(row.waiting_cents or 0),
        waiting_from=row.waiting_from,
        waiting_until=row.waiting_until,
    )


def _costs() -> Select[Any]:
    taken = counting()
    return select(Cost, taken.c.allocation_id).outerjoin(taken, taken.c.cost_id == Cost.id)


def _cost(row: Row[Any]) -> CostView:
    bill: Cost = row.Cost
    return CostView(
        id=bill.id,
        pool_id=bill.pool_id,
        service_date=bill.service_date,
        supplier=bill.supplier,
        kind=bill.kind,
        document=bill.document,
        note=bill.note,
        net_cents=bill.net_cents,
        revision=bill.revision,
        allocation_id=row.allocation_id,
    )
