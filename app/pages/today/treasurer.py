"""The treasurer's part of /today: the next steps, open sums by age, costs by month, cost pools, use and its costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.pages.costs.books.open_sums import Owed, owed_by_age
from app.pages.costs.pools.pool_rows import PoolRow, key_labels, percent_of, pool_rows
from app.pages.costs.years.machine_years import MachineYearRow, machine_year_rows
from app.pages.costs.years.year_chart import YearChart, cost_chart
from app.pages.today.steps import Facts, Step, facts_of, next_steps, steps
from billing import queries as billing_queries
from billing.queries import YearTotals
from billing.queries.balances import BalanceTotals, balance_totals
from billing.queries.machine_costs import calculated_machine_ids
from booking.queries import machine_slugs

MACHINES_SHOWN = 8


@dataclass(frozen=True, slots=True)
class TreasurerDesk:
    """The next steps, the open sums, the totals of the year with their chart, the pools, and the use of machines.

    steps: those shown, of step_count; done_count of all are done. has_more_machines: not all of them are in uses.
    """

    steps: tuple[Step, ...]
    step_count: int
    done_count: int
    facts: Facts
    balances: BalanceTotals
    owed: Owed
    year: YearTotals
    percent: int
    chart: YearChart | None
    pools: tuple[PoolRow, ...]
    uses: tuple[MachineYearRow, ...]
    has_more_machines: bool

    @property
    def current(self) -> int | None:
        """Return the place of the first step that is not done."""
        return next((at for at, step in enumerate(self.steps) if not step.is_done), None)

    @property
    def sentence(self) -> str:
        """Return how many steps are left."""
        if left := self.step_count - self.done_count:
            return ngettext(
                "The accounts of %(year)s need one more step",
                "The accounts of %(year)s need %(num)s more steps",
                left,
                year=self.year.year,
            )
        return _("Nothing is open: every slip has its price, and all costs are divided")


def treasurer_desk(session: Session, today: date) -> TreasurerDesk:
    """Return the part of the treasurer, in 25 SQL statements, 27 where somebody left.

    The year is the oldest one with open work.
    """
    year = billing_queries.year_with_open_work(billing_queries.years_of_ring(session, today), today)
    totals, months = billing_queries.year_totals(session, year), billing_queries.costs_by_month(session, year)
    pools, slugs = billing_queries.pools(session), machine_slugs(session)
    facts = facts_of(session, year, pools, months, today)
    every = steps(facts)
    machine_ids = _machines(session, [pool.machine_id for pool in pools])
    return TreasurerDesk(
        next_steps(every),
        len(every),
        sum(step.is_done for step in every),
        facts,
        balance_totals(session),
        owed_by_age(session, today),
        totals,
        percent_of(totals.divided_cents, totals.cost_cents),
        cost_chart(months, year, today, billing_queries.costs_by_month(session, year - 1)),
        pool_rows(pools, slugs, months, today.month if year == today.year else 12, key_labels(session)),
        machine_year_rows(session, machine_ids[:MACHINES_SHOWN], pools, year),
        len(machine_ids) > MACHINES_SHOWN,
    )


def _machines(session: Session, with_pools: list[int]) -> list[int]:
    """Return the machines with a pool, then those whose costs were calculated; one more than are shown at most."""
    calculated = calculated_machine_ids(session, limit=MACHINES_SHOWN + 1)
    return list(dict.fromkeys((*with_pools, *calculated)))
