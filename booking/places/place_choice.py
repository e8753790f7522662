"""Which places new holds take: free ones if there are any, else those that are free once others have moved.

Only reads. Fixed, and never moved, are closures of all places, what is in use, and what has begun. A closure around
reservations holds what they leave, whichever places those are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import SlotTaken
from booking.models import Blocking, Occupancy, Offer, Reservation, Status
from booking.places import held_spans
from booking.places.place_assignment import Assignment, Occupied, Rearrangement, Taking, TakingKey
from booking.places.place_calendar import PlaceCalendar
from booking.places.place_counts import PlaceCount
from booking.timespan import TimeSpan

MOVABLE = (Status.REQUESTED, Status.CONFIRMED)

HeldByPlace = Mapping[int, Sequence[tuple[datetime, datetime]]]


def choose(session: Session, takings: Sequence[Taking], *, now: datetime, excluding: int | None = None) -> Assignment:
    """Return the places of holds that have a choice, and what has to move for them.

    excluding: a hold that is to be moved; its own places count as free.
    Raises SlotTaken when too few places are free by counting, or when something fixed is in the way.
    """
    found = Assignment()
    if not takings:
        return found
    in_order = sorted(takings, key=lambda each: (each.machine_id, each.occupied))
    held = held_spans.by_place(session, {each.machine_id for each in takings}, hull(takings), excluding=excluding)
    for machine_id, group in groupby(in_order, key=attrgetter("machine_id")):
        of_machine = list(group)
        if chosen := _first_free(of_machine, held):
            found.chosen.update(chosen)
            continue
        _refuse_shortage(of_machine, held)
        place_ids, span = of_machine[0].place_ids, hull(of_machine)
        arranged = rearranged(session, machine_id, place_ids, of_machine, span, now=now, excluding=excluding)
        if arranged is None:  # something fixed is in the way
            free = PlaceCalendar(held).free(place_ids, span)
            raise slot_taken(replace(of_machine[0], occupied=span), len(free), span)
        found.chosen.update(arranged.chosen)
        found.moved.extend(arranged.moved)
    return found


def rearranged(
    session: Session,
    machine_id: int,
    place_ids: Sequence[int],
    takings: Iterable[Taking],
    span: TimeSpan,
    *,
    now: datetime,
    excluding: int | None = None,
) -> Assignment | None:
    """Return how the holds of a machine fit on some of its places together with new ones; None if they do not.

    span: the time in which the new holds lie, or in which holds have to leave other places.
    """
    read = reader(session, machine_id, span.start, now, excluding)
    return Rearrangement(place_ids, takings, span, read).run()


def hull(takings: Sequence[Taking]) -> TimeSpan:
    """Return the span from the first start to the last end."""
    return TimeSpan(min(each.occupied.start for each in takings), max(each.occupied.end for each in takings))


def slot_taken(taking: Taking, places_free: int, short: TimeSpan) -> SlotTaken:
    """Return the error for a hold that does not find its places. short: the first span in which they are too few."""
    return SlotTaken(
        machine_id=taking.machine_id,
        span=taking.occupied,
        places=taking.count,
        places_free=places_free,
        short=short,
        machine_places=len(taking.place_ids),
    )


def _first_free(takings: Iterable[Taking], held: HeldByPlace) -> dict[TakingKey, Sequence[int]] | None:
    """Choose the first free places in the order of time; None as soon as too few are free for the whole span."""
    calendar = PlaceCalendar(held)
    chosen: dict[TakingKey, Sequence[int]] = {}
    for taking in takings:
        free = calendar.free(taking.place_ids, taking.occupied)
        if taking.kept:
            free.sort(key=lambda place_id: place_id not in taking.kept)
        places = free[: taking.count]
        if len(places) < taking.count or not set(taking.kept) <= set(places):
            return None
        chosen[taking.key] = places
        calendar.take(places, taking.occupied)
    return chosen


def _refuse_shortage(takings: Sequence[Taking], held: HeldByPlace) -> None:
    """Raise SlotTaken with the first span that is short by counting. takings: of one machine, in order of time."""
    place_ids = takings[0].place_ids
    count = PlaceCount(len(place_ids), (span for place_id in place_ids for span in held.get(place_id, ())))
    for taking in takings:
        if short := count.first_shortage(taking.occupied, taking.count):
            raise slot_taken(taking, max(short.places_free, 0), short.span)
        count.add(taking.occupied, taking.count)


def reader(
    session: Session, machine_id: int, since: datetime, now: datetime, excluding: int | None = None
) -> Callable[[TimeSpan], Iterator[Occupied]]:
    """Return a function that reads what holds a machine during a span, and what of it is fixed.

    since: the start of the first span that it will be asked for.
    """
    giving_way = _closures_around(session, machine_id, since)

    def read(span: TimeSpan) -> Iterator[Occupied]:
        rows = session.connection().execute(_HOLDING, held_spans.during([machine_id], span)).all()
        for occupancy_id, place_id, occupied_from, occupied_until, hold_id, status in rows:
            if hold_id == excluding:
                continue
            yield Occupied(
                occupancy_id,
                place_id,
                occupied_from,
                occupied_until,
                hold_id,
                is_fixed=status not in MOVABLE or occupied_from <= now,
                is_closure=status is None,
                gives_way=hold_id in giving_way,
            )

    return read


def _closures_around(session: Session, machine_id: int, since: datetime) -> Collection[int]:
    """Return the ids of the closures around reservations that end after an instant."""
    return session.scalars(
        select(Blocking.id).where(
            Blocking.machine_id == machine_id,
            Blocking.around_reservations,
            Blocking.lifted_at.is_(None),
            Blocking.ends_at > since,
        )
    ).all()


def _holding() -> Select[*tuple[Any, ...]]:
    held = held_spans.holding(
        Occupancy.id, Occupancy.unit_id, Occupancy.occupied_from, Occupancy.occupied_until, Occupancy.hold_id
    ).subquery()
    # An offer may be put on other places as what is confirmed may.
    status = func.coalesce(Reservation.status, case((Offer.id.is_not(None), Status.CONFIRMED.value)))
    with_reservation = select(held, status).outerjoin(Reservation, Reservation.id == held.c.hold_id)
    return with_reservation.outerjoin(Offer, Offer.id == held.c.hold_id)


_HOLDING = _holding()
