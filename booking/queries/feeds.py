"""Reservations for calendar feeds: plain tuples, cancelled ones included, and a version that tells of changes.

The columns are asked of the tables, not of the mapped classes: a feed reads thousands of rows, and the ORM
would take longer than the database.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, or_, select
from sqlalchemy.orm import Session

from booking.errors import MachineNotFound, MemberNotFound
from booking.models import ENDED_WITHOUT_USE, Machine, Member, Reservation, Workshop
from booking.queries.reservations import overlap

Reader = Session | Connection


class FeedMark(NamedTuple):
    """A reservation and all that its text depends on, as numbers that grow with each change; and its zone."""

    id: int
    revision: int
    machine_revision: int
    workshop_revision: int
    timezone: str


class FeedEntry(NamedTuple):
    """One reservation for a calendar, beginning with its mark; revision is its SEQUENCE.

    No member's name: feeds never tell one.
    """

    id: int
    revision: int
    machine_revision: int
    workshop_revision: int
    timezone: str
    uid: str
    status: str
    machine_id: int
    machine_name: str
    location: str
    workshop_name: str
    workshop_address: str
    starts_at: datetime
    ends_at: datetime
    places: int
    purpose: str
    changed_at: datetime

    @property
    def mark(self) -> FeedMark:
        return FeedMark._make(self[: len(_MARK)])


_RESERVATION, _MACHINE, _WORKSHOP = (model.__table__.c for model in (Reservation, Machine, Workshop))
_MARK = (_RESERVATION.id, _RESERVATION.revision, _MACHINE.revision, _WORKSHOP.revision, _WORKSHOP.timezone)
_ENTRY = (
    *_MARK,
    _RESERVATION.uid,
    _RESERVATION.status,
    _RESERVATION.machine_id,
    _MACHINE.name,
    _MACHINE.location,
    _WORKSHOP.name,
    _WORKSHOP.address,
    _RESERVATION.starts_at,
    _RESERVATION.ends_at,
    _RESERVATION.places,
    _RESERVATION.purpose,
    _RESERVATION.changed_at,
)


def feed_marks(
    reader: Reader,
    *,
    member_id: int | None = None,
    machine_id: int | None = None,
    workshop_id: int | None = None,
    since: datetime,
) -> list[FeedMark]:
    """The marks of what feed_reservations() would give, in the same order: enough to see what changed."""
    statement = _of(select(*_MARK), member_id, machine_id, workshop_id, since)
    return [FeedMark._make(row) for row in reader.execute(statement)]


def feed_reservations(
    reader: Reader,
    *,
    member_id: int | None = None,
    machine_id: int | None = None,
    workshop_id: int | None = None,
    since: datetime,
    until: datetime | None = None,
    ids: Collection[int] | None = None,
    newest: int | None = None,
) -> list[FeedEntry]:
    """The reservations of one member, machine or workshop that overlap a time, in order of their ids.

    Whatever their status: a calendar must be told of a cancelled one as well. Only those that came to nothing
    before the time are left out. ids: only these of them. newest: only so many, those that changed last, first.
    """
    statement = _of(select(*_ENTRY), member_id, machine_id, workshop_id, since)
    if until is not None:
        statement = statement.where(Reservation.starts_at < until)
    if ids is not None:
        statement = statement.where(Reservation.id.in_(ids))
    if newest is not None:
        by_change = (Reservation.changed_at.desc(), Reservation.id.desc())
        statement = statement.order_by(None).order_by(*by_change).limit(newest)
    return [FeedEntry._make(row) for row in reader.execute(statement)]


def _of(
    columns: Select[*tuple[Any, ...]],
    member_id: int | None,
    machine_id: int | None,
    workshop_id: int | None,
    since: datetime,
) -> Select[*tuple[Any, ...]]:
    if member_id is machine_id is workshop_id is None:
        raise ValueError("a feed is about somebody or something")
    came_to_something = Reservation.status.not_in(ENDED_WITHOUT_USE)
    statement = (
        columns.join_from(Reservation.__table__, Machine.__table__)
        .join(Workshop.__table__)
        .where(*overlap(since, None), or_(came_to_something, Reservation.changed_at >= since))
        .order_by(Reservation.id)
    )
    if member_id is not None:
        statement = statement.where(Reservation.member_id == member_id)
    if machine_id is not None:
        statement = statement.where(Reservation.machine_id == machine_id)
    if workshop_id is not None:
        of_workshop = select(Machine.id).where(Machine.workshop_id == workshop_id)
        statement = statement.where(Reservation.machine_id.in_(of_workshop))
    return statement


def schedule_version_of(session: Session, *, member_id: int | None = None, machine_id: int | None = None) -> int:
    """A number that grows with every change of a member's or a machine's schedule: one row read.

    Raises MemberNotFound, MachineNotFound.
    """
    if member_id is not None:
        version = session.scalar(select(Member.schedule_version).where(Member.id == member_id))
        if version is None:
            raise MemberNotFound(id=member_id)
        return version
    version = session.scalar(select(Machine.schedule_version).where(Machine.id == machine_id))
    if version is None:
        raise MachineNotFound(id=machine_id)
    return version
