"""How many places a machine has: adding places, and taking places away while the rest can hold what is to come.

Call these with the machine locked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import RecordRefused, Violation
from booking.models import IS_OUT, Occupancy, Reservation, Unit
from booking.places import closure_places, freed_time, occupancies, place_choice
from booking.places.place_assignment import NEVER, Occupied
from booking.places.place_counts import PlaceCount
from booking.timespan import TimeSpan

FREE_AHEAD = timedelta(days=366)  # of a new place, for who waits for one


def set_places(session: Session, machine_id: int, places: int, now: datetime) -> bool:
    """Add places at the end, or retire those that are least in the way; return whether anything changed.

    Places are equal: places are taken away as long as the rest can hold what is to come by counting, and reservations
    that have not begun are put on the remaining ones. Raises RecordRefused (place_held, places_in_use).
    """
    units = session.scalars(
        select(Unit).where(Unit.machine_id == machine_id).order_by(Unit.number).with_for_update()
    ).all()
    active = [unit for unit in units if unit.retired_at is None]
    if places < len(active):
        _retire_places(session, machine_id, active, places, now)
    elif places > len(active):
        _add_places(session, machine_id, units, places - len(active), now)
    return len(active) != places


def _retire_places(session: Session, machine_id: int, active: Sequence[Unit], places: int, now: datetime) -> None:
    to_come = [
        row
        for row in place_choice.reader(session, machine_id, now, now)(TimeSpan(now, NEVER))
        if row.place_id in {unit.id for unit in active}
    ]
    _refuse_shortage([row for row in to_come if not row.is_closure], places, now)
    in_use = {row.place_id for row in to_come if row.is_fixed and not row.is_closure} | _places_out(session, machine_id)
    most = max(len(in_use), _count_out(session, machine_id))
    if most > places:
        raise RecordRefused([Violation("places_in_use", "places", limit=places, actual=most)])
    surplus = [unit for unit in active if unit.id not in in_use][places - len(active) :]
    left = [unit.id for unit in active if unit not in surplus]
    for unit in surplus:
        unit.retired_at = now
    session.flush()
    _clear(session, machine_id, [row for row in to_come if row.place_id not in left], left, now)


def _refuse_shortage(to_come: Iterable[Occupied], places: int, now: datetime) -> None:
    count = PlaceCount(places, ((row.since, row.until) for row in to_come))
    if short := count.first_shortage(TimeSpan(now, NEVER), 0):
        held = places - short.places_free
        raise RecordRefused([Violation("place_held", "places", limit=places, actual=held, span=short.span)])


def _places_out(session: Session, machine_id: int) -> set[int]:
    """Return the places that are out, also those that should be back."""
    held = select(Occupancy.unit_id).join(Reservation, Reservation.id == Occupancy.hold_id)
    return set(session.scalars(held.where(IS_OUT, Reservation.machine_id == machine_id)))


def _count_out(session: Session, machine_id: int) -> int:
    """Count the places that are out: one that should be back may have been handed out a second time, on paper."""
    out = select(func.sum(Reservation.places)).where(IS_OUT, Reservation.machine_id == machine_id)
    return session.scalar(out) or 0


def _clear(
    session: Session, machine_id: int, leaving: Collection[Occupied], left: Sequence[int], now: datetime
) -> None:
    """Take closures off the places that go, and put reservations on those that are left."""
    if not leaving:
        return
    occupancies.drop(session, [row.id for row in leaving if row.is_closure])
    span = TimeSpan(now, max(row.until for row in leaving))
    assigned = place_choice.rearranged(session, machine_id, left, (), span, now=now)
    assert assigned is not None, "counting allows it, and what has begun comes first"
    occupancies.move(session, assigned.moved)


def _add_places(session: Session, machine_id: int, units: Sequence[Unit], count: int, now: datetime) -> None:
    """Add places: retired ones come back first, then new ones with the next numbers."""
    returning = [unit for unit in units if unit.retired_at is not None][:count]
    for unit in returning:
        unit.retired_at = None
    numbers = range(len(units) + 1, len(units) + 1 + count - len(returning))
    new = [Unit(machine_id=machine_id, number=number) for number in numbers]
    session.add_all(new)
    session.flush()
    added = [unit.id for unit in (*returning, *new)]
    closure_places.take_new_places(session, machine_id, added, now)
    _note_free(session, added, now)


def note_free(session: Session, machine_ids: Collection[int], now: datetime) -> None:
    """Note that locked machines can be had by who could not have them before, for who waits for them."""
    lent = select(Unit.id).where(Unit.machine_id.in_(machine_ids), Unit.retired_at.is_(None))
    _note_free(session, session.scalars(lent).all(), now)


def _note_free(session: Session, place_ids: Iterable[int], now: datetime) -> None:
    freed_time.note(session, [(place_id, now, now + FREE_AHEAD) for place_id in place_ids], now=now)
