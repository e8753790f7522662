"""Changing what a cost pool counts: a machine, several, a group, a workshop or the whole ring, from a day on.

The functions flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy.orm import Session

from billing.errors.cost_errors import NothingCounted, ScopeNotFound, TooManyMachines
from billing.limits import FIRST_DAY, require_day
from billing.models import Pool
from billing.pools import pools
from billing.pools.scopes import (
    GROUP,
    MACHINES,
    MACHINES_MAX,
    WORKSHOP,
    DatedScope,
    Scope,
    has_scopes,
    machines_in,
    pieces_of,
    pieces_with,
    remove_scope,
    store_scope,
)
from booking import queries
from booking.events.reservation_events import RecordChanged
from booking.kernel import events
from booking.kernel.events import Actor
from booking.queries.machine_homes import machine_ids_of

CHANGED = "counts"  # the name of the field in the event log


def open_pool(
    session: Session,
    scope: Scope,
    name: str,
    rules: Mapping[str, str],
    *,
    by: Actor,
    now: datetime,
    excludes_guests: bool = False,
    charges_are: str | None = None,
) -> Pool:
    """Create a pool that has always counted a scope. See pools.enter_pool().

    Raises what that raises, NotFound, NothingCounted, TooManyMachines.
    """
    machine_ids = _require_scope(session, scope)
    if scope.what == MACHINES and len(machine_ids) == 1:
        return pools.enter_pool(
            session,
            min(machine_ids),
            name,
            rules,
            by=by,
            now=now,
            excludes_guests=excludes_guests,
            charges_are=charges_are,
        )
    pool = pools.enter_pool(session, min(machine_ids), name, rules, by=by, now=now, excludes_guests=excludes_guests)
    store_scope(session, pool, DatedScope(FIRST_DAY, scope))
    pools.require_sole_counting(session, pieces_of(session, pool), charges_are, except_pool=pool.id)
    pool.charges_are = charges_are
    session.flush()
    return pool


def change_scope(
    session: Session, pool_id: int, entry: DatedScope, *, by: Actor, now: datetime, revision: int | None = None
) -> Pool:
    """Let a pool count something else from a day on. What was entered for that day is replaced.

    Posted allocations stay as they are; bills that are not allocated yet are divided by the new choice.

    Raises PoolNotFound, StaleRevision, NotFound, NothingCounted, TooManyMachines, WrongPeriod, OtherPoolCounts.
    """
    pool = pools.locked_pool(session, pool_id, revision)
    require_day("valid_from", entry.valid_from)
    _require_scope(session, entry.scope)
    # Before it is stored, where the guard of SQLite would refuse the row itself; only the days that it changes.
    pieces = [one for one in pieces_with(session, pool, entry) if one.first == entry.valid_from]
    pools.require_sole_counting(session, pieces, pool.charges_are, except_pool=pool.id)
    store_scope(session, pool, entry)
    return _changed(session, pool, by, now)


def take_back_scope(
    session: Session, pool_id: int, valid_from: date, *, by: Actor, now: datetime, revision: int | None = None
) -> Pool:
    """Remove a choice, so that the one before it holds on.

    Raises PoolNotFound, StaleRevision, ScopeNotFound, OtherPoolCounts.
    """
    pool = pools.locked_pool(session, pool_id, revision)
    if not remove_scope(session, pool, valid_from):
        raise ScopeNotFound(id=pool_id, day=valid_from)
    pieces = [one for one in pieces_of(session, pool) if one.first <= valid_from <= one.last]  # the choice before it
    pools.require_sole_counting(session, pieces, pool.charges_are, except_pool=pool.id)
    return _changed(session, pool, by, now)


def _changed(session: Session, pool: Pool, by: Actor, now: datetime) -> Pool:
    pool.counts_machine = not has_scopes(session, pool.id)  # last: a guard looks at the pools that count one machine
    pool.revision += 1
    session.flush()
    events.record(session, RecordChanged(table="pool", record_id=pool.id, what=CHANGED), by=by, at=now)
    return pool


def _require_scope(session: Session, scope: Scope) -> frozenset[int]:
    """Return the machines of a scope. Raises NotFound for what there is not, NothingCounted, TooManyMachines."""
    if scope.what == GROUP:
        queries.group(session, scope.group_id or 0)
    elif scope.what == WORKSHOP:
        queries.workshop(session, scope.workshop_id or 0)
    elif scope.what == MACHINES:
        if len(scope.machine_ids) > MACHINES_MAX:
            raise TooManyMachines(most=MACHINES_MAX)
        if unknown := frozenset(scope.machine_ids) - machine_ids_of(session):
            queries.machine_card(session, min(unknown))
    machine_ids = machines_in(session, scope)
    if not machine_ids:
        raise NothingCounted
    return machine_ids
