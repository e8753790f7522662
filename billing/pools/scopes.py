"""What a cost pool counts, from which day on: a machine, several, a group, a workshop or the whole ring.

The choice is dated; which machines a group or a workshop has is that of the moment. Posted allocations keep copies of
what they counted. The functions that write flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, and_, delete, false, insert, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from billing.limits import FIRST_DAY, LAST_DAY
from billing.models import Pool, PoolScope, PoolScopeMachine
from booking.queries.machine_homes import machine_ids_of

MACHINES, GROUP, WORKSHOP, RING = "machines", "group", "workshop", "ring"
MACHINES_MAX = 500


@dataclass(frozen=True, slots=True)
class Scope:
    """What a pool counts. group_id, workshop_id, machine_ids: which one, or which ones, by `what`; sorted."""

    what: str
    group_id: int | None = None
    workshop_id: int | None = None
    machine_ids: tuple[int, ...] = ()

    @classmethod
    def of_machine(cls, machine_id: int) -> Scope:
        """Return the scope of one machine."""
        return cls(MACHINES, machine_ids=(machine_id,))


@dataclass(frozen=True, slots=True)
class DatedScope:
    """What a pool counts from a day on, until the next one begins."""

    valid_from: date
    scope: Scope


@dataclass(frozen=True, slots=True)
class Piece:
    """Days from first to last, and the machines that a pool counts on them."""

    first: date
    last: date
    machine_ids: frozenset[int]


def scopes_of(session: Session, pool: Pool) -> tuple[DatedScope, ...]:
    """Return what a pool counts, the oldest choice first; it begins with its machine unless that was replaced."""
    rows = session.scalars(select(PoolScope).where(PoolScope.pool_id == pool.id).order_by(PoolScope.valid_from)).all()
    machines: dict[int, list[int]] = {}
    if any(row.what == MACHINES for row in rows):
        chosen = select(PoolScopeMachine.scope_id, PoolScopeMachine.machine_id)
        of_rows = chosen.where(PoolScopeMachine.scope_id.in_([row.id for row in rows]))
        for scope_id, machine_id in session.execute(of_rows.order_by(PoolScopeMachine.machine_id)):
            machines.setdefault(scope_id, []).append(machine_id)
    found = [
        DatedScope(row.valid_from, Scope(row.what, row.group_id, row.workshop_id, tuple(machines.get(row.id, ()))))
        for row in rows
    ]
    if not found or found[0].valid_from > FIRST_DAY:
        found.insert(0, DatedScope(FIRST_DAY, Scope.of_machine(pool.machine_id)))
    return tuple(found)


def machines_in(session: Session, scope: Scope) -> frozenset[int]:
    """Return the machines of a scope as they are now."""
    if scope.what == MACHINES:
        return frozenset(scope.machine_ids)
    return machine_ids_of(session, group_id=scope.group_id, workshop_id=scope.workshop_id)


def pieces_of(session: Session, pool: Pool, first: date = FIRST_DAY, last: date = LAST_DAY) -> tuple[Piece, ...]:
    """Return the machines that a pool counts from one day to another, a piece for each choice that holds in it."""
    if pool.counts_machine:
        return (Piece(first, last, frozenset({pool.machine_id})),)
    return _pieces(session, scopes_of(session, pool), first, last)


def pieces_with(session: Session, pool: Pool, entry: DatedScope) -> tuple[Piece, ...]:
    """Return the pieces of a pool as they will be once a choice is stored."""
    dated = {one.valid_from: one for one in scopes_of(session, pool)} | {entry.valid_from: entry}
    return _pieces(session, [dated[day] for day in sorted(dated)], FIRST_DAY, LAST_DAY)


def _pieces(session: Session, dated: Sequence[DatedScope], first: date, last: date) -> tuple[Piece, ...]:
    ends = [following.valid_from - timedelta(days=1) for following in dated[1:]] + [LAST_DAY]
    return tuple(
        Piece(max(one.valid_from, first), min(end, last), machines_in(session, one.scope))
        for one, end in zip(dated, ends, strict=True)
        if max(one.valid_from, first) <= min(end, last)
    )


def counts_on(session: Session, pool: Pool, machine_id: int, day: date) -> bool:
    """Return whether a pool counts a machine on a day."""
    return any(machine_id in piece.machine_ids for piece in pieces_of(session, pool, day, day))


def within(
    pieces: Iterable[Piece], machine: InstrumentedAttribute[int], day: InstrumentedAttribute[date]
) -> ColumnElement[bool]:
    """Return the condition that a row is of a machine and a day that some pieces count."""
    conditions = [and_(machine.in_(sorted(one.machine_ids)), day.between(one.first, one.last)) for one in pieces]
    return or_(false(), *conditions)


def overlap(some: Collection[Piece], others: Collection[Piece]) -> bool:
    """Return whether two pools count the same machine on the same day."""
    return any(
        one.first <= other.last and other.first <= one.last and one.machine_ids & other.machine_ids
        for one in some
        for other in others
    )


def store_scope(session: Session, pool: Pool, entry: DatedScope) -> None:
    """Store what a pool counts from a day on, in place of what was stored for that day. The caller has checked it."""
    remove_scope(session, pool, entry.valid_from)
    scope = entry.scope
    row = PoolScope(
        pool_id=pool.id,
        valid_from=entry.valid_from,
        what=scope.what,
        group_id=scope.group_id,
        workshop_id=scope.workshop_id,
    )
    session.add(row)
    session.flush()
    if scope.machine_ids:
        rows = [{"scope_id": row.id, "machine_id": machine_id} for machine_id in scope.machine_ids]
        session.execute(insert(PoolScopeMachine), rows)
    pool.counts_machine = False


def remove_scope(session: Session, pool: Pool, valid_from: date) -> bool:
    """Remove what was stored for a day; the choice before it holds on. Return whether there was something."""
    wanted = PoolScope.pool_id == pool.id, PoolScope.valid_from == valid_from
    row = session.scalars(select(PoolScope).where(*wanted)).one_or_none()
    if row is None:
        return False
    session.execute(delete(PoolScopeMachine).where(PoolScopeMachine.scope_id == row.id))
    session.delete(row)
    session.flush()
    return True


def has_scopes(session: Session, pool_id: int) -> bool:
    """Return whether anything is stored of what a pool counts; else it counts its machine."""
    return session.scalar(select(PoolScope.id).where(PoolScope.pool_id == pool_id).limit(1)) is not None
