"""Totals of a year: charges, costs, and the allocated part of the costs; the years with unallocated costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import extract, func, select
from sqlalchemy.orm import Session

from billing.models import Charge, Cost
from billing.periods import Period, accounting_year
from billing.queries.pools import effective_allocations


@dataclass(frozen=True, slots=True)
class YearTotals:
    """Totals by day of service, in cents.

    charged_cents: usage charges, corrections included. divided_cents: costs in an effective allocation.
    """

    year: int
    charged_cents: int
    cost_cents: int
    divided_cents: int

    @property
    def waiting_cents(self) -> int:
        """Return the unallocated costs of the year."""
        return self.cost_cents - self.divided_cents


@dataclass(frozen=True, slots=True)
class WaitingCosts:
    """The unallocated costs of an accounting year. year: the one in which it begins."""

    year: int
    count: int
    cents: int

    @property
    def period(self) -> Period:
        """Return its first and last day."""
        return accounting_year(date(self.year, 1, 1))


def waiting_by_year(session: Session, *, pool_id: int | None = None) -> tuple[WaitingCosts, ...]:
    """Return the years with unallocated costs, of all pools or one, oldest first."""
    allocated, year = effective_allocations(), extract("year", Cost.service_date)
    statement = (
        select(year, func.count(), func.sum(Cost.net_cents))
        .outerjoin(allocated, allocated.c.cost_id == Cost.id)
        .where(allocated.c.cost_id.is_(None))
        .group_by(year)
        .order_by(year)
    )
    if pool_id is not None:
        statement = statement.where(Cost.pool_id == pool_id)
    return tuple(WaitingCosts(int(of), count, int(cents)) for of, count, cents in session.execute(statement))


def year_totals(session: Session, year: int) -> YearTotals:
    """Return the totals of a year, read in one statement."""
    first, last, allocated = date(year, 1, 1), date(year, 12, 31), effective_allocations()
    charged = select(func.sum(Charge.cents)).where(Charge.service_date.between(first, last))
    costs = select(func.sum(Cost.net_cents)).where(Cost.service_date.between(first, last))
    divided = costs.join(allocated, allocated.c.cost_id == Cost.id)
    sums = session.execute(select(charged.scalar_subquery(), costs.scalar_subquery(), divided.scalar_subquery())).one()
    return YearTotals(year, *(int(cents or 0) for cents in sums))
