"""The checklist before a period is closed: what is missing in it. Reads only.

Codes of the points, in their order: events (hand-backs that are not processed yet), failed (slips that could not be
priced because an error happened), unpriced (slips without a price, because a tariff is missing), still_out (uses that
have not ended), disputed (objections without an answer), held (deposits that wait for the price of a use that has
ended), unallocated (costs that are not divided), without_costs (pools that have no cost in the period).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from billing.closing.failed_pricing import failed_slips
from billing.fees.deposits import held_for
from billing.models import Cost, Pool, Unpriced
from billing.period_names import PeriodSpan
from billing.pools.unallocated import is_unallocated
from billing.subscribers import SUBSCRIPTIONS
from booking.kernel.deliveries import untried_count
from booking.queries.usage import ended_uses, unfinished_use

EVENTS, FAILED, UNPRICED, STILL_OUT, DISPUTED = "events", "failed", "unpriced", "still_out", "disputed"
HELD = "held"
UNALLOCATED, WITHOUT_COSTS = "unallocated", "without_costs"
BLOCKING = (EVENTS,)  # it is settled by itself within seconds


SLIPS_MAX = 20


@dataclass(frozen=True, slots=True)
class OpenPoint:
    """Something that is missing in a period.

    cents: of unallocated costs; pools: id -> name, of without_costs; slips: of failed and held, at most SLIPS_MAX.
    """

    code: str
    count: int
    cents: int = 0
    pools: tuple[tuple[int, str], ...] = ()
    slips: tuple[int, ...] = ()

    @property
    def blocks(self) -> bool:
        """Return whether the period cannot be closed as long as it is open, even if the treasurer accepts it."""
        return self.code in BLOCKING


def open_points(session: Session, period: PeriodSpan) -> tuple[OpenPoint, ...]:
    """Return what is missing in a period; slips without a price and costs also of those before it."""
    return tuple(point for point in _points(session, period) if point.count)


def _points(session: Session, period: PeriodSpan) -> Iterator[OpenPoint]:
    use = unfinished_use(session, period.first_day, period.last_day)
    yield OpenPoint(EVENTS, sum(untried_count(session, one) for one in SUBSCRIPTIONS))
    failed = failed_slips(session, period.last_day)
    yield OpenPoint(FAILED, len(failed), slips=failed[:SLIPS_MAX])
    unpriced = select(func.count()).select_from(Unpriced).where(Unpriced.service_date <= period.last_day)
    yield OpenPoint(UNPRICED, session.scalar(unpriced) or 0)
    yield OpenPoint(STILL_OUT, use.out)
    yield OpenPoint(DISPUTED, use.disputed)
    held = ended_uses(session, held_for(session, period.last_day))
    yield OpenPoint(HELD, len(held), slips=held[:SLIPS_MAX])
    costs = select(func.count(), func.coalesce(func.sum(Cost.net_cents), 0))
    count, cents = session.execute(costs.where(is_unallocated(), Cost.service_date <= period.last_day)).one()
    yield OpenPoint(UNALLOCATED, count, int(cents))
    has_cost = exists().where(Cost.pool_id == Pool.id, Cost.service_date.between(period.first_day, period.last_day))
    without = session.execute(select(Pool.id, Pool.name).where(~has_cost).order_by(Pool.name, Pool.id))
    pools = tuple((pool_id, name) for pool_id, name in without)
    yield OpenPoint(WITHOUT_COSTS, len(pools), pools=pools)
