"""The former time of a reservation: what is confirmed, and still held, while a move waits for approval.

The hold of the reservation then has taken places for the former and the wished time. Where the two overlap, it has
taken as many as the greater needs, once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from sqlalchemy.orm import Session

from booking.events.reservation_events import to_timestamp
from booking.models import Reservation
from booking.places import occupancies
from booking.places.place_assignment import Taking
from booking.records import catalogue
from booking.reservations import lifecycle
from booking.reservations.lifecycle import Step
from booking.timespan import TimeSpan


@dataclass(frozen=True, slots=True)
class HeldTime:
    """A span of working time, with set-up and cleaning, and the number of places."""

    span: TimeSpan
    occupied: TimeSpan
    places: int


def present_time(reservation: Reservation) -> HeldTime:
    """Return what a reservation is for: what it holds, or what it wishes while a move is undecided."""
    return HeldTime(
        TimeSpan(reservation.starts_at, reservation.ends_at),
        TimeSpan(reservation.occupied_from, reservation.occupied_until),
        reservation.places,
    )


def former_time(reservation: Reservation) -> HeldTime | None:
    """Return what is confirmed while a move waits for approval; None where none waits."""
    starts_at, ends_at = reservation.former_starts_at, reservation.former_ends_at
    since, until = reservation.former_occupied_from, reservation.former_occupied_until
    if starts_at is None or ends_at is None or since is None or until is None or reservation.former_places is None:
        return None
    return HeldTime(TimeSpan(starts_at, ends_at), TimeSpan(since, until), reservation.former_places)


def set_present(reservation: Reservation, time: HeldTime) -> None:
    """Write a time into the columns of a reservation."""
    reservation.starts_at, reservation.ends_at, reservation.places = time.span.start, time.span.end, time.places
    reservation.occupied_from, reservation.occupied_until = time.occupied.start, time.occupied.end


def set_former(reservation: Reservation, time: HeldTime | None) -> None:
    """Write a former time into the columns of a reservation, or clear them."""
    reservation.former_starts_at = time.span.start if time else None
    reservation.former_ends_at = time.span.end if time else None
    reservation.former_occupied_from = time.occupied.start if time else None
    reservation.former_occupied_until = time.occupied.end if time else None
    reservation.former_places = time.places if time else None


def take_both(
    session: Session,
    reservation: Reservation,
    former: HeldTime,
    wished: HeldTime,
    place_ids: Sequence[int],
    now: datetime,
) -> None:
    """Take places for a former and a wished time in place of what the hold had taken. Raises SlotTaken.

    The machine is locked.
    """
    takings = (
        Taking(reservation.id, reservation.machine_id, place_ids, span, places)
        for span, places in parts(former, wished)
    )
    occupancies.retake(session, *takings, now=now)


def restore(session: Session, reservation: Reservation, now: datetime) -> None:
    """Give a reservation its former time back, confirmed; what it held beside that is free at once.

    Its deadline of cancelling stayed that of the former time. Locks the machine; store the reservation afterwards.
    Raises WrongStatus where no move waits.
    """
    place_ids = lock_places(session, reservation)
    lifecycle.advance(reservation, Step.RESTORE, now)
    former = former_time(reservation) or present_time(reservation)
    reservation.decide_until = None
    set_former(reservation, None)
    set_present(reservation, former)
    take_present(session, reservation, place_ids, now)


def lock_places(session: Session, reservation: Reservation) -> Sequence[int]:
    """Lock the machine of a reservation and return its places, before anything of the reservation is changed.

    Reading flushes what was changed, and the database refuses what is half changed.
    """
    occupancies.lock_machines(session, [reservation.machine_id])
    return catalogue.lending_terms(session, reservation.machine_id).place_ids


def take_present(session: Session, reservation: Reservation, place_ids: Sequence[int], now: datetime) -> None:
    """Take places for the present time of a reservation alone, in place of what its hold had taken."""
    time = present_time(reservation)
    taking = Taking(reservation.id, reservation.machine_id, place_ids, time.occupied, time.places)
    occupancies.retake(session, taking, now=now)


def parts(former: HeldTime, wished: HeldTime) -> Iterator[tuple[TimeSpan, int]]:
    """Yield disjoint spans in order of time, with the number of places that a former and a wished time need then."""
    first, second = former.occupied, wished.occupied
    cuts = sorted({first.start, first.end, second.start, second.end})
    current: tuple[TimeSpan, int] | None = None
    for start, end in pairwise(cuts):
        span = TimeSpan(start, end)
        places = max((time.places for time in (former, wished) if time.occupied.overlaps(span)), default=0)
        if current is not None and current[1] == places:
            current = TimeSpan(current[0].start, end), places
            continue
        if current is not None and current[1]:
            yield current
        current = span, places
    if current is not None:
        yield current


def promised(reservation: Reservation) -> dict[str, int]:
    """Return the confirmed time and places as events store them; those before a move which waits for approval."""
    starts_at = reservation.former_starts_at or reservation.starts_at
    ends_at = reservation.former_ends_at or reservation.ends_at
    return {
        "promised_starts_at": to_timestamp(starts_at),
        "promised_ends_at": to_timestamp(ends_at),
        "promised_places": reservation.former_places or reservation.places,
    }
