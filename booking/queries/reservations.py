"""Reservations as their members, managers and programs look for them: one, or a list by filters."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, true
from sqlalchemy.orm import Session

from booking.errors import ReservationNotFound
from booking.models import HOLDING, Machine, Reservation
from booking.queries.reservation_views import Cursor, ReservationView, all_views, stands_after, view, views

# No machine is lent longer (see booking_machine), so whoever looks for overlaps need not look further back.
LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Sight:
    """Whose reservations somebody sees whole: a member's own, those of some workshops, or everybody's."""

    is_everybody: bool = False
    member_id: int | None = None
    workshop_ids: Collection[int] = ()


EVERYBODY = Sight(is_everybody=True)


def reservation(session: Session, reservation_id: int) -> ReservationView:
    """One reservation, whatever has become of it. Raises ReservationNotFound."""
    return _one(session, Reservation.id == reservation_id, reservation_id)


def reservation_by_uid(session: Session, uid: str) -> ReservationView:
    """One reservation by the name under which calendars know it. Raises ReservationNotFound."""
    return _one(session, Reservation.uid == uid, uid)


def reservations(
    session: Session,
    *,
    machine_id: int | None = None,
    member_id: int | None = None,
    workshop_ids: Collection[int] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    statuses: Collection[str] | None = None,
    sight: Sight = EVERYBODY,
    after: Cursor | None = None,
    limit: int = 50,
) -> tuple[ReservationView, ...]:
    """Reservations by filters, in order of their start; `after`: the cursor of the last one of the page before.

    since, until: those that overlap this time. An empty collection of workshops or statuses matches nothing.
    sight: what lies beyond it is found only while it holds its machine, and not at all by its member or status,
    which would tell what is nobody else's business.
    """
    wanted: list[ColumnElement[bool]] = []
    if machine_id is not None:
        wanted.append(Reservation.machine_id == machine_id)
    if member_id is not None:
        wanted.append(Reservation.member_id == member_id)
    if workshop_ids is not None:
        wanted.append(Machine.workshop_id.in_(workshop_ids))
    if statuses is not None:
        wanted.append(Reservation.status.in_([str(status) for status in statuses]))
    wanted += _overlap(since, until)
    wanted.append(_is_known(sight, to_all=member_id is None and statuses is None))
    if after is not None:
        wanted.append(stands_after(after))
    statement = views().where(*wanted).order_by(Reservation.starts_at, Reservation.id)
    return all_views(session, statement.limit(limit))


def _overlap(since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if since is not None:
        wanted += [Reservation.ends_at > since, Reservation.starts_at > since - LONGEST]
    if until is not None:
        wanted.append(Reservation.starts_at < until)
    return wanted


def _is_known(sight: Sight, *, to_all: bool) -> ColumnElement[bool]:
    if sight.is_everybody:
        return true()
    known: list[ColumnElement[bool]] = [Machine.workshop_id.in_(sight.workshop_ids)]
    if sight.member_id is not None:
        known.append(Reservation.member_id == sight.member_id)
    if to_all:
        known.append(Reservation.status.in_([str(status) for status in HOLDING]))
    return or_(*known)


def _one(session: Session, is_wanted: ColumnElement[bool], name: int | str) -> ReservationView:
    row = session.execute(views().where(is_wanted)).one_or_none()
    if row is None:
        raise ReservationNotFound(id=name)
    return view(row)
