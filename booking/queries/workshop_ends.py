"""The newest and the oldest of a table at some workshops, from which lists in the order of time begin."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from booking.kernel.read_cache import cached_read
from booking.models import Machine

T = TypeVar("T")


def newest_of_workshops(
    session: Session, column: InstrumentedAttribute[T], workshop_ids: Collection[int] | None
) -> T | None:
    """Return the newest instant or day of a table at some workshops: a step in an index for each machine.

    column: of a table with a machine_id, which an index has in this order. None where there is none. Read once for a
    version of the database, because a page asks it for its list and for each of its sums. workshop_ids: None is all.
    """
    return _end_of_workshops(session, column, workshop_ids, is_newest=True)


def oldest_of_workshops(
    session: Session, column: InstrumentedAttribute[T], workshop_ids: Collection[int] | None
) -> T | None:
    """Return the same for the oldest one."""
    return _end_of_workshops(session, column, workshop_ids, is_newest=False)


def _end_of_workshops(
    session: Session, column: InstrumentedAttribute[T], workshop_ids: Collection[int] | None, *, is_newest: bool
) -> T | None:
    order, end = (column.desc(), func.max) if is_newest else (column.asc(), func.min)
    of_machine = select(column).where(column.class_.machine_id == Machine.id).order_by(order).limit(1)
    statement = select(end(of_machine.correlate(Machine).scalar_subquery())).select_from(Machine)
    if workshop_ids is not None:
        statement = statement.where(Machine.workshop_id.in_(workshop_ids))
    key = str(column), is_newest, None if workshop_ids is None else frozenset(workshop_ids)
    found: T | None = cached_read(session, key, lambda: session.scalar(statement))
    return found
