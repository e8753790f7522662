"""The treasurer's part of /today: the next tasks in order, and how far the year's accounts are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.wording import formats
from billing import queries as billing_queries
from billing.queries import YearTotals
from booking import queries

TASKS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Task:
    """Something for the treasurer to do: its sentence, and the button with the address where it is done."""

    sentence: str
    label: str
    href: str


@dataclass(frozen=True, slots=True)
class TreasurerDesk:
    """The next tasks, and the totals of the year."""

    tasks: tuple[Task, ...]
    year: YearTotals


def treasurer_desk(session: Session, today: date) -> TreasurerDesk:
    """Return the part of the treasurer, in nine SQL statements; the year is the oldest one with open work."""
    year = billing_queries.year_with_open_work(billing_queries.years_of_ring(session, today), today)
    return TreasurerDesk(tuple(islice(_tasks(session), TASKS_SHOWN)), billing_queries.year_totals(session, year))


def _tasks(session: Session) -> Iterator[Task]:
    """Yield prices first, then disputes: both change what an allocation divides."""
    if unpriced := billing_queries.unpriced_count(session):
        sentence = ngettext(
            "%(num)s usage slip has no price yet: enter a tariff.",
            "%(num)s usage slips have no price yet: enter tariffs.",
            unpriced,
        )
        yield Task(sentence, _("To the tariffs"), url_for("costs.tariffs"))
    if disputed := queries.disputed_count(session):
        sentence = ngettext(
            "%(num)s usage slip is disputed: the workshop answers before costs are divided.",
            "%(num)s usage slips are disputed: the workshops answer before costs are divided.",
            disputed,
        )
        yield Task(sentence, _("Look at them"), url_for("usage.index", disputed=1))
    for pool in billing_queries.pools(session):
        if pool.waiting_count:
            sentence = _(
                "%(pool)s: %(sum)s still to be allocated.", pool=pool.name, sum=formats.format_money(pool.waiting_cents)
            )
            yield Task(sentence, _("Preview"), url_for("costs.allocate", pool_id=pool.id))
