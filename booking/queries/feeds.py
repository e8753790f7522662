"""Reservations for calendar feeds: plain tuples, cancelled ones included, and a version that tells of changes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.errors import MachineNotFound, MemberNotFound
from booking.models import Machine, Member, Reservation, Workshop
from booking.queries.reservations import overlap


class FeedEntry(NamedTuple):
    """One reservation for a calendar; revision is its SEQUENCE. A tuple, because feeds read thousands."""

    id: int
    uid: str
    revision: int
    status: str
    machine_id: int
    machine_name: str
    location: str
    workshop_name: str
    workshop_address: str
    timezone: str
    member_id: int
    member_name: str
    starts_at: datetime
    ends_at: datetime
    places: int
    purpose: str
    created_at: datetime
    changed_at: datetime


_COLUMNS = (
    Reservation.id,
    Reservation.uid,
    Reservation.revision,
    Reservation.status,
    Reservation.machine_id,
    Machine.name,
    Machine.location,
    Workshop.name,
    Workshop.address,
    Workshop.timezone,
    Reservation.member_id,
    Member.name,
    Reservation.starts_at,
    Reservation.ends_at,
    Reservation.places,
    Reservation.purpose,
    Reservation.created_at,
    Reservation.changed_at,
)


def feed_reservations(
    session: Session,
    *,
    member_id: int | None = None,
    machine_id: int | None = None,
    workshop_id: int | None = None,
    since: datetime,
    until: datetime | None = None,
    ids: Collection[int] | None = None,
) -> list[FeedEntry]:
    """The reservations of one member, machine or workshop that overlap a time, in order of start, then id.

    Whatever their status: a calendar must be told of a cancelled one as well. ids: only these of them.
    """
    statement = (
        select(*_COLUMNS)
        .select_from(Reservation)
        .join(Machine, Machine.id == Reservation.machine_id)
        .join(Workshop, Workshop.id == Machine.workshop_id)
        .join(Member, Member.id == Reservation.member_id)
        .where(*overlap(since, until))
        .order_by(Reservation.starts_at, Reservation.id)
    )
    if member_id is not None:
        statement = statement.where(Reservation.member_id == member_id)
    if machine_id is not None:
        statement = statement.where(Reservation.machine_id == machine_id)
    if workshop_id is not None:
        of_workshop = select(Machine.id).where(Machine.workshop_id == workshop_id)
        statement = statement.where(Reservation.machine_id.in_(of_workshop))
    if ids is not None:
        statement = statement.where(Reservation.id.in_(ids))
    return [FeedEntry._make(row) for row in session.execute(statement)]


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
