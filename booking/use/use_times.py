"""The times of a use: what a hand-out before the start takes, and what a reservation says once the machine is back.

A reservation keeps the span that was promised until it is completed; then it says when the use really was. Call these
with the reservation and its machine locked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import SlotTaken, UsageRefused, Violation
from booking.models import IS_OUT, Reservation
from booking.places import held_spans, occupancies
from booking.places.place_assignment import Taking
from booking.reservations import lifecycle
from booking.reservations.lifecycle import LifecycleView, Step
from booking.timespan import TimeSpan

EARLIEST_HAND_OUT = timedelta(hours=1)
SHORTEST_USE = timedelta(seconds=1)  # a span is never empty, also of a machine that comes back at once


def check_out(session: Session, reservation: Reservation, places: int) -> list[Violation]:
    """Return all_out when too few of the machine's places are there to hand this reservation's out.

    places: of the machine. limit: until when the first of those that are out is due; actual: how many are there, None
    where none is.
    """
    out, due_at = session.execute(
        select(func.coalesce(func.sum(Reservation.places), 0), func.min(Reservation.ends_at)).where(
            IS_OUT, Reservation.machine_id == reservation.machine_id
        )
    ).one()
    if out == 0 or out + reservation.places <= places:
        return []
    return [Violation("all_out", "machine", limit=due_at, actual=places - out if out < places else None)]


def may_be_handed_out(reservation: LifecycleView, now: datetime) -> bool:
    """Return whether it is time to hand a machine out: from an hour before the start until the end."""
    is_time = not check_too_early(reservation, now)
    return is_time and lifecycle.is_possible(reservation, Step.HAND_OUT, now)


def check_too_early(reservation: LifecycleView, now: datetime) -> list[Violation]:
    """Return too_early (limit: the first instant of a hand-out)."""
    earliest = reservation.starts_at - EARLIEST_HAND_OUT
    return [Violation("too_early", "start", limit=earliest, actual=now)] if now < earliest else []


def take_time_before(session: Session, reservation: Reservation, place_ids: Sequence[int], now: datetime) -> None:
    """Take the time from now until what the reservation holds, for a machine that is fetched before.

    place_ids: the places of the machine; where a place of the reservation is held by somebody else until then, it
    gets others. Raises UsageRefused (time_before_taken, limit: until when).
    """
    if now >= reservation.occupied_from:
        return
    occupied = TimeSpan(now, reservation.occupied_until)
    if refusals := _check_own_places(session, reservation, now):
        taking = Taking(reservation.id, reservation.machine_id, place_ids, occupied, reservation.places)
        try:
            occupancies.retake(session, taking, now=now)
        except SlotTaken as taken:
            raise UsageRefused(refusals) from taken
    else:
        occupancies.resize(session, reservation.id, occupied)
    reservation.occupied_from = now


def check_time_before(session: Session, reservation: Reservation, places: int, now: datetime) -> list[Violation]:
    """Return time_before_taken for a machine with one place; of several, taking it decides. places: of the machine."""
    if places > 1 or now >= reservation.occupied_from:
        return []
    return _check_own_places(session, reservation, now)


def _check_own_places(session: Session, reservation: Reservation, now: datetime) -> list[Violation]:
    """Return time_before_taken (limit: until when) where a place of a reservation is somebody else's until then."""
    own = occupancies.places_held_by(session, reservation.id)
    held = held_spans.by_place(session, [reservation.machine_id], TimeSpan(now, reservation.occupied_from))
    taken_until = [until for place_id in own for _since, until in held.get(place_id, ())]
    return [Violation("time_before_taken", "start", limit=max(taken_until), actual=now)] if taken_until else []


def complete(session: Session, reservation: Reservation, handed_out_at: datetime, now: datetime) -> None:
    """Give a reservation the span of its use, from hand-out until now; set-up and cleaning stay around it.

    Time that it did not use is free at once. Time after its reserved end stays held as far as nobody else holds it:
    what others have reserved stays theirs.
    """
    set_up = max(reservation.starts_at - reservation.occupied_from, timedelta(0))
    cleaning = reservation.occupied_until - reservation.ends_at
    is_early = handed_out_at <= reservation.starts_at
    since = min(reservation.occupied_from, handed_out_at) if is_early else handed_out_at - set_up
    until = max(now, handed_out_at + SHORTEST_USE)
    reservation.starts_at, reservation.ends_at = handed_out_at, until
    reservation.occupied_from, reservation.occupied_until = since, until + cleaning
    occupancies.resize(session, reservation.id, TimeSpan(since, until + cleaning))
