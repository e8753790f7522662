"""Later times for several reservations of one machine, for instance because it is broken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import islice

from sqlalchemy.orm import Session

from booking.availability import daytime, reading, starts
from booking.availability.accepted import SlotQuery
from booking.availability.proposals import allowed_minutes
from booking.availability.reading import Held
from booking.availability.starts import DAY, Interval, ceil_timestamp, floor_timestamp, from_timestamp
from booking.members import members
from booking.records import catalogue
from booking.reservations.wishes import Wish
from booking.rules.lending_rules import HORIZON_DAYS_MAX
from booking.times.wall_clock import first_instant, local_day, to_wall
from booking.timespan import TimeSpan

DAYS_AHEAD = 28


def later_times(
    session: Session, machine_id: int, wishes: Sequence[Wish], after: datetime, *, now: datetime, count: int = 3
) -> list[tuple[TimeSpan, ...]]:
    """Return for each wish up to `count` later spans that would be accepted in its place, in order.

    They begin after an instant, at the wished time of the day or soon after it. Notice and horizon do not count, as in
    MachineRoom: no member asked, and the decision overrules them.

    The first proposals of all wishes are possible together: what is proposed first to one is held for the next ones.
    Reads as much for one wish as for many, up to 28 days ahead. Raises MachineNotFound.
    """
    terms = catalogue.bookable_machine(session, machine_id)
    policy, place_ids = replace(terms.policy, notice_hours=0, horizon_days=HORIZON_DAYS_MAX), terms.place_ids
    eligibilities = members.eligibilities(session, {wish.member_id for wish in wishes})
    within = ceil_timestamp(after), ceil_timestamp(after) + DAYS_AHEAD * DAY
    queries = [
        SlotQuery(
            policy,
            place_ids,
            allowed_minutes(wish.span, policy),
            wish.places,
            eligibilities.of(wish.member_id, policy.induction_kind_id),
            now,
        )
        for wish in wishes
    ]
    if not queries:
        return []
    held = reading.held_places(session, [machine_id], widest(queries, within))
    found = []
    for wish, query in zip(wishes, queries, strict=True):
        spans = tuple(_next(query, held, within, wish.span, count))
        if spans:
            hold(held, place_ids, query, policy.occupied_by(spans[0]))
        found.append(spans)
    return found


def widest(queries: Sequence[SlotQuery], within: Interval) -> Interval:
    """Return the time for which several queries need to know what holds the places."""
    needed = [query.needed(within) for query in queries]
    return min(since for since, _until in needed), max(until for _since, until in needed)


def _next(query: SlotQuery, held: Held, within: Interval, wished: TimeSpan, count: int) -> list[TimeSpan]:
    """Return spans on the next days at the wished time of the day or later that day; else the next ones at any time.

    Of each, those in the waking day before others.
    """
    accepted = query.accepted(held, within)
    by_day = daytime.by_day(query, accepted, within, wished)
    zone = query.policy.hours.zone
    first_day, clock = local_day(from_timestamp(within[0]), zone), to_wall(wished.start, zone).time()
    days = [first_day + timedelta(days=day) for day in range(DAYS_AHEAD + 1)]
    targets = [floor_timestamp(first_instant(datetime.combine(day, clock), zone)) for day in days]
    limits = [floor_timestamp(first_instant(datetime.combine(day + timedelta(days=1), time()), zone)) for day in days]
    at_its_time, at_any_time = list(zip(targets, limits, strict=True)), [within] * count
    tries = ((by_day, at_its_time), (by_day, at_any_time), (accepted, at_its_time), (accepted, at_any_time))
    found = (list(islice(_from_each(query, intervals, within[0], windows), count)) for intervals, windows in tries)
    return next(filter(None, found), [])


def _from_each(
    query: SlotQuery, intervals: list[Interval], since: int, windows: Iterable[Interval]
) -> Iterator[TimeSpan]:
    """Yield the first span that starts in each of the windows, after the one before it."""
    for target, limit in windows:
        start = starts.next_start(intervals, max(target, since), query.policy)
        if start is not None and start < limit:
            span = query.span_from(start)
            since = floor_timestamp(span.end)
            yield span


def hold(held: Held, place_ids: Sequence[int], query: SlotQuery, occupied: TimeSpan) -> None:
    """Count as many places as a query needs as held; which ones does not matter."""
    since, until = floor_timestamp(occupied.start), ceil_timestamp(occupied.end)
    for place_id in place_ids[: query.places]:
        held[place_id] = sorted([*held.get(place_id, ()), (since, until)])
