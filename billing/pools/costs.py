"""The actual costs (bills) of cost pools: entering, correcting and deleting them.

The functions flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from billing.errors.money_errors import CostAllocated, CostNotFound, UnknownKind
from billing.limits import (
    CENTS_MAX,
    NAME_LENGTH_MAX,
    NOTE_LENGTH_MAX,
    require_between,
    require_day,
    require_tax_code,
    require_text,
)
from billing.models import AllocationCost, Cost, Pool, RecurringPeriod
from billing.pools.plausibility import Bill, far_day, require_confirmed, unusual_amount
from billing.pools.pools import locked_pool
from billing.pools.unallocated import unallocated_costs
from booking.events.reservation_events import RecordChanged
from booking.kernel import events, revisions
from booking.kernel.events import Actor


@dataclass(frozen=True, slots=True)
class CostEntry:
    """The content of a bill. net_cents: without VAT; negative for a supplier's credit. kind: one of the pool's."""

    service_date: date
    supplier: str
    kind: str
    net_cents: int
    document: str = ""
    note: str = ""


def enter_cost(
    session: Session,
    pool_id: int,
    entry: CostEntry,
    *,
    by: Actor,
    now: datetime,
    form_key: str | None = None,
    tax_code: str | None = None,
    confirmed_cents: int | None = None,
) -> Cost:
    """Enter a cost in a pool.

    form_key: idempotency key of the caller; a second call with the same key returns the cost of the first.
    tax_code: None means "as entered": no tax is computed. confirmed_cents: the unusual amount that was confirmed.

    Raises PoolNotFound, UnknownKind, WrongAmount, WrongPeriod, WrongText, UnusualCost.
    """
    pool = locked_pool(session, pool_id)
    if form_key is not None:
        entered = session.scalar(select(Cost).where(Cost.form_key == form_key))
        if entered is not None:
            return entered
    _check_cost(pool, entry)
    require_tax_code(tax_code)
    bill = Bill(entry.kind, entry.supplier, entry.net_cents)
    unusual = [*far_day(session, entry.service_date, now), *unusual_amount(session, pool_id, bill)]
    require_confirmed(unusual, entry.net_cents, confirmed_cents)
    cost = Cost(pool_id=pool_id, tax_code=tax_code, entered_at=now, entered_by=by.user_id, form_key=form_key)
    _assign(cost, entry)
    session.add(cost)
    _record_change(session, cost, by, now)
    return cost


def change_cost(
    session: Session,
    cost_id: int,
    entry: CostEntry,
    *,
    by: Actor,
    now: datetime,
    revision: int | None = None,
    confirmed_cents: int | None = None,
) -> Cost:
    """Correct a cost that is not in an effective allocation. Its stored amount is not asked about again.

    Raises CostNotFound, StaleRevision, CostAllocated, UnknownKind, WrongAmount, WrongPeriod, WrongText, UnusualCost.
    """
    cost, pool = _unallocated_cost(session, cost_id, revision)
    _check_cost(pool, entry)
    unusual = far_day(session, entry.service_date, now) if entry.service_date != cost.service_date else []
    if entry.net_cents != cost.net_cents:
        unusual += unusual_amount(session, pool.id, Bill(entry.kind, entry.supplier, entry.net_cents, cost_id))
    require_confirmed(unusual, entry.net_cents, confirmed_cents)
    _assign(cost, entry)
    cost.revision += 1
    _record_change(session, cost, by, now)
    return cost


def delete_cost(session: Session, cost_id: int, *, by: Actor, now: datetime, revision: int | None = None) -> None:
    """Delete a cost that was never in an allocation; a recurring cost proposes its period again.

    Raises CostNotFound, StaleRevision, CostAllocated.
    """
    cost, _pool = _unallocated_cost(session, cost_id, revision)
    if session.scalar(select(exists().where(AllocationCost.cost_id == cost_id))):
        raise CostAllocated(id=cost_id)
    session.execute(delete(RecurringPeriod).where(RecurringPeriod.cost_id == cost_id))
    session.delete(cost)
    session.flush()
    events.record(session, RecordChanged(table="cost", record_id=cost_id, what="deleted"), by=by, at=now)


def _unallocated_cost(session: Session, cost_id: int, revision: int | None) -> tuple[Cost, Pool]:
    pool_id = session.scalar(select(Cost.pool_id).where(Cost.id == cost_id))
    if pool_id is None:
        raise CostNotFound(id=cost_id)
    pool = locked_pool(session, pool_id)
    cost = session.get(Cost, cost_id, populate_existing=True)
    if cost is None:
        raise CostNotFound(id=cost_id)
    if session.scalar(unallocated_costs(pool_id).where(Cost.id == cost_id).with_only_columns(Cost.id)) is None:
        raise CostAllocated(id=cost_id)
    revisions.require_revision(revision, cost.revision)
    return cost, pool


def _check_cost(pool: Pool, entry: CostEntry) -> None:
    require_day("service_date", entry.service_date)
    require_text("supplier", entry.supplier, NAME_LENGTH_MAX, shortest=1)
    require_text("document", entry.document, NAME_LENGTH_MAX)
    require_text("note", entry.note, NOTE_LENGTH_MAX)
    require_between("net_cents", abs(entry.net_cents), 1, CENTS_MAX)
    if entry.kind not in pool.rules:
        raise UnknownKind(kind=entry.kind, kinds=list(pool.rules))


def _assign(cost: Cost, entry: CostEntry) -> None:
    cost.service_date, cost.kind, cost.net_cents = entry.service_date, entry.kind, entry.net_cents
    cost.supplier, cost.document, cost.note = entry.supplier.strip(), entry.document.strip(), entry.note.strip()


def _record_change(session: Session, cost: Cost, by: Actor, now: datetime) -> None:
    session.flush()
    events.record(session, RecordChanged(table="cost", record_id=cost.id), by=by, at=now)
