"""Machines that two cost pools would count: found by the audit, and refused where a group is changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import combinations

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from billing.errors.cost_errors import GroupCountedTwice
from billing.models import Pool
from billing.pools.pools import ADVANCE, lock_counting
from billing.pools.scopes import pieces_of
from booking.kernel.audit import AuditFinding

COUNTS_TWICE = "billing_pool_counts_twice"  # the guard of the database

Clash = tuple[int, int, int]  # the two pools, and the machine whose charges both count


@contextmanager
def counting_once(session: Session) -> Iterator[None]:
    """Refuse a change of a group after which two pools would count the charges of one machine that did not before.

    Pools that begin to count meanwhile wait: they see this change, or this one sees them. Raises GroupCountedTwice.
    """
    lock_counting(session)
    before = _clashes(session)
    try:
        yield
        session.flush()
    except IntegrityError as error:
        if COUNTS_TWICE not in str(error.orig):
            raise
        raise GroupCountedTwice from error
    if _clashes(session) - before:
        raise GroupCountedTwice


def machines_counted_twice(session: Session) -> Iterator[AuditFinding]:
    """Yield the machines whose charges two pools count: counted_twice (pool_id, other_id, machine_id)."""
    for pool_id, other_id, machine_id in sorted(_clashes(session)):
        facts = {"pool_id": pool_id, "other_id": other_id, "machine_id": machine_id}
        yield AuditFinding("counted_twice", facts)


def _clashes(session: Session) -> set[Clash]:
    pools = session.scalars(select(Pool).where(Pool.charges_are == ADVANCE).order_by(Pool.id))
    counted = [(pool.id, pieces_of(session, pool)) for pool in pools]
    return {
        (pool_id, other_id, machine_id)
        for (pool_id, some), (other_id, others) in combinations(counted, 2)
        for one in some
        for other in others
        if one.first <= other.last and other.first <= one.last
        for machine_id in one.machine_ids & other.machine_ids
    }
