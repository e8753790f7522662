"""What calendar feeds tell beside reservations: closures, and how young the names in them can be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, or_, select

from booking.announcements import RecordChanged
from booking.kernel.events import RecordedEvent
from booking.models import Blocking, Machine, Workshop
from booking.queries.feeds import Reader


class FeedClosure(NamedTuple):
    """A closure of a machine; why it is closed is nobody's business but the ring's.

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


def feed_closures(
    reader: Reader, *, machine_id: int | None = None, workshop_id: int | None = None, since: datetime
) -> Sequence[FeedClosure]:
    """The closures of a machine or workshop that ended after an instant, lifted ones since then included.

    None at all without either of the two: a member has no closures.
    """
    if machine_id is None and workshop_id is None:
        return []
    statement = (
        select(
            Blocking.id,
            Blocking.revision,
            Blocking.starts_at,
            Blocking.ends_at,
            Blocking.created_at,
            func.coalesce(Blocking.lifted_at, Blocking.changed_at, Blocking.created_at),
            Blocking.lifted_at,
            Workshop.timezone,
        )
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


def last_record_change(reader: Reader) -> datetime | None:
    """When any master record was last entered or changed: a name that a feed shows is no younger."""
    return reader.scalar(
        select(RecordedEvent.at)
        .where(RecordedEvent.type == RecordChanged.type)
        .order_by(RecordedEvent.id.desc())
        .limit(1)
    )
