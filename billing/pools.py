"""Cost pools and the actual costs (bills) entered in them.

The functions that write flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, select
from sqlalchemy.orm import Session, aliased

from billing.cost_errors import KindRecurs, UnknownKey
from billing.errors import CostAllocated, CostNotFound, KindInUse, NameTaken, OtherPoolCounts, PoolNotFound, UnknownKind
from billing.limits import (
    CENTS_MAX,
    FIRST_DAY,
    LAST_DAY,
    NAME_LENGTH_MAX,
    NOTE_LENGTH_MAX,
    require_between,
    require_day,
    require_tax_code,
    require_text,
)
from billing.models import Allocation, AllocationCost, Cost, Pool, PoolKey, RecurringCost, RecurringPeriod
from billing.plausibility import Bill, far_day, require_confirmed, unusual_amount
from billing.scopes import Piece, overlap, pieces_of
from booking import queries
from booking.events import RecordChanged
from booking.kernel import events, revisions
from booking.kernel.events import Actor

USE, SHARES, HEAD = "use", "shares", "head"
INCOME, ADVANCE = "income", "advance"  # what the charges of the machine are
KEYS = (USE, SHARES, HEAD)
OWN, OWN_PREFIX = "own", "key-"  # a cost group divided by a key that the pool composed; its rules name it by its id
KINDS_MAX = 12
COUNTING_LOCK = 4  # the first key of PostgreSQL's advisory lock on which pools count charges


@dataclass(frozen=True, slots=True)
class CostEntry:
    """The content of a bill. net_cents: without VAT; negative for a supplier's credit. kind: one of the pool's."""

    service_date: date
    supplier: str
    kind: str
    net_cents: int
    document: str = ""
    note: str = ""


def enter_pool(
    session: Session,
    machine_id: int,
    name: str,
    rules: Mapping[str, str],
    *,
    by: Actor,
    now: datetime,
    excludes_guests: bool = False,
    charges_are: str | None = None,
) -> Pool:
    """Create a pool for the costs of a machine.

    rules: kind of cost -> key that divides it. excludes_guests: guests bear none of the costs. charges_are: INCOME,
    ADVANCE, or None while the treasurer has not answered.

    Raises MachineNotFound, NameTaken, UnknownKind (no kinds), WrongText, OtherPoolCounts.
    """
    queries.machine_card(session, machine_id)
    _check_pool(session, name, rules, None)
    require_sole_counting(session, (Piece(FIRST_DAY, LAST_DAY, frozenset({machine_id})),), charges_are)
    pool = Pool(
        machine_id=machine_id,
        name=name.strip(),
        rules=dict(rules),
        excludes_guests=excludes_guests,
        charges_are=charges_are,
    )
    session.add(pool)
    _record_change(session, "pool", pool, by, now)
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
    excludes_guests: bool | None = None,
    charges_are: str | None = None,
) -> Pool:
    """Rename a pool or change its rules; posted allocations keep the rules they were made with.

    excludes_guests, charges_are: None leaves it as it is.

    Raises PoolNotFound, StaleRevision, NameTaken, UnknownKind, WrongText, KindInUse, KindRecurs,
    OtherPoolCounts.
    """
    pool = locked_pool(session, pool_id, revision)
    _check_pool(session, name, rules, pool_id)
    for kind in session.scalars(unallocated_costs(pool_id).with_only_columns(Cost.kind).distinct().order_by(Cost.kind)):
        if kind not in rules:
            raise KindInUse(kind=kind)
    recurring = select(RecurringCost.kind, RecurringCost.name).where(RecurringCost.pool_id == pool_id)
    for kind, of_name in session.execute(recurring.order_by(RecurringCost.name)):
        if kind not in rules:
            raise KindRecurs(kind=kind, name=of_name)
    pool.name, pool.rules = name.strip(), dict(rules)
    if excludes_guests is not None:
        pool.excludes_guests = excludes_guests
    if charges_are is not None and charges_are != pool.charges_are:
        require_sole_counting(session, pieces_of(session, pool), charges_are, except_pool=pool_id)
        pool.charges_are = charges_are
    pool.revision += 1
    _record_change(session, "pool", pool, by, now)
    return pool


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
    _record_change(session, "cost", cost, by, now)
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
    _record_change(session, "cost", cost, by, now)
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


def locked_pool(session: Session, pool_id: int, revision: int | None = None) -> Pool:
    """Lock a pool and return it: changes of its costs, shares and allocations are serialised.

    Raises PoolNotFound, StaleRevision.
    """
    return revisions.locked(session, Pool, pool_id, missing=PoolNotFound, revision=revision)


def key_id_of(key: str) -> int | None:
    """Return the id of a key that a pool composed itself; None for use, shares and head."""
    return int(key.removeprefix(OWN_PREFIX)) if key.startswith(OWN_PREFIX) else None


def require_sole_counting(
    session: Session, pieces: Collection[Piece], charges_are: str | None, *, except_pool: int = 0
) -> None:
    """Raise OtherPoolCounts where a pool would count charges as advances that another one counts."""
    if charges_are not in (None, INCOME, ADVANCE):
        raise ValueError(f"charges are {charges_are!r}")
    if charges_are != ADVANCE:
        return
    lock_counting(session)
    for other in session.scalars(select(Pool).where(Pool.charges_are == ADVANCE, Pool.id != except_pool)):
        if overlap(pieces, pieces_of(session, other)):
            raise OtherPoolCounts(pool_id=other.id)


def lock_counting(session: Session) -> None:
    """Let one pool at a time begin to count charges, after its row: two that overlap would not see each other."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(COUNTING_LOCK, 0)))


def is_effective() -> ColumnElement[bool]:
    """Return a condition on Allocation: it is neither a reversal nor reversed."""
    reversal = aliased(Allocation)
    return and_(Allocation.reverses_id.is_(None), ~exists().where(reversal.reverses_id == Allocation.id))


def is_unallocated() -> ColumnElement[bool]:
    """Return a condition on Cost: it is in no effective allocation."""
    return ~exists().where(
        AllocationCost.cost_id == Cost.id, Allocation.id == AllocationCost.allocation_id, is_effective()
    )


def unallocated_costs(pool_id: int) -> Select[Cost]:
    """Return a statement that selects the costs of a pool that are in no effective allocation."""
    return select(Cost).where(Cost.pool_id == pool_id, is_unallocated())


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


def _check_pool(session: Session, name: str, rules: Mapping[str, str], pool_id: int | None) -> None:
    require_text("name", name, NAME_LENGTH_MAX, shortest=1)
    if not 1 <= len(rules) <= KINDS_MAX:
        raise UnknownKind(kind="", kinds=list(rules))
    own = select(PoolKey.id).where(PoolKey.pool_id == pool_id)
    known = {*KEYS, *(f"{OWN_PREFIX}{key_id}" for key_id in session.scalars(own))}
    for kind, key in rules.items():
        require_text("kind", kind, NAME_LENGTH_MAX, shortest=1)
        if key not in known:
            raise UnknownKey(key=key)
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


def _assign(cost: Cost, entry: CostEntry) -> None:
    cost.service_date, cost.kind, cost.net_cents = entry.service_date, entry.kind, entry.net_cents
    cost.supplier, cost.document, cost.note = entry.supplier.strip(), entry.document.strip(), entry.note.strip()


def _record_change(session: Session, table: str, record: Pool | Cost, by: Actor, now: datetime) -> None:
    session.flush()
    events.record(session, RecordChanged(table=table, record_id=record.id), by=by, at=now)
