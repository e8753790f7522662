"""Taking and releasing places: the only code that writes the table that the guard protects.

Whatever takes places has a row in booking_hold, its hold; a reservation and its hold have the same id, and so have a
closure and its hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from booking import held_spans
from booking.errors import SlotTaken
from booking.kernel.orm import table_of
from booking.kernel.transaction import is_writing
from booking.models import Blocking, Hold, HoldKind, Occupancy, Unit
from booking.place_calendar import PlaceCalendar
from booking.timespan import TimeSpan

NO_OVERLAP = "booking_occupancy_no_overlap"
MACHINE_LOCKS = 1  # the first key of PostgreSQL's advisory locks on machines; the second is the machine's id

_hold, _unit = table_of(Hold), table_of(Unit)
_PLACES_OF = (
    select(_unit.c.id)
    .where(_unit.c.machine_id == bindparam("machine_id"), _unit.c.retired_at.is_(None))
    .order_by(_unit.c.number)
)
_LOCK = select(func.pg_advisory_xact_lock(MACHINE_LOCKS, bindparam("machine_id")))
_ADD_HOLD, _ADD_HOLDS = insert(_hold), insert(_hold).returning(_hold.c.id)
_TAKE = insert(table_of(Occupancy))


def lock_machines(session: Session, machine_ids: Iterable[int]) -> None:
    """Make other takers of these machines wait until the commit. Call before reading what the decision depends on.

    Only PostgreSQL needs the locks: without them, takers of one span can stall each other in deadlocks on the
    exclusion constraint for half a minute. On SQLite the write lock admits one writer anyway. The machines are locked
    in the order of their ids, so that two callers cannot deadlock. See docs/locking.md.

    Raises RuntimeError outside write_transaction(): the locks would be released before anything is written.
    """
    if not is_writing(session):
        raise RuntimeError("machines are locked until the commit: call this inside write_transaction()")
    if session.get_bind().dialect.name == "postgresql":
        for machine_id in sorted(set(machine_ids)):
            session.execute(_LOCK, {"machine_id": machine_id})


def places_of(session: Session, machine_id: int) -> Sequence[int]:
    """Return the ids of a machine's places in the order of their numbers, without retired ones."""
    return session.scalars(_PLACES_OF, {"machine_id": machine_id}).all()


def add_holds(session: Session, kind: HoldKind, count: int = 1) -> Sequence[int]:
    """Add holds for new reservations or closures; return their ids, which are also those of their owners."""
    connection = session.connection()
    if count == 1:
        key = connection.execute(_ADD_HOLD, {"kind": kind.value}).inserted_primary_key
        return [key.id] if key else []
    return sorted(connection.execute(_ADD_HOLDS, [{"kind": kind.value}] * count).scalars())


@dataclass(frozen=True, slots=True)
class Taking:
    """Places of a locked machine that a hold is to take for a span.

    place_ids: the places to choose from. places: how many of them; None takes every one.
    """

    hold_id: int
    machine_id: int
    place_ids: Sequence[int]
    occupied: TimeSpan
    places: int | None = None

    @property
    def has_choice(self) -> bool:
        """Whether places have to be chosen. If not, the guard alone decides, which is the cheapest check."""
        return self.places is not None and not len(self.place_ids) == self.places == 1


@contextmanager
def overlap_as_slot_taken(takings: Sequence[Taking]) -> Iterator[None]:
    """Translate the database's overlap error into SlotTaken. takings: what one statement takes of one machine."""
    try:
        yield
    except IntegrityError as error:
        if NO_OVERLAP not in str(error.orig):
            raise
        raise _slot_taken(takings) from error


def take(session: Session, takings: Sequence[Taking]) -> None:
    """Take places for one or more holds: all of them or none. Raises SlotTaken when too few places are free."""
    chosen = _choose(session, takings)
    by_machine: dict[int, list[Taking]] = {}
    for taking in takings:
        if not chosen[taking.hold_id]:
            raise _slot_taken([taking])
        by_machine.setdefault(taking.machine_id, []).append(taking)
    for _machine_id, of_machine in sorted(by_machine.items()):
        rows = [_row(taking, place_id) for taking in of_machine for place_id in chosen[taking.hold_id]]
        with overlap_as_slot_taken(of_machine):
            session.connection().execute(_TAKE, sorted(rows, key=_place_and_time) if len(rows) > 1 else rows[0])


def take_new_places(session: Session, machine_id: int, unit_ids: Sequence[int], now: datetime) -> None:
    """Take places that were added to a machine for its current and future closures."""
    if not unit_ids:
        return
    closures = session.execute(
        select(Blocking.id, Blocking.starts_at, Blocking.ends_at)
        .where(Blocking.machine_id == machine_id, Blocking.ends_at > now, Blocking.lifted_at.is_(None))
        .order_by(Blocking.starts_at)
    )
    take(
        session,
        [
            Taking(closure_id, machine_id, unit_ids, TimeSpan(starts_at, ends_at))
            for closure_id, starts_at, ends_at in closures
        ],
    )


def release(session: Session, hold_id: int) -> None:
    """Release every place that a hold has taken."""
    session.execute(delete(Occupancy).where(Occupancy.hold_id == hold_id).execution_options(synchronize_session=False))


def shorten(session: Session, hold_id: int, occupied: TimeSpan) -> None:
    """Release the time of a hold outside a span within it, for a machine that came back early."""
    session.execute(
        update(Occupancy)
        .where(Occupancy.hold_id == hold_id)
        .values(occupied_from=occupied.start, occupied_until=occupied.end)
        .execution_options(synchronize_session=False)
    )


def _choose(session: Session, takings: Sequence[Taking]) -> dict[int, Sequence[int]]:
    """Choose free places by hold, in the order of time. Raises SlotTaken when too few are free."""
    chosen: dict[int, Sequence[int]] = {taking.hold_id: taking.place_ids for taking in takings}
    open_choices = sorted((each for each in takings if each.has_choice), key=lambda each: each.occupied)
    if not open_choices:
        return chosen
    machine_ids = {taking.machine_id for taking in open_choices}
    calendar = PlaceCalendar(held_spans.by_place(session, machine_ids, _hull(open_choices)))
    for taking in open_choices:
        places = taking.places or 0
        free = calendar.free(taking.place_ids, taking.occupied)
        if len(free) < places:
            raise SlotTaken(machine_id=taking.machine_id, span=taking.occupied, places=places, places_free=len(free))
        chosen[taking.hold_id] = free[:places]
        calendar.take(free[:places], taking.occupied, taking.hold_id)
    return chosen


def _slot_taken(takings: Sequence[Taking]) -> SlotTaken:
    """Return the error for takings of one machine; of several, the guard does not report which one it refused."""
    first = takings[0]
    places = len(first.place_ids) if first.places is None else first.places
    if len(takings) > 1:
        places = 1
    return SlotTaken(machine_id=first.machine_id, span=_hull(takings), places=places, places_free=0)


def _hull(takings: Sequence[Taking]) -> TimeSpan:
    return TimeSpan(min(each.occupied.start for each in takings), max(each.occupied.end for each in takings))


def _row(taking: Taking, place_id: int) -> dict[str, Any]:
    return {
        "unit_id": place_id,
        "occupied_from": taking.occupied.start,
        "occupied_until": taking.occupied.end,
        "hold_id": taking.hold_id,
    }


def _place_and_time(row: Mapping[str, Any]) -> tuple[int, datetime]:
    return row["unit_id"], row["occupied_from"]
