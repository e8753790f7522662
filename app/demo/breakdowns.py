"""A machine of the demo ring that broke down this morning; what becomes of its reservations is not decided yet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.demo.base_data import DEMO, BaseData
from app.demo.machines import TWIN
from app.demo.people import BERND
from app.demo.simulation import at
from booking.closures import blockings
from booking.errors.schedule_errors import DomainError
from booking.kernel.events import Actor
from booking.reservations import reservations
from booking.reservations.wishes import Wish
from booking.timespan import TimeSpan

OUT_DAYS = 6
# Member, days from today, hour, length in hours, by how many minutes it may be moved, purpose.
USES = (
    (BERND, 1, 9, 2, 0, "Schilder für den Hof"),
    (BERND, 2, 16, 2, 240, "Schablonen"),
    ("M-018", 3, 13, 3, 0, "Modelle"),
    ("M-018", 9, 10, 2, 0, "Gehäuse"),
)


def break_down(session: Session, base: BaseData, manager: Actor, now: datetime) -> Iterator[datetime]:
    """Reserve the twin of the laser cutter some times, then close it around these reservations."""
    asked_at = now - timedelta(hours=30)
    yield asked_at
    machine_id = base.machines[TWIN.entry.slug]
    for member, days, hour, hours, may_move_min, purpose in USES:
        start = at(base.today + timedelta(days=days), hour)
        span = TimeSpan(start, start + timedelta(hours=hours))
        wish = Wish(machine_id, base.members[member], span, 1, purpose, may_move_min)
        with suppress(DomainError), session.begin_nested():  # another day may have other hours
            reservations.request_reservation(session, wish, by=DEMO, now=asked_at, uid=f"twin-{days}@ringbuch")
    yield now - timedelta(minutes=20)
    span = TimeSpan(now - timedelta(minutes=20), at(base.today + timedelta(days=OUT_DAYS), 18))
    blockings.close(
        session,
        machine_id,
        span,
        "Spiegel gesprungen, Ersatz ist bestellt",
        by=manager,
        now=now - timedelta(minutes=20),
        around_reservations=True,
    )
