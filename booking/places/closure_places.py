"""The places that closures take: of a machine that gets new ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.models import Blocking
from booking.places import occupancies
from booking.places.place_assignment import Taking
from booking.timespan import TimeSpan


def take_new_places(session: Session, machine_id: int, unit_ids: Sequence[int], now: datetime) -> None:
    """Take places that were added to a machine for its current and future closures."""
    if not unit_ids:
        return
    closures = session.execute(
        select(Blocking.id, Blocking.starts_at, Blocking.ends_at, Blocking.around_reservations)
        .where(Blocking.machine_id == machine_id, Blocking.ends_at > now, Blocking.lifted_at.is_(None))
        # Those around reservations come last: they take what the others leave.
        .order_by(Blocking.around_reservations, Blocking.starts_at)
    ).all()
    spans = [(row.id, TimeSpan(row.starts_at, row.ends_at), row.around_reservations) for row in closures]
    takings = [Taking(closure_id, machine_id, unit_ids, span) for closure_id, span, around in spans if not around]
    occupancies.take(session, takings, now=now)
    if around := [(closure_id, span) for closure_id, span, around in spans if around]:
        occupancies.take_gaps(session, machine_id, unit_ids, around)
