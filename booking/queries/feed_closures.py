"""Closures for calendar feeds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, or_, select

from booking.kernel.views import columns_of
from booking.models import Blocking, Machine, Workshop
from booking.queries.feeds import Reader


class FeedClosure(NamedTuple):
    """A closure of a machine, without its reason, which no feed shows.

    changed_at: its last change, which may be that it was entered, or lifted.
    """

    id: int
    revision: int
    starts_at: datetime
    ends_at: datetime
    created_at: datetime
    changed_at: datetime
    lifted_at: datetime | None
    timezone: str


_CLOSURE = columns_of(
    FeedClosure,
    Blocking,
    changed_at=func.coalesce(Blocking.lifted_at, Blocking.changed_at, Blocking.created_at),
    timezone=Workshop.timezone,
)


def feed_closures(
    reader: Reader, *, machine_id: int | None = None, workshop_id: int | None = None, since: datetime
) -> Sequence[FeedClosure]:
    """Return the closures of a machine or workshop that ended after an instant, those lifted since included.

    Empty without either of the two: a member has no closures.
    """
    if machine_id is None and workshop_id is None:
        return []
    statement = (
        select(*_CLOSURE)
        .join(Machine, Machine.id == Blocking.machine_id)
        .join(Workshop, Workshop.id == Machine.workshop_id)
        .where(Blocking.ends_at > since, or_(Blocking.lifted_at.is_(None), Blocking.lifted_at >= since))
        .order_by(Blocking.starts_at, Blocking.id)
    )
    if machine_id is not None:
        statement = statement.where(Blocking.machine_id == machine_id)
    if workshop_id is not None:
        statement = statement.where(Machine.workshop_id == workshop_id)
    return [FeedClosure._make(row) for row in reader.execute(statement)]
