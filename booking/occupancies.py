"""Taking and releasing time on places: the one door to the table that the guard protects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from booking.errors import SlotTaken
from booking.held_spans import free_places
from booking.kernel.orm import table_of
from booking.models import Blocking, Occupancy, Unit
from booking.timespan import TimeSpan

NO_OVERLAP = "booking_occupancy_no_overlap"
MACHINE_LOCKS = 1  # the first key of PostgreSQL's advisory locks on machines; the second is the machine's id

_unit = table_of(Unit)
_PLACES_OF = (
    select(_unit.c.id)
    .where(_unit.c.machine_id == bindparam("machine_id"), _unit.c.retired_at.is_(None))
    .order_by(_unit.c.number)
)
_LOCK = select(func.pg_advisory_xact_lock(MACHINE_LOCKS, bindparam("machine_id")))
_TAKE = insert(table_of(Occupancy))


@contextmanager
def guard_speaks(taken: SlotTaken) -> Iterator[None]:
    """Turn the database's refusal of an overlap into the error that a member can act on.

    A failed flush expires every object of the session, so `taken` names plain values only.
    """
    try:
        yield
    except IntegrityError as error:
        if NO_OVERLAP not in str(error.orig):
            raise
        raise taken from error


def lock_machine(session: Session, machine_id: int) -> None:
    """Make other takers of a machine wait until the commit. Before reading what the decision stands on.

    On PostgreSQL only: there, takers of one span could otherwise stall each other in deadlocks on the exclusion
    constraint for half a minute. On SQLite the write lock already let only one writer in. Who needs several
    machines locks them in the order of their ids. See docs/locking.md.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_LOCK, {"machine_id": machine_id})


def places_of(session: Session, machine_id: int) -> Sequence[int]:
    """The ids of a machine's places, in the order of their numbers; retired ones left out."""
    return session.scalars(_PLACES_OF, {"machine_id": machine_id}).all()


def take_for_reservation(
    session: Session, reservation_id: int, machine_id: int, place_ids: Sequence[int], occupied: TimeSpan, places: int
) -> None:
    """Hold so many of a locked machine's places for a reservation. Raises SlotTaken when too few are free."""
    chosen, free = _choose(session, place_ids, occupied, places)
    taken = SlotTaken(machine_id=machine_id, span=occupied, places=places, places_free=free)
    if len(chosen) < places:
        raise taken
    _insert(session, chosen, occupied, taken, reservation_id=reservation_id)


@dataclass(frozen=True, slots=True)
class Taking:
    """Which places of a locked machine a reservation is to hold, and for which span."""

    reservation_id: int
    machine_id: int
    place_ids: Sequence[int]
    occupied: TimeSpan


def take_all(session: Session, takings: Iterable[Taking]) -> None:
    """Hold places for many reservations at once. Raises SlotTaken when one of them is held."""
    by_machine: dict[int, list[Taking]] = {}
    for taking in takings:
        by_machine.setdefault(taking.machine_id, []).append(taking)
    for machine_id, its_takings in sorted(by_machine.items()):
        rows = [
            _row(place_id, taking.occupied, reservation_id=taking.reservation_id)
            for taking in its_takings
            for place_id in taking.place_ids
        ]
        span = TimeSpan(min(one.occupied.start for one in its_takings), max(one.occupied.end for one in its_takings))
        with guard_speaks(SlotTaken(machine_id=machine_id, span=span, places=1, places_free=0)):
            session.connection().execute(_TAKE, sorted(rows, key=_place_and_time))


def take_for_blocking(session: Session, blocking_id: int, machine_id: int, span: TimeSpan) -> None:
    """Hold every place of a locked machine for a closure. Raises SlotTaken when one of them is held."""
    unit_ids = places_of(session, machine_id)
    taken = SlotTaken(machine_id=machine_id, span=span, places=len(unit_ids), places_free=0)
    _insert(session, unit_ids, span, taken, blocking_id=blocking_id)


def take_new_places(session: Session, machine_id: int, unit_ids: Sequence[int], now: datetime) -> None:
    """Let the closures that are on or to come hold places that were added to a machine."""
    closures = session.execute(
        select(Blocking.id, Blocking.starts_at, Blocking.ends_at)
        .where(Blocking.machine_id == machine_id, Blocking.ends_at > now, Blocking.lifted_at.is_(None))
        .order_by(Blocking.starts_at)
    ).all()
    for closure_id, starts_at, ends_at in closures if unit_ids else ():
        span = TimeSpan(starts_at, ends_at)
        taken = SlotTaken(machine_id=machine_id, span=span, places=len(unit_ids), places_free=0)
        _insert(session, unit_ids, span, taken, blocking_id=closure_id)


def release(session: Session, *, reservation_id: int | None = None, blocking_id: int | None = None) -> None:
    """Let go of everything a reservation or a closure holds."""
    held = (
        Occupancy.reservation_id == reservation_id
        if reservation_id is not None
        else Occupancy.blocking_id == blocking_id
    )
    session.execute(delete(Occupancy).where(held).execution_options(synchronize_session=False))


def shorten(session: Session, reservation_id: int, occupied: TimeSpan) -> None:
    """Let go of what a reservation holds after the end of a span: the machine came back early."""
    session.execute(
        update(Occupancy)
        .where(Occupancy.reservation_id == reservation_id)
        .values(occupied_from=occupied.start, occupied_until=occupied.end)
        .execution_options(synchronize_session=False)
    )


def _choose(session: Session, unit_ids: Sequence[int], occupied: TimeSpan, places: int) -> tuple[Sequence[int], int]:
    if len(unit_ids) == places == 1:
        # One place: the guard itself is the cheapest question.
        return unit_ids, 0
    free = free_places(session, unit_ids, occupied)
    return free[:places], len(free)


def _insert(
    session: Session,
    unit_ids: Sequence[int],
    span: TimeSpan,
    taken: SlotTaken,
    *,
    reservation_id: int | None = None,
    blocking_id: int | None = None,
) -> None:
    rows = [_row(unit_id, span, reservation_id=reservation_id, blocking_id=blocking_id) for unit_id in sorted(unit_ids)]
    if not rows:
        raise taken
    with guard_speaks(taken):
        session.connection().execute(_TAKE, rows if len(rows) > 1 else rows[0])


def _row(
    unit_id: int, span: TimeSpan, *, reservation_id: int | None = None, blocking_id: int | None = None
) -> dict[str, Any]:
    return {
        "unit_id": unit_id,
        "occupied_from": span.start,
        "occupied_until": span.end,
        "reservation_id": reservation_id,
        "blocking_id": blocking_id,
    }


def _place_and_time(row: Mapping[str, Any]) -> tuple[int, datetime]:
    return row["unit_id"], row["occupied_from"]
