"""Views of cost pools, their costs and their shares."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Select, Subquery, cast, func, select
from sqlalchemy.orm import Session

from billing.allocations.periods import Period, accounting_year
from billing.errors.money_errors import CostNotFound, PoolNotFound
from billing.models import Allocation, AllocationCost, Cost, Pool, Share
from billing.pools.unallocated import is_effective
from booking.kernel.views import columns_of


@dataclass(frozen=True, slots=True)
class PoolView:
    """A cost pool. rules: kind of cost -> key. excludes_guests: guests bear nothing. waiting_*: unallocated costs.

    charges_are: what the usage charges are, "income" or "advance"; None while that is not answered. counts_machine: it
    counts machine_id and has never counted anything else; see queries/pool_counts.py.
    """

    id: int
    machine_id: int
    name: str
    rules: dict[str, str]
    excludes_guests: bool
    charges_are: str | None
    counts_machine: bool
    revision: int
    waiting_count: int
    waiting_cents: int
    waiting_from: date | None
    waiting_until: date | None

    @property
    def proposed_period(self) -> str | None:
        """Return the accounting year of the oldest unallocated cost as "2026-01-01/2026-12-31"."""
        if self.waiting_from is None:
            return None
        first, last = accounting_year(self.waiting_from)
        return f"{first}/{last}"


@dataclass(frozen=True, slots=True)
class CostView:
    """A cost. allocation_id: its effective allocation, or None while it is unallocated."""

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
    """The number of shares a member holds from a day on. outlasts_membership: they count after the last day too."""

    id: int
    member_id: int
    shares: int
    valid_from: date
    outlasts_membership: bool


_SHARE = columns_of(ShareView, Share)


def pools(session: Session) -> tuple[PoolView, ...]:
    """Return all pools by name."""
    return tuple(PoolView(*row) for row in session.execute(_pools().order_by(Pool.name)))


def pool(session: Session, pool_id: int) -> PoolView:
    """Return a pool. Raises PoolNotFound."""
    row = session.execute(_pools().where(Pool.id == pool_id)).one_or_none()
    if row is None:
        raise PoolNotFound(id=pool_id)
    return PoolView(*row)


def pool_names(session: Session) -> dict[int, str]:
    """Return id -> name of all pools."""
    return {row.id: row.name for row in session.execute(select(Pool.id, Pool.name))}


def undecided_pools(session: Session) -> dict[int, str]:
    """Return id -> name of the pools of which it is not decided what the charges of the machine are."""
    rows = session.execute(select(Pool.id, Pool.name).where(Pool.charges_are.is_(None)).order_by(Pool.name))
    return {row.id: row.name for row in rows}


def costs(
    session: Session, pool_id: int, *, days: Period | None = None, limit: int = 25, offset: int = 0
) -> tuple[tuple[CostView, ...], bool]:
    """Return a page of a pool's costs, newest first, and whether there are more. days: of service, first and last."""
    statement = _costs().where(Cost.pool_id == pool_id).order_by(Cost.service_date.desc(), Cost.id.desc())
    if days is not None:
        statement = statement.where(Cost.service_date.between(*days))
    rows = session.execute(statement.limit(limit + 1).offset(offset)).all()
    return tuple(CostView(*row) for row in rows[:limit]), len(rows) > limit


def cost(session: Session, cost_id: int) -> CostView:
    """Return a cost. Raises CostNotFound."""
    row = session.execute(_costs().where(Cost.id == cost_id)).one_or_none()
    if row is None:
        raise CostNotFound(id=cost_id)
    return CostView(*row)


def shares(session: Session, pool_id: int) -> tuple[ShareView, ...]:
    """Return the history of a pool's shares, by member and day."""
    return tuple(ShareView(*row) for row in session.execute(_shares(pool_id)))


def page_of_shares(
    session: Session, pool_id: int, *, limit: int, offset: int = 0
) -> tuple[tuple[ShareView, ...], bool]:
    """Return a page of shares(), and whether there are more."""
    rows = session.execute(_shares(pool_id).limit(limit + 1).offset(offset)).all()
    return tuple(ShareView(*row) for row in rows[:limit]), len(rows) > limit


def _shares(pool_id: int) -> Select[Any]:
    return select(*_SHARE).where(Share.pool_id == pool_id).order_by(Share.member_id, Share.valid_from)


def effective_allocations() -> Subquery:
    """Return a subquery of the costs with their effective allocations: cost_id, allocation_id."""
    return (
        select(AllocationCost.cost_id, AllocationCost.allocation_id)
        .join(Allocation, Allocation.id == AllocationCost.allocation_id)
        .where(is_effective())
        .subquery()
    )


def is_allocated_since(session: Session, pool_id: int, day: date, since: datetime) -> bool:
    """Return whether a cost of a pool with a service date from a day on was allocated after an instant."""
    statement = (
        select(AllocationCost.cost_id)
        .join(Allocation, Allocation.id == AllocationCost.allocation_id)
        .join(Cost, Cost.id == AllocationCost.cost_id)
        .where(is_effective(), Cost.pool_id == pool_id, Cost.service_date >= day, Allocation.posted_at >= since)
    )
    return session.scalar(statement.limit(1)) is not None


def _pools() -> Select[Any]:
    allocated = effective_allocations()
    waiting = (
        select(
            Cost.pool_id,
            func.count().label("waiting_count"),
            func.sum(Cost.net_cents).label("waiting_cents"),
            func.min(Cost.service_date).label("waiting_from"),
            func.max(Cost.service_date).label("waiting_until"),
        )
        .outerjoin(allocated, allocated.c.cost_id == Cost.id)
        .where(allocated.c.cost_id.is_(None))
        .group_by(Cost.pool_id)
        .subquery()
    )
    columns = columns_of(
        PoolView,
        Pool,
        waiting_count=func.coalesce(waiting.c.waiting_count, 0),
        waiting_cents=cast(func.coalesce(waiting.c.waiting_cents, 0), BigInteger),
        waiting_from=waiting.c.waiting_from,
        waiting_until=waiting.c.waiting_until,
    )
    return select(*columns).select_from(Pool).outerjoin(waiting, waiting.c.pool_id == Pool.id)


def _costs() -> Select[Any]:
    allocated = effective_allocations()
    columns = columns_of(CostView, Cost, allocation_id=allocated.c.allocation_id)
    return select(*columns).select_from(Cost).outerjoin(allocated, allocated.c.cost_id == Cost.id)
