"""A year of the ring's money in a few sums: what its uses were charged, what it cost, how much of that is divided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.models import Charge, Cost
from billing.queries.pools import counting


@dataclass(frozen=True, slots=True)
class YearFigures:
    """All by day of service, in cents. charged: prices of uses, corrections included; divided: costs in an
    allocation that counts."""

    year: int
    charged_cents: int
    cost_cents: int
    divided_cents: int

    @property
    def waiting_cents(self) -> int:
        """Costs of the year that nobody bears yet."""
        return self.cost_cents - self.divided_cents


def year_figures(session: Session, year: int) -> YearFigures:
    """The sums of a year; one statement."""
    first, last, taken = date(year, 1, 1), date(year, 12, 31), counting()
    charged = select(func.sum(Charge.cents)).where(Charge.service_date.between(first, last))
    costs = select(func.sum(Cost.net_cents)).where(Cost.service_date.between(first, last))
    divided = costs.join(taken, taken.c.cost_id == Cost.id)
    sums = session.execute(select(charged.scalar_subquery(), costs.scalar_subquery(), divided.scalar_subquery())).one()
    return YearFigures(year, *(int(cents or 0) for cents in sums))
