"""Costs that a pool has each month, quarter or year: entered once, then proposed for each period that has begun.

A proposal becomes an ordinary cost, is changed on the way, or is dismissed. It is answered once: the database refuses
a second answer. The functions flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from billing.errors.cost_errors import NotProposed, PeriodAnswered, RecurringCostNotFound, RecurringCostUsed
from billing.errors.money_errors import NameTaken, UnknownKind, WrongPeriod
from billing.limits import CENTS_MAX, NAME_LENGTH_MAX, require_between, require_day, require_text
from billing.models import Cost, Pool, RecurringCost, RecurringPeriod
from billing.pools.costs import CostEntry, enter_cost
from billing.pools.pools import locked_pool
from billing.pools.recurring_days import LENGTHS, last_day_of
from booking.events.reservation_events import RecordChanged
from booking.kernel import events, revisions
from booking.kernel.events import Actor


@dataclass(frozen=True, slots=True)
class RecurringInput:
    """What comes again. net_cents: of one period, without VAT; every_months: 1, 3 or 12.

    first_on: the first day of the first period; last_on: no period begins after it.
    """

    name: str
    supplier: str
    kind: str
    net_cents: int
    every_months: int
    first_on: date
    last_on: date | None = None


def enter_recurring_cost(
    session: Session, pool_id: int, entry: RecurringInput, *, by: Actor, now: datetime
) -> RecurringCost:
    """Enter what a pool pays again and again.

    Raises PoolNotFound, NameTaken, UnknownKind, WrongAmount, WrongPeriod, WrongText.
    """
    _check(session, locked_pool(session, pool_id), entry)
    recurring = RecurringCost(pool_id=pool_id)
    _assign(recurring, entry)
    session.add(recurring)
    _record(session, recurring, "changed", by, now)
    return recurring


def change_recurring_cost(
    session: Session, recurring_id: int, entry: RecurringInput, *, by: Actor, now: datetime, revision: int | None = None
) -> RecurringCost:
    """Change what is proposed from now on; costs that were entered stay. Once a proposal was answered, the days stay.

    Raises RecurringCostNotFound, StaleRevision, RecurringCostUsed, and as enter_recurring_cost().
    """
    recurring, pool = _locked(session, recurring_id, revision)
    _check(session, pool, entry, recurring_id)
    days = recurring.every_months, recurring.first_on
    if days != (entry.every_months, entry.first_on) and _is_answered(session, recurring_id):
        raise RecurringCostUsed(id=recurring_id)
    _assign(recurring, entry)
    recurring.revision += 1
    _record(session, recurring, "changed", by, now)
    return recurring


def delete_recurring_cost(
    session: Session, recurring_id: int, *, by: Actor, now: datetime, revision: int | None = None
) -> None:
    """Delete one of which no proposal was answered. Raises RecurringCostNotFound, StaleRevision, RecurringCostUsed."""
    recurring, _pool = _locked(session, recurring_id, revision)
    if _is_answered(session, recurring_id):
        raise RecurringCostUsed(id=recurring_id)
    session.delete(recurring)
    _record(session, recurring, "deleted", by, now)


def accept_proposal(
    session: Session,
    recurring_id: int,
    begins_on: date,
    entry: CostEntry | None = None,
    *,
    today: date,
    by: Actor,
    now: datetime,
    revision: int | None = None,
    confirmed_cents: int | None = None,
) -> int:
    """Enter the cost of a period and return its id; the same acceptance once more returns the same cost.

    entry: what was changed; None accepts what is proposed. revision: of the recurring cost that was shown.

    Raises RecurringCostNotFound, StaleRevision, NotProposed, PeriodAnswered, and as enter_cost().
    """
    recurring, _pool = _locked(session, recurring_id)
    wanted = proposed_entry(recurring, begins_on) if entry is None else entry
    answer = session.get(RecurringPeriod, (recurring_id, begins_on), populate_existing=True)
    if answer is not None:
        return _same_cost(session, answer, wanted)
    revisions.require_revision(revision, recurring.revision)
    _require_proposed(recurring, begins_on, today)
    # What is proposed was entered by the treasurer, and is not asked about again.
    confirmed = recurring.net_cents if wanted.net_cents == recurring.net_cents else confirmed_cents
    cost = enter_cost(session, recurring.pool_id, wanted, by=by, now=now, confirmed_cents=confirmed)
    _answer(session, recurring, begins_on, cost.id, by, now)
    return cost.id


def dismiss_proposal(
    session: Session, recurring_id: int, begins_on: date, *, today: date, by: Actor, now: datetime
) -> None:
    """Note that a period has no such cost; once more changes nothing.

    Raises RecurringCostNotFound, NotProposed, PeriodAnswered (its cost was entered).
    """
    recurring, _pool = _locked(session, recurring_id)
    answer = session.get(RecurringPeriod, (recurring_id, begins_on), populate_existing=True)
    if answer is None:
        _require_proposed(recurring, begins_on, today)
        _answer(session, recurring, begins_on, None, by, now)
    elif answer.cost_id is not None:
        raise PeriodAnswered(begins_on=begins_on.isoformat(), cost_id=answer.cost_id)


def propose_again(
    session: Session, recurring_id: int, begins_on: date, *, today: date, by: Actor, now: datetime
) -> None:
    """Take back that a period was dismissed; once more changes nothing.

    Raises RecurringCostNotFound, NotProposed, PeriodAnswered (its cost was entered: delete that one).
    """
    recurring, _pool = _locked(session, recurring_id)
    answer = session.get(RecurringPeriod, (recurring_id, begins_on), populate_existing=True)
    if answer is not None and answer.cost_id is not None:
        raise PeriodAnswered(begins_on=begins_on.isoformat(), cost_id=answer.cost_id)
    _require_proposed(recurring, begins_on, today)
    if answer is not None:
        session.delete(answer)
        _record(session, recurring, "proposed_again", by, now)


def proposed_entry(recurring: RecurringCost, begins_on: date) -> CostEntry:
    """Return the bill that is proposed for a period: its first day is the day of service, the name is its note."""
    return CostEntry(begins_on, recurring.supplier, recurring.kind, recurring.net_cents, note=recurring.name)


def _same_cost(session: Session, answer: RecurringPeriod, wanted: CostEntry) -> int:
    """Return the cost of a period that is answered already, if it is the one that is wanted now."""
    if answer.cost_id is not None:
        cost = session.get_one(Cost, answer.cost_id, populate_existing=True)
        stored = CostEntry(cost.service_date, cost.supplier, cost.kind, cost.net_cents, cost.document, cost.note)
        if stored == wanted:
            return cost.id
    raise PeriodAnswered(begins_on=answer.begins_on.isoformat(), cost_id=answer.cost_id)


def _answer(
    session: Session, recurring: RecurringCost, begins_on: date, cost_id: int | None, by: Actor, now: datetime
) -> None:
    row = RecurringPeriod(recurring_id=recurring.id, begins_on=begins_on, cost_id=cost_id)
    row.answered_at, row.answered_by = now, by.user_id
    session.add(row)
    _record(session, recurring, "dismissed" if cost_id is None else "accepted", by, now)


def _locked(session: Session, recurring_id: int, revision: int | None = None) -> tuple[RecurringCost, Pool]:
    """Lock the pool, as whoever changes its costs does, and read the recurring cost after that."""
    pool_id = session.scalar(select(RecurringCost.pool_id).where(RecurringCost.id == recurring_id))
    if pool_id is None:
        raise RecurringCostNotFound(id=recurring_id)
    pool = locked_pool(session, pool_id)
    recurring = session.get(RecurringCost, recurring_id, populate_existing=True)
    if recurring is None:
        raise RecurringCostNotFound(id=recurring_id)
    revisions.require_revision(revision, recurring.revision)
    return recurring, pool


def _require_proposed(recurring: RecurringCost, begins_on: date, today: date) -> None:
    try:
        last_day_of(begins_on, recurring.first_on, recurring.every_months)
    except ValueError:
        raise NotProposed(begins_on=begins_on.isoformat()) from None
    if begins_on > today or (recurring.last_on is not None and begins_on > recurring.last_on):
        raise NotProposed(begins_on=begins_on.isoformat())


def _is_answered(session: Session, recurring_id: int) -> bool:
    return bool(session.scalar(select(exists().where(RecurringPeriod.recurring_id == recurring_id))))


def _check(session: Session, pool: Pool, entry: RecurringInput, recurring_id: int = 0) -> None:
    require_text("name", entry.name, NAME_LENGTH_MAX, shortest=1)
    require_text("supplier", entry.supplier, NAME_LENGTH_MAX, shortest=1)
    require_between("net_cents", entry.net_cents, 1, CENTS_MAX)
    require_day("first_on", entry.first_on)
    if entry.every_months not in LENGTHS:
        raise ValueError(f"every {entry.every_months} months")
    if entry.last_on is not None:
        require_day("last_on", entry.last_on)
        if entry.last_on < entry.first_on:
            raise WrongPeriod(field="last_on", period_from=entry.last_on, period_until=entry.last_on)
    if entry.kind not in pool.rules:
        raise UnknownKind(kind=entry.kind, kinds=list(pool.rules))
    same = RecurringCost.pool_id == pool.id, RecurringCost.name == entry.name.strip(), RecurringCost.id != recurring_id
    if session.scalar(select(exists().where(*same))):
        raise NameTaken(name=entry.name)


def _assign(recurring: RecurringCost, entry: RecurringInput) -> None:
    recurring.name, recurring.supplier, recurring.kind = entry.name.strip(), entry.supplier.strip(), entry.kind
    recurring.net_cents, recurring.every_months = entry.net_cents, entry.every_months
    recurring.first_on, recurring.last_on = entry.first_on, entry.last_on


def _record(session: Session, recurring: RecurringCost, what: str, by: Actor, now: datetime) -> None:
    session.flush()
    events.record(session, RecordChanged(table="recurring_cost", record_id=recurring.id, what=what), by=by, at=now)
