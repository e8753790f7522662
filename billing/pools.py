"""Cost pools and their actual costs: what has been paid for a machine and waits to be divided.

Verbs are given the session and the time, flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, and_, exists, select
from sqlalchemy.orm import Session, aliased

from billing.errors import CostAllocated, CostNotFound, KindInUse, NameTaken, PoolNotFound, UnknownKind
from billing.limits import CENTS_MAX, NAME_LENGTH_MAX, NOTE_LENGTH_MAX, require_between, require_day, require_text
from billing.models import Allocation, AllocationCost, Cost, Pool
from booking import queries
from booking.announcements import RecordChanged
from booking.kernel import events, revisions
from booking.kernel.events import Actor

USE, SHARES, HEAD = "use", "shares", "head"
KEYS = (USE, SHARES, HEAD)
KINDS_MAX = 12


@dataclass(frozen=True, slots=True)
class CostEntry:
    """What stands on a bill. net_cents: without VAT; negative for a credit of the supplier. kind: of the pool."""

    service_date: date
    supplier: str
    kind: str
    net_cents: int
    document: str = ""
    note: str = ""


def enter_pool(
    session: Session, machine_id: int, name: str, rules: Mapping[str, str], *, by: Actor, now: datetime
) -> Pool:
    """Open a pool for the costs of a machine. rules: kind of cost -> key that divides it.

    Raises MachineNotFound, NameTaken, UnknownKind (no kinds), WrongText.
    """
    queries.machine_card(session, machine_id)
    _check_pool(session, name, rules, None)
    pool = Pool(machine_id=machine_id, name=name.strip(), rules=dict(rules))
    session.add(pool)
    _note(session, "pool", pool, by, now)
    return pool


def change_pool(
    session: Session,
    pool_id: int,
    name: str,
    rules: Mapping[str, str],
    *,
    by: Actor,
    now: datetime,
    revision: int | None = None,
) -> Pool:
    """Rename a pool or change its rules; what is posted keeps the rules it was made with.

    Raises PoolNotFound, StaleRevision, NameTaken, UnknownKind, WrongText, KindInUse.
    """
    pool = locked_pool(session, pool_id, revision)
    _check_pool(session, name, rules, pool_id)
    for kind in session.scalars(waiting_costs(pool_id).with_only_columns(Cost.kind).distinct().order_by(Cost.kind)):
        if kind not in rules:
            raise KindInUse(kind=kind)
    pool.name, pool.rules = name.strip(), dict(rules)
    pool.revision += 1
    _note(session, "pool", pool, by, now)
    return pool


def enter_cost(
    session: Session, pool_id: int, entry: CostEntry, *, by: Actor, now: datetime, form_key: str | None = None
) -> Cost:
    """Write a bill into a pool.

    form_key: the caller's own name for this entry; under the same name the bill of the first time is returned.

    Raises PoolNotFound, UnknownKind, WrongAmount, WrongPeriod, WrongText.
    """
    pool = locked_pool(session, pool_id)
    if form_key is not None:
        known = session.scalar(select(Cost).where(Cost.form_key == form_key))
        if known is not None:
            return known
    _check_cost(pool, entry)
    cost = Cost(pool_id=pool_id, entered_at=now, entered_by=by.user_id, form_key=form_key)
    _write(cost, entry)
    session.add(cost)
    _note(session, "cost", cost, by, now)
    return cost


def change_cost(
    session: Session, cost_id: int, entry: CostEntry, *, by: Actor, now: datetime, revision: int | None = None
) -> Cost:
    """Correct a cost that stands in no allocation that counts.

    Raises CostNotFound, StaleRevision, CostAllocated, UnknownKind, WrongAmount, WrongPeriod, WrongText.
    """
    cost, pool = _waiting_cost(session, cost_id, revision)
    _check_cost(pool, entry)
    _write(cost, entry)
    cost.revision += 1
    _note(session, "cost", cost, by, now)
    return cost


def delete_cost(session: Session, cost_id: int, *, by: Actor, now: datetime, revision: int | None = None) -> None:
    """Take out a cost that never stood in an allocation. Raises CostNotFound, StaleRevision, CostAllocated."""
    cost, _pool = _waiting_cost(session, cost_id, revision)
    if session.scalar(select(exists().where(AllocationCost.cost_id == cost_id))):
        raise CostAllocated(id=cost_id)
    session.delete(cost)
    session.flush()
    events.record(session, RecordChanged("cost", cost_id, "deleted"), by=by, at=now)


def locked_pool(session: Session, pool_id: int, revision: int | None = None) -> Pool:
    """A pool, locked: what changes its costs, shares or allocations follows one another.

    Raises PoolNotFound, StaleRevision.
    """
    return revisions.locked(session, Pool, pool_id, missing=PoolNotFound, revision=revision)


def counts() -> ColumnElement[bool]:
    """A condition on Allocation: it counts, for it is no reversal and none takes it back."""
    reversal = aliased(Allocation)
    return and_(Allocation.reverses_id.is_(None), ~exists().where(reversal.reverses_id == Allocation.id))


def waiting_costs(pool_id: int) -> Select[Cost]:
    """A statement: the costs of a pool that stand in no allocation that counts."""
    is_divided = exists().where(
        AllocationCost.cost_id == Cost.id, Allocation.id == AllocationCost.allocation_id, counts()
    )
    return select(Cost).where(Cost.pool_id == pool_id, ~is_divided)


def _waiting_cost(session: Session, cost_id: int, revision: int | None) -> tuple[Cost, Pool]:
    pool_id = session.scalar(select(Cost.pool_id).where(Cost.id == cost_id))
    if pool_id is None:
        raise CostNotFound(id=cost_id)
    pool = locked_pool(session, pool_id)
    cost = session.get(Cost, cost_id, populate_existing=True)
    if cost is None:
        raise CostNotFound(id=cost_id)
    if session.scalar(waiting_costs(pool_id).where(Cost.id == cost_id).with_only_columns(Cost.id)) is None:
        raise CostAllocated(id=cost_id)
    revisions.require_revision(revision, cost.revision)
    return cost, pool


def _check_pool(session: Session, name: str, rules: Mapping[str, str], pool_id: int | None) -> None:
    require_text("name", name, NAME_LENGTH_MAX, shortest=1)
    if not 1 <= len(rules) <= KINDS_MAX:
        raise UnknownKind(kind="", kinds=list(rules))
    for kind, key in rules.items():
        require_text("kind", kind, NAME_LENGTH_MAX, shortest=1)
        if key not in KEYS:
            raise ValueError(f"no key {key!r}")
    if session.scalar(select(exists().where(Pool.name == name.strip(), Pool.id != (pool_id or 0)))):
        raise NameTaken(name=name)


def _check_cost(pool: Pool, entry: CostEntry) -> None:
    require_day(entry.service_date)
    require_text("supplier", entry.supplier, NAME_LENGTH_MAX, shortest=1)
    require_text("document", entry.document, NAME_LENGTH_MAX)
    require_text("note", entry.note, NOTE_LENGTH_MAX)
    require_between("net_cents", abs(entry.net_cents), 1, CENTS_MAX)
    if entry.kind not in pool.rules:
        raise UnknownKind(kind=entry.kind, kinds=list(pool.rules))


def _write(cost: Cost, entry: CostEntry) -> None:
    cost.service_date, cost.kind, cost.net_cents = entry.service_date, entry.kind, entry.net_cents
    cost.supplier, cost.document, cost.note = entry.supplier.strip(), entry.document.strip(), entry.note.strip()


def _note(session: Session, table: str, record: Pool | Cost, by: Actor, now: datetime) -> None:
    session.flush()
    events.record(session, RecordChanged(table, record.id), by=by, at=now)
