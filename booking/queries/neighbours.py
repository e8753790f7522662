"""What else stands close to the requests that wait for a decision."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking import occupancies
from booking.models import Occupancy, Reservation
from booking.queries.reservations import ReservationView, view, views
from booking.timespan import TimeSpan

_HELD = select(occupancies.holding(Occupancy.reservation_id).subquery().c.reservation_id)


def neighbours(
    session: Session, requests: Collection[ReservationView], *, hours: int = 24
) -> dict[int, tuple[ReservationView, ...]]:
    """What else holds the machines within some hours of each request, by the request's id; one statement for all."""
    if not requests:
        return {}
    margin = timedelta(hours=hours)
    near = TimeSpan(min(one.starts_at for one in requests) - margin, max(one.ends_at for one in requests) + margin)
    statement = views().where(Reservation.id.in_(_HELD)).order_by(Reservation.starts_at, Reservation.id)
    held = occupancies.during({one.machine_id for one in requests}, near)
    others = [view(row) for row in session.execute(statement, held)]
    return {one.id: tuple(other for other in others if _is_near(other, one, margin)) for one in requests}


def _is_near(other: ReservationView, one: ReservationView, margin: timedelta) -> bool:
    is_same = other.id == one.id or other.machine_id != one.machine_id
    return not is_same and other.span.overlaps(one.span.widened(margin, margin))
