"""Views of recurring costs: those of a pool, what is proposed now, what was answered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ScalarSelect, func, or_, select
from sqlalchemy.orm import Session

from billing.errors.cost_errors import NotProposed, RecurringCostNotFound
from billing.models import Pool, RecurringCost, RecurringPeriod
from billing.pools.recurring_days import days_until, last_day_of


@dataclass(frozen=True, slots=True)
class RecurringCostView:
    """A recurring cost; see billing.recurring_costs.RecurringInput. is_used: one of its proposals was answered."""

    id: int
    pool_id: int
    name: str
    supplier: str
    kind: str
    net_cents: int
    every_months: int
    first_on: date
    last_on: date | None
    revision: int
    is_used: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """A period that lacks the cost. last_on: its last day."""

    recurring: RecurringCostView
    pool_name: str
    begins_on: date
    last_on: date


@dataclass(frozen=True, slots=True)
class AnsweredPeriod:
    """A period that was answered. cost_id: the cost that was entered, None where it was dismissed."""

    begins_on: date
    cost_id: int | None


_ANSWERED = select(RecurringPeriod.recurring_id).where(RecurringPeriod.recurring_id == RecurringCost.id).exists()
_COLUMNS = (
    *(RecurringCost.id, RecurringCost.pool_id, RecurringCost.name, RecurringCost.supplier, RecurringCost.kind),
    *(RecurringCost.net_cents, RecurringCost.every_months, RecurringCost.first_on, RecurringCost.last_on),
    *(RecurringCost.revision, _ANSWERED.label("is_used")),
)


def recurring_costs(
    session: Session, pool_id: int, *, limit: int = 25, offset: int = 0
) -> tuple[tuple[RecurringCostView, ...], bool]:
    """Return a page of the recurring costs of a pool by name, and whether there are more."""
    statement = select(*_COLUMNS).where(RecurringCost.pool_id == pool_id).order_by(RecurringCost.name)
    rows = session.execute(statement.limit(limit + 1).offset(offset)).all()
    return tuple(RecurringCostView(*row) for row in rows[:limit]), len(rows) > limit


def recurring_cost(session: Session, recurring_id: int) -> RecurringCostView:
    """Return a recurring cost. Raises RecurringCostNotFound."""
    row = session.execute(select(*_COLUMNS).where(RecurringCost.id == recurring_id)).one_or_none()
    if row is None:
        raise RecurringCostNotFound(id=recurring_id)
    return RecurringCostView(*row)


def proposals(session: Session, today: date, *, pool_id: int | None = None) -> tuple[Proposal, ...]:
    """Return the periods that have begun and lack their cost, the oldest first; of one pool, or of all.

    The database counts what was answered; the answers are read only of recurring costs that lack one.
    """
    statement = select(_answer_count(today), *_COLUMNS)
    if pool_id is not None:
        statement = statement.where(RecurringCost.pool_id == pool_id)
    names = {row.id: row.name for row in session.execute(select(Pool.id, Pool.name))}
    lacking: list[tuple[RecurringCostView, list[date]]] = []
    for answers, *values in session.execute(statement):
        view = RecurringCostView(*values)
        days = list(days_until(view.first_on, view.every_months, min(today, view.last_on or today)))
        if answers < len(days):
            lacking.append((view, days))
    answered = _answered_days(session, [view.id for view, _days in lacking])
    found = [
        _proposal(view, names[view.pool_id], day)
        for view, days in lacking
        for day in days
        if day not in answered[view.id]
    ]
    return tuple(sorted(found, key=lambda one: (one.begins_on, one.pool_name, one.recurring.name)))


def proposal(session: Session, recurring_id: int, begins_on: date) -> Proposal:
    """Return what would be proposed for a period, answered or not. Raises RecurringCostNotFound, NotProposed."""
    view = recurring_cost(session, recurring_id)
    name = session.scalars(select(Pool.name).where(Pool.id == view.pool_id)).one()
    try:
        return _proposal(view, name, begins_on)
    except ValueError:
        raise NotProposed(begins_on=begins_on.isoformat()) from None


def answered_periods(
    session: Session, recurring_id: int, *, limit: int, offset: int = 0
) -> tuple[tuple[AnsweredPeriod, ...], bool]:
    """Return the answered periods of a recurring cost, the newest first, and whether there are more."""
    statement = select(RecurringPeriod.begins_on, RecurringPeriod.cost_id)
    statement = statement.where(RecurringPeriod.recurring_id == recurring_id)
    statement = statement.order_by(RecurringPeriod.begins_on.desc()).limit(limit + 1).offset(offset)
    rows = [AnsweredPeriod(*row) for row in session.execute(statement)]
    return tuple(rows[:limit]), len(rows) > limit


def _answer_count(today: date) -> ScalarSelect[int]:
    """Return the count of the answered periods that a recurring cost would propose until today."""
    begins_on = RecurringPeriod.begins_on
    return (
        select(func.count(begins_on))
        .where(RecurringPeriod.recurring_id == RecurringCost.id, begins_on <= today)
        .where(or_(RecurringCost.last_on.is_(None), begins_on <= RecurringCost.last_on))
        .scalar_subquery()
    )


def _answered_days(session: Session, recurring_ids: Collection[int]) -> dict[int, set[date]]:
    """Return recurring id -> the days on which its answered periods begin."""
    found: dict[int, set[date]] = defaultdict(set)
    if recurring_ids:
        wanted = select(RecurringPeriod.recurring_id, RecurringPeriod.begins_on)
        for recurring_id, day in session.execute(wanted.where(RecurringPeriod.recurring_id.in_(recurring_ids))):
            found[recurring_id].add(day)
    return found


def _proposal(view: RecurringCostView, pool_name: str, begins_on: date) -> Proposal:
    return Proposal(view, pool_name, begins_on, last_day_of(begins_on, view.first_on, view.every_months))
