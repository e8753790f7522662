"""How much of a time that somebody gave up was taken by reservations since."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from booking.models import Reservation, Status, Unit
from booking.queries.reservations import LONGEST
from booking.timespan import TimeSpan

TAKEN = (Status.CONFIRMED, Status.IN_USE, Status.COMPLETED, Status.NO_SHOW)


def refilled_seconds(
    session: Session, reservation_id: int, machine_id: int, span: TimeSpan, places: int, since: datetime
) -> int:
    """Return for how many seconds, times places, others hold a time that a reservation gave up; at most all of it.

    Of a machine with more places than were given up, only what was entered since counts: the rest was there before.
    """
    units = select(func.count()).where(Unit.machine_id == machine_id)
    machine_places = session.scalar(units) or places
    statement = select(Reservation.starts_at, Reservation.ends_at, Reservation.places).where(
        Reservation.machine_id == machine_id,
        Reservation.id != reservation_id,
        Reservation.status.in_(TAKEN),
        Reservation.starts_at < span.end,
        Reservation.starts_at > span.start - LONGEST,  # else all that the machine ever had would be read
        Reservation.ends_at > span.start,
    )
    if machine_places > places:
        statement = statement.where(Reservation.created_at >= since)
    changes: dict[datetime, int] = {span.start: 0, span.end: 0}
    for starts_at, ends_at, taken in session.execute(statement):
        for at, change in ((max(starts_at, span.start), taken), (min(ends_at, span.end), -taken)):
            changes[at] = changes.get(at, 0) + change
    instants = sorted(changes)
    held, seconds = 0, 0
    for at, following in pairwise(instants):
        held += changes[at]
        seconds += min(held, places) * int((following - at).total_seconds())
    return seconds
