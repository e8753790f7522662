"""Cost pools: what they are called, which key divides which kind of cost, and what the charges of their machine are.

The functions that write flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from billing.errors.cost_errors import KindRecurs, UnknownKey
from billing.errors.money_errors import (
    KindInUse,
    NameTaken,
    OtherPoolCounts,
    PoolNotFound,
    UnknownKind,
)
from billing.limits import (
    FIRST_DAY,
    LAST_DAY,
    NAME_LENGTH_MAX,
    require_text,
)
from billing.models import Cost, Pool, PoolKey, RecurringCost
from billing.pools.scopes import Piece, overlap, pieces_of
from billing.pools.unallocated import unallocated_costs
from booking import queries
from booking.events.reservation_events import RecordChanged
from booking.kernel import events, revisions
from booking.kernel.events import Actor

USE, SHARES, HEAD = "use", "shares", "head"
INCOME, ADVANCE = "income", "advance"  # what the charges of the machine are
KEYS = (USE, SHARES, HEAD)
OWN, OWN_PREFIX = "own", "key-"  # a cost group divided by a key that the pool composed; its rules name it by its id
KINDS_MAX = 12
COUNTING_LOCK = 4  # the first key of PostgreSQL's advisory lock on which pools count charges


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
    _record_change(session, pool, by, now)
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
    _record_change(session, pool, by, now)
    return pool


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


def _record_change(session: Session, pool: Pool, by: Actor, now: datetime) -> None:
    session.flush()
    events.record(session, RecordChanged(table="pool", record_id=pool.id), by=by, at=now)
