"""The treasurer's part of /today: the steps to the end of the year, open sums, costs by month, cost pools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.pages.costs.pool_rows import PoolRow, percent_of, pool_rows
from app.pages.costs.year_chart import YearChart, cost_chart
from app.wording.formats import format_money, format_short_day
from billing import queries as billing_queries
from billing.queries import MonthCosts, PoolView, YearTotals
from booking import queries


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the year's accounts: what it is, how far it is, and where it is done."""

    title: str
    sentence: str
    is_done: bool
    label: str
    href: str


@dataclass(frozen=True, slots=True)
class OpenSums:
    """What is open in all years."""

    waiting_cents: int
    unpriced: int
    disputed: int


@dataclass(frozen=True, slots=True)
class TreasurerDesk:
    """The steps, the open sums, the totals of the year with their chart, and the pools."""

    steps: tuple[Step, ...]
    open: OpenSums
    year: YearTotals
    percent: int
    chart: YearChart | None
    pools: tuple[PoolRow, ...]

    @property
    def done_count(self) -> int:
        """Return how many steps are done."""
        return sum(step.is_done for step in self.steps)

    @property
    def current(self) -> int | None:
        """Return the place of the first step that is not done."""
        return next((at for at, step in enumerate(self.steps) if not step.is_done), None)

    @property
    def sentence(self) -> str:
        """Return how many steps are left."""
        if left := len(self.steps) - self.done_count:
            return ngettext(
                "The accounts of %(year)s need one more step",
                "The accounts of %(year)s need %(num)s more steps",
                left,
                year=self.year.year,
            )
        return _("Nothing is open: every slip has its price, and all costs are divided")


def treasurer_desk(session: Session, today: date) -> TreasurerDesk:
    """Return the part of the treasurer, in twelve SQL statements; the year is the oldest one with open work."""
    year = billing_queries.year_with_open_work(billing_queries.years_of_ring(session, today), today)
    totals, months = billing_queries.year_totals(session, year), billing_queries.costs_by_month(session, year)
    pools, slugs = billing_queries.pools(session), queries.machine_slugs(session)
    found = OpenSums(
        sum(pool.waiting_cents for pool in pools),
        billing_queries.unpriced_count(session),
        queries.disputed_count(session),
    )
    return TreasurerDesk(
        (_bills(months, pools, year), _prices(found), _objections(found), _division(found, pools)),
        found,
        totals,
        percent_of(totals.divided_cents, totals.cost_cents),
        cost_chart(months, year, today, billing_queries.costs_by_month(session, year - 1)),
        pool_rows(pools, slugs, months, today.month if year == today.year else 12),
    )


def _bills(months: Sequence[MonthCosts], pools: Sequence[PoolView], year: int) -> Step:
    title = _("Enter the bills of %(year)s", year=year)
    if not pools:
        return Step(
            title, _("They are gathered in a cost pool."), False, _("Open a cost pool"), url_for("costs.new_pool")
        )
    count = sum(one.count for one in months)
    if not count:
        return Step(title, _("None has been entered yet."), False, _("Enter a cost"), _bill_address(pools))
    sentence = ngettext(
        "%(num)s bill, the last of %(day)s",
        "%(num)s bills, the last of %(day)s",
        count,
        day=format_short_day(max(one.last_day for one in months)),
    )
    return Step(_("Bills of %(year)s entered", year=year), sentence, True, "", "")


def _bill_address(pools: Sequence[PoolView]) -> str:
    if len(pools) == 1:
        return url_for("costs.new_cost", pool_id=pools[0].id)
    return url_for("costs.index") + "#pools"


def _prices(found: OpenSums) -> Step:
    if not found.unpriced:
        return Step(_("Tariffs set"), _("Every usage slip has its price."), True, "", "")
    title = ngettext("%(num)s usage slip has no price yet", "%(num)s usage slips have no price yet", found.unpriced)
    sentence = _("They are priced as soon as the tariff is entered.")
    return Step(title, sentence, False, _("To the tariffs"), url_for("costs.tariffs"))


def _objections(found: OpenSums) -> Step:
    if not found.disputed:
        return Step(_("No usage slip is disputed"), _("Every objection has its answer."), True, "", "")
    title = ngettext("Clarify %(num)s disputed usage slip", "Clarify %(num)s disputed usage slips", found.disputed)
    sentence = _("The workshops answer before costs are divided.")
    return Step(title, sentence, False, _("Look at them"), url_for("usage.index", disputed=1))


def _division(found: OpenSums, pools: Sequence[PoolView]) -> Step:
    waiting = [pool for pool in pools if pool.waiting_count]
    if not waiting:
        return Step(_("All costs are divided"), _("Each member sees their own part."), True, "", "")
    title = _("Allocate %(sum)s", sum=format_money(found.waiting_cents))
    count = sum(pool.waiting_count for pool in waiting)
    if len(waiting) == 1:
        sentence = ngettext("%(num)s bill in %(pool)s", "%(num)s bills in %(pool)s", count, pool=waiting[0].name)
        return Step(title, sentence, False, _("Preview"), url_for("costs.allocate", pool_id=waiting[0].id))
    sentence = _("%(count)s bills in %(pools)s cost pools", count=count, pools=len(waiting))
    return Step(title, sentence, False, _("To the pools"), "#pools")
