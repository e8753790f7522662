"""The period whose use decides an allocation: the one proposed, and what another one would change. Reads only."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from billing.allocations.bearers import Bearers
from billing.allocations.preview_models import Preview
from billing.models import Pool
from billing.pools.scopes import pieces_of

Period = tuple[date, date]  # first and last day


@dataclass(frozen=True, slots=True)
class PeriodEffect:
    """What another period would change in a preview: who bears the costs that are divided by use.

    bearers: how many members used the machine in that period. dropped, added: members by id, compared with the
    preview.
    """

    period_from: date
    period_until: date
    bearers: int
    dropped: tuple[int, ...]
    added: tuple[int, ...]


def accounting_year(day: date) -> Period:
    """Return the accounting year of a day: the calendar year."""
    return date(day.year, 1, 1), date(day.year, 12, 31)


def proposed_period(oldest_cost: date | None, today: date) -> Period:
    """Return the accounting year of the oldest unallocated cost of a pool; without one, that of today."""
    return accounting_year(oldest_cost or today)


def other_periods(session: Session, preview: Preview) -> tuple[PeriodEffect, ...]:
    """Return what the accounting years and the months of the costs would change, where they are other periods.

    Empty where no cost group depends on the use of the period alone; meters, for one, have nothing to do with it.
    """
    if not preview.groups_by_use:
        return ()
    pool = session.get_one(Pool, preview.pool_id)
    bearers = Bearers(session, pool.id, excludes_guests=pool.excludes_guests)
    present = preview.bearer_ids_by_period
    effects = []
    for since, until in dict.fromkeys(_candidates(preview)):
        users = bearers.with_use(pieces_of(session, pool, since, until))
        dropped, added = tuple(sorted(present - users)), tuple(sorted(users - present))
        effects.append(PeriodEffect(since, until, len(users), dropped, added))
    return tuple(effects)


def _candidates(preview: Preview) -> Iterator[Period]:
    first, last = preview.costs[0].service_date, preview.costs[-1].service_date
    years = accounting_year(first)[0], accounting_year(last)[1]
    last_of_month = calendar.monthrange(last.year, last.month)[1]
    months = first.replace(day=1), last.replace(day=last_of_month)
    yield from (period for period in (years, months) if period != (preview.period_from, preview.period_until))
