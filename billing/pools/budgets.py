"""The budget of a pool: what each kind of cost is expected to be in a calendar year. It flushes and never commits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from billing.errors.money_errors import UnknownKind
from billing.limits import CENTS_MAX, FIRST_DAY, LAST_DAY, require_between
from billing.models import Budget, Pool
from billing.pools.pools import locked_pool
from booking.events.reservation_events import RecordChanged
from booking.kernel import events
from booking.kernel.events import Actor


def set_budget(
    session: Session,
    pool_id: int,
    year: int,
    cents_by_kind: Mapping[str, int],
    *,
    by: Actor,
    now: datetime,
    revision: int | None = None,
) -> Pool:
    """Replace the budget of a pool for a year; kinds that are left out have none. revision: of the pool.

    What was planned for kinds that the pool no longer has stays: whoever enters a budget is not asked about them.

    Raises PoolNotFound, StaleRevision, UnknownKind, WrongAmount.
    """
    pool = locked_pool(session, pool_id, revision)
    require_between("year", year, FIRST_DAY.year, LAST_DAY.year)
    for kind, cents in cents_by_kind.items():
        require_between("net_cents", cents, 0, CENTS_MAX)
        if kind not in pool.rules:
            raise UnknownKind(kind=kind, kinds=list(pool.rules))
    replaced = Budget.pool_id == pool_id, Budget.year == year, Budget.kind.in_(pool.rules)
    session.execute(delete(Budget).where(*replaced))
    session.add_all(
        Budget(pool_id=pool_id, year=year, kind=kind, net_cents=cents) for kind, cents in cents_by_kind.items()
    )
    pool.revision += 1
    session.flush()
    events.record(session, RecordChanged(table="pool", record_id=pool_id, what="budget"), by=by, at=now)
    return pool
