"""With whom a reservation can be exchanged, and what stands against it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from booking.errors.exchange_errors import NotExchangeable
from booking.errors.schedule_errors import ReservationNotFound
from booking.exchanges import conditions
from booking.exchanges.conditions import Judgement
from booking.models import Member, Reservation, Status
from booking.timespan import TimeSpan


def taken_times(
    session: Session, machine_id: int, span: TimeSpan, *, now: datetime, excluding_member: int, limit: int = 50
) -> tuple[tuple[int, TimeSpan], ...]:
    """Return when a machine is reserved by others in a span, from now on: the reservation and its time, never whose."""
    found = select(Reservation.id, Reservation.starts_at, Reservation.ends_at).where(
        Reservation.machine_id == machine_id,
        Reservation.status == Status.CONFIRMED.value,
        Reservation.member_id != excluding_member,
        Reservation.starts_at > now,
        Reservation.starts_at < span.end,
        Reservation.ends_at > span.start,
    )
    rows = session.execute(found.order_by(Reservation.starts_at, Reservation.id).limit(limit))
    return tuple((row.id, TimeSpan(row.starts_at, row.ends_at)) for row in rows)


def member_of_number(session: Session, number: str, *, day: date) -> int | None:
    """Return the id of the member of a whole number on a day; None for nobody.

    Capitals decide only between members whose numbers are alike but for them.
    """
    wanted, is_member = number.strip(), or_(Member.left_on.is_(None), Member.left_on >= day)
    found = select(Member.id).where(func.lower(Member.number) == wanted.lower(), is_member)
    return session.scalars(found.order_by(Member.number != wanted, Member.id).limit(1)).one_or_none()


def judgement(
    session: Session, given_id: int, *, now: datetime, receiver_id: int | None = None, wanted_id: int | None = None
) -> Judgement:
    """Return what stands against an exchange, without carrying anything out.

    receiver_id: of what is handed over; of a swap it is the member of the wanted reservation.
    Raises ReservationNotFound, MemberNotFound, MachineNotFound.
    """
    given = _reservation(session, given_id)
    wanted = None if wanted_id is None else _reservation(session, wanted_id)
    receiver = wanted.member_id if wanted is not None else receiver_id
    assert receiver is not None
    return conditions.judge(session, given, receiver, wanted, now=now)


def obstacle(session: Session, reservation_id: int, *, now: datetime) -> NotExchangeable | None:
    """Return why a reservation cannot be given to another member as it is now; None where it can."""
    return conditions.obstacle_of(session, _reservation(session, reservation_id), now=now)


def _reservation(session: Session, reservation_id: int) -> Reservation:
    found = session.get(Reservation, reservation_id, populate_existing=True)
    if found is None:
        raise ReservationNotFound(id=reservation_id)
    return found
