"""What a calendar feed holds and by what it knows each entry again: marks, closures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from booking.announcements import RecordChanged
from booking.kernel.events import RecordedEvent
from booking.models import ENDED_WITHOUT_USE, Blocking, Machine, Reservation, Workshop
from booking.queries.reservations import overlap


class FeedMark(NamedTuple):
    """A reservation and all that its text depends on, as numbers that grow with each change; and its zone."""

    id: int
    revision: int
    machine_revision: int
    workshop_revision: int
    timezone: str


class FeedClosure(NamedTuple):
    """A closure of a machine; why it is closed is nobody's business but the ring's."""

    id: int
    revision: int
    starts_at: datetime
    ends_at: datetime
    created_at: datetime
    lifted_at: datetime | None
    timezone: str


def feed_marks(
    session: Session,
    *,
    member_id: int | None = None,
    machine_id: int | None = None,
    workshop_id: int | None = None,
    since: datetime,
) -> Sequence[FeedMark]:
    """What a feed shows of a member, machine or workshop, in order of start.

    since: entries that ended before are left out, and so are those that came to nothing before it.
    """
    if member_id is machine_id is workshop_id is None:
        raise ValueError("a feed is about somebody or something")
    statement = (
        select(Reservation.id, Reservation.revision, Machine.revision, Workshop.revision, Workshop.timezone)
        .select_from(Reservation)
        .join(Machine, Machine.id == Reservation.machine_id)
        .join(Workshop, Workshop.id == Machine.workshop_id)
        .where(
            *overlap(since, None),
            or_(Reservation.status.not_in(ENDED_WITHOUT_USE), Reservation.changed_at >= since),
        )
        .order_by(Reservation.starts_at, Reservation.id)
    )
    if member_id is not None:
        statement = statement.where(Reservation.member_id == member_id)
    if machine_id is not None:
        statement = statement.where(Reservation.machine_id == machine_id)
    if workshop_id is not None:
        of_workshop = select(Machine.id).where(Machine.workshop_id == workshop_id)
        statement = statement.where(Reservation.machine_id.in_(of_workshop))
    return [FeedMark._make(row) for row in session.execute(statement)]


def feed_closures(
    session: Session, *, machine_id: int | None = None, workshop_id: int | None = None, since: datetime
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
    return [FeedClosure._make(row) for row in session.execute(statement)]


def last_record_change(session: Session) -> datetime | None:
    """When any master record was last entered or changed: a name that a feed shows is no younger."""
    return session.scalar(
        select(RecordedEvent.at)
        .where(RecordedEvent.type == RecordChanged.type)
        .order_by(RecordedEvent.id.desc())
        .limit(1)
    )
