"""How far a reservation may be moved without asking its member, when the machine breaks down."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from booking.events import reservation_events
from booking.kernel.events import Actor
from booking.models import Reservation
from booking.records.publish import publish
from booking.reservations import lifecycle, reservation_writer
from booking.reservations.lifecycle import Step


def change_tolerance(
    session: Session, reservation_id: int, may_move_min: int, *, by: Actor, now: datetime, revision: int | None = None
) -> Reservation:
    """Set by how many minutes a reservation may be moved, 0 for not at all; its time stays.

    Call inside write_transaction(). Raises ReservationNotFound, StaleRevision, WrongStatus (also once it is over).
    """
    reservation = reservation_writer.lock(session, reservation_id, revision)
    lifecycle.require(reservation, Step.MOVE, now)
    if reservation.may_move_min != may_move_min:
        reservation.may_move_min = may_move_min
        reservation_writer.save(session, reservation, now)
        publish(session, reservation_events.ToleranceChanged.of(reservation, may_move_min=may_move_min), by=by, now=now)
    return reservation
