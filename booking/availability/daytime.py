"""Which starts lie in the waking day, so that nobody has to pick a machine up or return it at night. Pure.

Opening hours say when that is. Where they leave the night open, it is the day from six to ten in the evening: a time at
three in the morning would be accepted, but it helps nobody who wished for the afternoon.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from booking.availability import starts
from booking.availability.accepted import AllowedStarts, SlotQuery, open_seconds
from booking.availability.starts import DAY, Interval, ceil_timestamp, floor_timestamp, from_timestamp
from booking.times.opening_hours import WeeklyHours, instant_of
from booking.times.wall_clock import local_day
from booking.timespan import TimeSpan

BEGINS_MIN, ENDS_MIN = 6 * 60, 22 * 60  # of the local day
OPEN_ALL_NIGHT = DAY - 4 * 3_600  # a workshop that is open longer without a break does not close for the night
CLOCK_CHANGE = 2 * 3_600  # more than the clock is ever put forward or back


def by_day(query: SlotQuery, intervals: list[Interval], within: Interval, wished: TimeSpan | None) -> list[Interval]:
    """Return the accepted starts (intervals) within an interval from which pick-up and return lie in the waking day.

    wished: what was asked for; who wishes to begin or to end at night may do so at another time, too.
    """
    if query.policy.hours.closes_every_night:
        return intervals
    days = _days_of_query(query, within)
    edges = (True, True) if wished is None else _edges_by_day(query.policy.hours, wished)
    found: list[Interval] = []
    for piece, length in starts.of_lengths(query.policy, query.minutes, within):
        found += _in_days(starts.intersect(intervals, [piece]), days, length, edges)
    on_grid = (starts.to_grid(interval, query.policy) for interval in found)
    return [interval for interval in on_grid if interval is not None]


def allowed_by_day(query: SlotQuery, allowed: list[AllowedStarts], within: Interval) -> list[AllowedStarts]:
    """Return what is by day of the starts that the rules allow within an interval."""
    if query.policy.hours.closes_every_night:
        return allowed
    days = _days_of_query(query, within)
    found = (AllowedStarts(length, _in_days(intervals, days, length, (True, True))) for length, intervals in allowed)
    return [one for one in found if one.intervals]


def _in_days(
    intervals: list[Interval], days: Sequence[Interval], length: int, edges: tuple[bool, bool]
) -> list[Interval]:
    """Return the starts from which a reservation of a length begins or ends in one of the days, or both."""
    begins_by_day, ends_by_day = edges
    if begins_by_day:
        intervals = starts.intersect(intervals, [(since, until - 1) for since, until in days])
    if ends_by_day:
        intervals = starts.intersect(intervals, [(since - length, until - length) for since, until in days])
    return intervals


def _days_of_query(query: SlotQuery, within: Interval) -> tuple[Interval, ...]:
    return _waking(query.policy.hours, within[0], within[1] + query.minutes * 60 + CLOCK_CHANGE)


def _edges_by_day(hours: WeeklyHours, span: TimeSpan) -> tuple[bool, bool]:
    """Return whether a span begins in the waking day, and whether it ends there."""
    start, end = floor_timestamp(span.start), floor_timestamp(span.end)
    days = _waking(hours, start - DAY, end + DAY)
    begins = any(since <= start < until for since, until in days)
    return begins, any(since <= end <= until for since, until in days)


def _waking(hours: WeeklyHours, since: int, until: int) -> tuple[Interval, ...]:
    # By whole days, so that the same ones are looked up whatever the time of day.
    return _waking_days(hours, since // DAY * DAY, -(-until // DAY) * DAY)


@lru_cache(maxsize=256)
def _waking_days(hours: WeeklyHours, since: int, until: int) -> tuple[Interval, ...]:
    found: list[Interval] = []
    for opened in open_seconds(hours, since - DAY, until + DAY):
        found += [opened] if opened[1] - opened[0] < OPEN_ALL_NIGHT else _days_of(opened, hours.zone)
    return tuple(found)


def _days_of(opened: Interval, zone: ZoneInfo) -> Iterator[Interval]:
    """Yield the day of each date in a time that is open all night."""
    day, last = (local_day(from_timestamp(instant), zone) for instant in opened)
    while day <= last:
        since, until = _day(day, zone)
        if max(since, opened[0]) < min(until, opened[1]):
            yield max(since, opened[0]), min(until, opened[1])
        day += timedelta(days=1)


@lru_cache(maxsize=2_048)
def _day(day: date, zone: ZoneInfo) -> Interval:
    return ceil_timestamp(instant_of(day, BEGINS_MIN, zone)), floor_timestamp(instant_of(day, ENDS_MIN, zone))
