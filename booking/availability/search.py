"""Free time: on one machine in a window, or the earliest on many machines."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from booking import catalogue
from booking.availability import reading
from booking.availability.accepted import FAR_FUTURE, SlotQuery
from booking.availability.starts import DAY, Interval, ceil_timestamp, floor_timestamp, from_timestamp
from booking.models import Machine, Workshop
from booking.timespan import TimeSpan

FIRST_LOOK, LONGEST_LOOK = DAY // 4, 64 * DAY


@dataclass(frozen=True, slots=True, order=True)
class FreeSpan:
    """A reservation that would be accepted. Ordered by time."""

    span: TimeSpan
    machine_id: int


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
) -> tuple[TimeSpan, ...]:
    """The spans of a window in which a reservation of these minutes would be accepted, in order.

    Whichever start of the machine's grid is taken inside a span, so that the reservation ends inside it too,
    it would be accepted: opening hours, set-up and cleaning of both neighbours, notice, horizon, step and places
    are kept. With several places spans may overlap each other.

    minutes: without them the shortest length allowed. member_id: also the member's induction is kept.
    excluding: a reservation that is to be moved, so that its own places count as free.

    Raises MachineNotFound, MemberNotFound.
    """
    terms = catalogue.bookable_machine(session, machine_id)
    query = _slot_queries(session, [terms], minutes or terms.policy.shortest_allowed_min, places, member_id, now)[0]
    ends_by = floor_timestamp(window.end)
    asked = query.asked_for((ceil_timestamp(window.start), ends_by - 1))
    if asked is None or not query.is_possible:
        return ()
    held = reading.held_places(session, [machine_id], query.needed(asked), excluding)
    runs = query.accepted(held, asked, ends_by)
    return tuple(
        TimeSpan(from_timestamp(first), query.span_from(last).end)
        for first, last in (runs if limit is None else runs[:limit])
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
) -> tuple[FreeSpan, ...]:
    """The earliest reservations of these minutes that would be accepted, at most one for each machine.

    Looks forward from `after` (now, if not told) six hours at first, then in doubled strides, so that what is free soon
    is found without reading the year. An empty collection of machines matches nothing.

    Raises MemberNotFound.
    """
    terms = catalogue.terms_of_many(session, *_wanted(machine_ids, workshop_slug, kind))
    waiting = [one for one in _slot_queries(session, terms, minutes, places, member_id, now) if one.is_possible]
    since, stride = ceil_timestamp(max(after or now, now)), FIRST_LOOK
    ends_by = floor_timestamp(until) if until is not None else FAR_FUTURE
    found: list[FreeSpan] = []
    while len(found) < count:
        within = (since, min(since + stride, ends_by) - 1)
        waiting = [one for one in waiting if one.asked_for((since, ends_by)) is not None]
        if not waiting or within[0] > within[1]:
            break
        found += _first_of_each(session, waiting, within, ends_by)
        done = {one.machine_id for one in found}
        waiting = [one for one in waiting if one.machine_id not in done]
        since, stride = since + stride, min(stride * 2, LONGEST_LOOK)
    return tuple(sorted(found)[:count])


def _first_of_each(
    session: Session, queries: Collection[SlotQuery], within: Interval, ends_by: int
) -> Iterator[FreeSpan]:
    needed = [query.needed(within) for query in queries]
    during = min(since for since, _ in needed), max(until for _, until in needed)
    held = reading.held_places(session, [one.machine_id for one in queries], during)
    for query in queries:
        if runs := query.accepted(held, within, ends_by):
            yield FreeSpan(query.span_from(runs[0][0]), query.machine_id)


def _slot_queries(
    session: Session,
    terms: Collection[catalogue.MachineTerms],
    minutes: int,
    places: int,
    member_id: int | None,
    now: datetime,
) -> list[SlotQuery]:
    place_ids = reading.places_of(session, [one.machine_id for one in terms])
    eligibilities = reading.eligibility_by_kind(session, member_id) if member_id is not None else None
    return [
        SlotQuery(
            one.machine_id,
            one.policy,
            place_ids.get(one.machine_id, ()),
            minutes,
            places,
            eligibilities.of_kind(one.policy.induction_kind_id) if eligibilities else None,
            now,
        )
        for one in terms
    ]


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
