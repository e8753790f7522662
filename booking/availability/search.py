"""Free time on one machine in a window, and the earliest on many machines."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from booking.availability import daytime, reading
from booking.availability.accepted import FAR_FUTURE, SlotQuery
from booking.availability.starts import DAY, Interval, ceil_timestamp, floor_timestamp, from_timestamp
from booking.models import Machine, Workshop
from booking.records import catalogue
from booking.timespan import TimeSpan

FIRST_LOOK, LONGEST_LOOK = DAY // 4, 64 * DAY
READ_AT_FIRST = 16  # machines; twice as many each time


@dataclass(frozen=True, slots=True, order=True)
class FreeSpan:
    """A reservation that would be accepted. Ordered by time."""

    span: TimeSpan
    machine_id: int


@dataclass(frozen=True, slots=True)
class Look:
    """In which starts to look, when what is found has to end, and whether only in the waking day."""

    within: Interval
    ends_by: int
    by_day: bool


def free_spans(
    session: Session,
    machine_id: int,
    window: TimeSpan,
    *,
    now: datetime,
    minutes: int | None = None,
    places: int = 1,
    member_id: int | None = None,
    excluding: int | None = None,
    limit: int | None = None,
    by_day: bool = False,
) -> tuple[TimeSpan, ...]:
    """Return the spans of a window in which a reservation of these minutes would be accepted, in order.

    A reservation inside a span that starts on the machine's grid would be accepted: opening hours, set-up and cleaning
    of both neighbours, notice, horizon, step and places are kept. With several places spans may overlap each other.

    minutes: None is the shortest length allowed. member_id: the member's induction is kept too.
    excluding: a reservation that is to be moved; its own places count as free. by_day: only what begins and ends in the
    waking day.

    Raises MachineNotFound, MemberNotFound.
    """
    terms = catalogue.bookable_machine(session, machine_id)
    minutes = minutes or terms.policy.shortest_allowed_min
    query = _slot_queries(session, [terms], minutes, places, member_id, now)[machine_id]
    ends_by = floor_timestamp(window.end)
    asked = query.asked_for((ceil_timestamp(window.start), ends_by - 1))
    if asked is None or not query.is_possible:
        return ()
    held = reading.held_places(session, [machine_id], query.needed(asked), excluding)
    intervals = query.accepted(held, asked, ends_by)
    intervals = daytime.by_day(query, intervals, asked, None) if by_day else intervals
    return tuple(
        TimeSpan(from_timestamp(first), query.span_from(last).end)
        for first, last in (intervals if limit is None else intervals[:limit])
    )


def earliest_free(
    session: Session,
    *,
    minutes: int,
    now: datetime,
    after: datetime | None = None,
    until: datetime | None = None,
    places: int = 1,
    machine_ids: Collection[int] | None = None,
    workshop_slug: str | None = None,
    kind: str | None = None,
    member_id: int | None = None,
    count: int = 1,
    by_day: bool = False,
) -> tuple[FreeSpan, ...]:
    """Return the earliest reservations of these minutes that would be accepted, at most one for each machine.

    Looks forward from `after` (None: now) six hours at first, then in doubled strides, so that what is free soon is
    found without reading the year; and at the machines that open first, until no other can be earlier. An empty
    collection of machines matches nothing. by_day: only what begins and ends in the waking day.

    Raises MemberNotFound.
    """
    terms = catalogue.terms_of_many(session, *_wanted(machine_ids, workshop_slug, kind))
    queries = _slot_queries(session, terms, minutes, places, member_id, now)
    waiting = {machine_id: query for machine_id, query in queries.items() if query.is_possible}
    since, stride = ceil_timestamp(max(after or now, now)), FIRST_LOOK
    ends_by = floor_timestamp(until) if until is not None else FAR_FUTURE
    found: list[FreeSpan] = []
    while len(found) < count:
        within = (since, min(since + stride, ends_by) - 1)
        waiting = {machine_id: query for machine_id, query in waiting.items() if query.asked_for((since, ends_by))}
        if not waiting or within[0] > within[1]:
            break
        found += _earliest_of(session, waiting, Look(within, ends_by, by_day), count - len(found))
        done = {one.machine_id for one in found}
        waiting = {machine_id: query for machine_id, query in waiting.items() if machine_id not in done}
        since, stride = since + stride, min(stride * 2, LONGEST_LOOK)
    return tuple(sorted(found)[:count])


def _earliest_of(session: Session, queries: Mapping[int, SlotQuery], look: Look, count: int) -> list[FreeSpan]:
    """Return at least the earliest spans of some machines, up to a count, reading what holds as few as possible.

    No machine is free before it would be if nothing held it: whoever comes later than the last one wanted is not read.
    """
    hoped = sorted(_first_of_each(queries, {}, look))
    found: list[FreeSpan] = []
    first, size = 0, READ_AT_FIRST
    while first < len(hoped) and (len(found) < count or sorted(found)[count - 1] > hoped[first]):
        some = {one.machine_id: queries[one.machine_id] for one in hoped[first : first + size]}
        needed = [query.needed(look.within) for query in some.values()]
        during = min(since for since, _ in needed), max(until for _, until in needed)
        found += _first_of_each(some, reading.held_places(session, some.keys(), during), look)
        first, size = first + size, size * 2
    return found


def _first_of_each(queries: Mapping[int, SlotQuery], held: reading.Held, look: Look) -> Iterator[FreeSpan]:
    for machine_id, query in queries.items():
        intervals = query.accepted(held, look.within, look.ends_by)
        if intervals := daytime.by_day(query, intervals, look.within, None) if look.by_day else intervals:
            yield FreeSpan(query.span_from(intervals[0][0]), machine_id)


def _slot_queries(
    session: Session,
    terms: Collection[catalogue.MachineTerms],
    minutes: int,
    places: int,
    member_id: int | None,
    now: datetime,
) -> dict[int, SlotQuery]:
    eligibilities = reading.eligibility_by_kind(session, member_id) if member_id is not None else None
    return {
        one.machine_id: SlotQuery(
            one.policy,
            one.place_ids,
            minutes,
            places,
            eligibilities.of_kind(one.policy.induction_kind_id) if eligibilities else None,
            now,
        )
        for one in terms
    }


def _wanted(
    machine_ids: Collection[int] | None, workshop_slug: str | None, kind: str | None
) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if machine_ids is not None:
        wanted.append(Machine.id.in_(machine_ids))
    if workshop_slug is not None:
        wanted.append(Workshop.slug == workshop_slug)
    if kind is not None:
        wanted.append(Machine.kind == kind)
    return wanted
