"""Decisions about a request or an unused reservation: approve, reject, expire, report a no-show or take it back.

Verbs as in reservations.py: given the session, the actor and the time, they flush and never commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking import catalogue, events, lifecycle, reservation_writer, wishes
from booking.kernel.events import Actor
from booking.lifecycle import Step
from booking.models import Reservation, Status
from booking.publish import publish
from booking.wishes import Wish


def approve(
    session: Session, reservation_id: int, *, by: Actor, now: datetime, revision: int | None = None
) -> Reservation:
    """Confirm a request, after checking every rule again as of the time it was made.

    Raises ReservationNotFound, StaleRevision, WrongStatus (also when its deadline has passed),
    MachineNotFound, RequestRefused.
    """
    reservation = reservation_writer.lock(session, reservation_id, revision)
    lifecycle.require(reservation, Step.APPROVE, now)
    terms = catalogue.bookable_machine(session, reservation.machine_id)
    wishes.refuse_violations(session, Wish.of(reservation), terms.policy, asked_at=reservation.asked_at)

    lifecycle.advance(reservation, Step.APPROVE, now)
    reservation.decided_at, reservation.decided_by, reservation.decide_until = now, by.user_id, None
    reservation_writer.save(session, reservation, now)
    publish(session, events.ReservationConfirmed.of(reservation, was_request=True), by=by, now=now)
    return reservation


def reject(
    session: Session,
    reservation_id: int,
    reason: str,
    *,
    by: Actor,
    now: datetime,
    revision: int | None = None,
) -> Reservation:
    """Decline a request with a reason; its span is free at once.

    Raises ReservationNotFound, StaleRevision, WrongStatus.
    """
    reservation = reservation_writer.lock(session, reservation_id, revision)
    lifecycle.require(reservation, Step.REJECT, now)
    reservation.decided_at, reservation.decided_by = now, by.user_id
    reservation_writer.end(session, reservation, Step.REJECT, reason, now)
    publish(session, events.ReservationRejected.of(reservation), by=by, now=now)
    return reservation


def expire(session: Session, reservation_id: int, *, by: Actor, now: datetime) -> bool:
    """End a request that no manager decided in time; return whether it was still open."""
    reservation = reservation_writer.lock(session, reservation_id)
    if not lifecycle.is_possible(reservation, Step.EXPIRE, now):
        return False
    reservation_writer.end(session, reservation, Step.EXPIRE, "", now)
    publish(session, events.ReservationExpired.of(reservation), by=by, now=now)
    return True


def overdue_requests(session: Session, *, now: datetime, limit: int = 100) -> Sequence[int]:
    """Return the ids of requests whose deadline has passed, oldest deadline first."""
    return session.scalars(
        select(Reservation.id)
        .where(Reservation.status == Status.REQUESTED, Reservation.decide_until <= now)
        .order_by(Reservation.decide_until, Reservation.id)
        .limit(limit)
    ).all()


def report_no_show(
    session: Session, reservation_id: int, *, by: Actor, now: datetime, revision: int | None = None
) -> Reservation:
    """Record that the member did not come. Only after the start; the rest of the span is free at once.

    Raises ReservationNotFound, StaleRevision, WrongStatus.
    """
    reservation = reservation_writer.lock(session, reservation_id, revision)
    reservation_writer.end(session, reservation, Step.REPORT_NO_SHOW, "", now)
    publish(session, events.ReservationNoShow.of(reservation), by=by, now=now)
    return reservation


def take_back_no_show(
    session: Session, reservation_id: int, *, by: Actor, now: datetime, revision: int | None = None
) -> Reservation:
    """Confirm a reservation again that was reported as a no-show by mistake.

    Before its end it takes its time again, where places are free. Once it is over it holds nothing.
    Raises ReservationNotFound, StaleRevision, WrongStatus, SlotTaken.
    """
    reservation = reservation_writer.lock(session, reservation_id, revision)
    lifecycle.advance(reservation, Step.TAKE_BACK_NO_SHOW, now)
    if now < reservation.ends_at:
        reservation_writer.retake(session, reservation)
    reservation_writer.save(session, reservation, now)
    publish(session, events.ReservationNoShowTakenBack.of(reservation), by=by, now=now)
    return reservation
