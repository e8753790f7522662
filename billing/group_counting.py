"""Changing a group of machines that a cost pool counts: no charge may be counted by two pools afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import combinations

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from billing.cost_errors import GroupCountedTwice
from billing.models import Pool
from billing.pools import ADVANCE
from billing.scopes import overlap, pieces_of

COUNTS_TWICE = "billing_pool_counts_twice"  # the guard of the database


@contextmanager
def counting_once(session: Session) -> Iterator[None]:
    """Refuse a change of a group after which two pools would count the charges of one machine.

    SQLite's guard refuses it at once, PostgreSQL's at the commit. Raises GroupCountedTwice.
    """
    try:
        yield
        session.flush()
    except IntegrityError as error:
        if COUNTS_TWICE not in str(error.orig):
            raise
        raise GroupCountedTwice from error
    counted = [pieces_of(session, pool) for pool in session.scalars(select(Pool).where(Pool.charges_are == ADVANCE))]
    if any(overlap(one, other) for one, other in combinations(counted, 2)):
        raise GroupCountedTwice
