"""Later times for several reservations of one machine, for instance because it is broken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from booking import catalogue, members
from booking.availability import reading, starts
from booking.availability.accepted import SlotQuery
from booking.availability.proposals import allowed_minutes
from booking.availability.reading import Held
from booking.availability.starts import DAY, Interval, ceil_timestamp, floor_timestamp
from booking.timespan import TimeSpan
from booking.wishes import Wish

DAYS_AHEAD = 28


def later_times(
    session: Session, machine_id: int, wishes: Sequence[Wish], after: datetime, *, now: datetime, count: int = 3
) -> list[tuple[TimeSpan, ...]]:
    """Return for each wish the next `count` spans from an instant on that would be accepted in its place, in order.

    The first proposals of all wishes are possible together: what is proposed first to one is held for the next ones.
    Reads as much for one wish as for many, up to 28 days ahead. Raises MachineNotFound.
    """
    terms = catalogue.bookable_machine(session, machine_id)
    policy, place_ids = terms.policy, terms.place_ids
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
    held = reading.held_places(session, [machine_id], _widest(queries, within))
    found = []
    for query in queries:
        spans = tuple(_next(query, held, within, count))
        if spans:
            _hold(held, place_ids, query, policy.occupied_by(spans[0]))
        found.append(spans)
    return found


def _widest(queries: Sequence[SlotQuery], within: Interval) -> Interval:
    needed = [query.needed(within) for query in queries]
    return min(since for since, _until in needed), max(until for _since, until in needed)


def _next(query: SlotQuery, held: Held, within: Interval, count: int) -> Iterator[TimeSpan]:
    intervals, since = query.accepted(held, within), within[0]
    for _ in range(count):
        start = starts.next_start(intervals, since, query.policy)
        if start is None:
            return
        span = query.span_from(start)
        since = floor_timestamp(span.end)
        yield span


def _hold(held: Held, place_ids: Sequence[int], query: SlotQuery, occupied: TimeSpan) -> None:
    """Count as many places as a query needs as held; which ones does not matter."""
    since, until = floor_timestamp(occupied.start), ceil_timestamp(occupied.end)
    for place_id in place_ids[: query.places]:
        held[place_id] = sorted([*held.get(place_id, ()), (since, until)])
