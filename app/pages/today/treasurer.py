"""The treasurer's desk of the day: what comes next, in order, and how far the year's books are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from flask import current_app, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.wording import formats
from billing import queries as billing_queries
from billing.queries import YearTotals
from booking import queries

TASKS_SHOWN = 5
DISPUTES_COUNTED = 100


@dataclass(frozen=True, slots=True)
class Task:
    """Something for the treasurer to do, in words, and where."""

    words: str
    href: str


@dataclass(frozen=True, slots=True)
class TreasurerDesk:
    """What a treasurer wants to know: what comes next, how far the year is, what is open."""

    tasks: tuple[Task, ...]
    year: YearTotals


def treasurer_desk(session: Session, year: int) -> TreasurerDesk:
    """The desk of the treasurer; four statements."""
    return TreasurerDesk(tuple(islice(_tasks(session), TASKS_SHOWN)), billing_queries.year_totals(session, year))


def _tasks(session: Session) -> Iterator[Task]:
    """Prices first, then disputes: both change what an allocation divides."""
    if unpriced := billing_queries.unpriced_count(session):
        words = ngettext(
            "%(num)s usage slip has no price yet: enter a tariff.",
            "%(num)s usage slips have no price yet: enter tariffs.",
            unpriced,
        )
        yield Task(words, _address("costs.tariffs"))
    if disputed := queries.slips(session, only_disputed=True, limit=DISPUTES_COUNTED):
        words = ngettext(
            "%(num)s usage slip is disputed: the workshop answers before costs are divided.",
            "%(num)s usage slips are disputed: the workshops answer before costs are divided.",
            len(disputed),
        )
        yield Task(words, url_for("usage.index", disputed=1))
    for pool in billing_queries.pools(session):
        if pool.waiting_count:
            words = _("%(pool)s: %(sum)s wait to be divided.", pool=pool.name, sum=formats.money(pool.waiting_cents))
            yield Task(words, _address("costs.allocate", pool_id=pool.id))


def _address(endpoint: str, **arguments: Any) -> str:
    return url_for(endpoint, **arguments) if endpoint in current_app.view_functions else ""
