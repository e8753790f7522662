"""What becomes of a request or of an unused reservation: approve, reject, expire, report a no-show.

Verbs as in reservations.py: given the session and the time, they flush and never commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking import announcements, catalogue, holds
from booking.errors import WrongStatus
from booking.kernel.events import Actor
from booking.models import Reservation, Status


def approve(
    session: Session, reservation_id: int, *, by: Actor, now: datetime, revision: int | None = None
) -> Reservation:
    """Confirm a request, after checking every rule again as of the time it was made.

    Raises ReservationNotFound, StaleRevision, WrongStatus (also when its deadline has passed),
    MachineNotFound, RequestRefused.
    """
    reservation = holds.locked(session, reservation_id, revision)
    holds.require_status(reservation, Status.REQUESTED)
    if reservation.decide_until is not None and reservation.decide_until <= now:
        raise WrongStatus(status=str(Status.EXPIRED), wanted=[str(Status.REQUESTED)])
    terms = catalogue.bookable_machine(session, reservation.machine_id)
    holds.refuse_violations(session, holds.wish_of(reservation), terms.policy, asked_at=reservation.asked_at)

    reservation.status = Status.CONFIRMED
    reservation.decided_at, reservation.decided_by, reservation.decide_until = now, by.user_id, None
    holds.changed(session, reservation, now)
    holds.announce(session, announcements.ReservationConfirmed(*holds.facts(reservation), was_request=True), by, now)
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
    reservation = holds.locked(session, reservation_id, revision)
    holds.require_status(reservation, Status.REQUESTED)
    reservation.decided_at, reservation.decided_by = now, by.user_id
    holds.end(session, reservation, Status.REJECTED, reason, now)
    holds.announce(session, announcements.ReservationRejected(*holds.facts(reservation)), by, now)
    return reservation


def expire(session: Session, reservation_id: int, *, by: Actor, now: datetime) -> bool:
    """End a request that nobody decided in time. Returns whether it was still waiting."""
    reservation = holds.locked(session, reservation_id, None)
    is_overdue = reservation.decide_until is not None and reservation.decide_until <= now
    if reservation.status != Status.REQUESTED or not is_overdue:
        return False
    holds.end(session, reservation, Status.EXPIRED, "", now)
    holds.announce(session, announcements.ReservationExpired(*holds.facts(reservation)), by, now)
    return True


def overdue_requests(session: Session, *, now: datetime, limit: int = 100) -> Sequence[int]:
    """The ids of requests whose deadline has passed, oldest deadline first."""
    return session.scalars(
        select(Reservation.id)
        .where(Reservation.status == Status.REQUESTED, Reservation.decide_until <= now)
        .order_by(Reservation.decide_until, Reservation.id)
        .limit(limit)
    ).all()


def report_no_show(
    session: Session, reservation_id: int, *, by: Actor, now: datetime, revision: int | None = None
) -> Reservation:
    """Note that nobody came. Only after the start; the rest of the span is free at once.

    Raises ReservationNotFound, StaleRevision, WrongStatus.
    """
    reservation = holds.locked(session, reservation_id, revision)
    holds.require_status(reservation, Status.CONFIRMED)
    if now < reservation.starts_at:
        raise WrongStatus(status=reservation.status, wanted=["started"])
    holds.end(session, reservation, Status.NO_SHOW, "", now)
    holds.announce(session, announcements.ReservationNotUsed(*holds.facts(reservation)), by, now)
    return reservation
