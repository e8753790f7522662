"""Totals of a year: charges, costs, and the allocated part of the costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.models import Charge, Cost
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


def year_totals(session: Session, year: int) -> YearTotals:
    """Return the totals of a year, read in one statement."""
    first, last, allocated = date(year, 1, 1), date(year, 12, 31), effective_allocations()
    charged = select(func.sum(Charge.cents)).where(Charge.service_date.between(first, last))
    costs = select(func.sum(Cost.net_cents)).where(Cost.service_date.between(first, last))
    divided = costs.join(allocated, allocated.c.cost_id == Cost.id)
    sums = session.execute(select(charged.scalar_subquery(), costs.scalar_subquery(), divided.scalar_subquery())).one()
    return YearTotals(year, *(int(cents or 0) for cents in sums))
