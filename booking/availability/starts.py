"""When a reservation of a given length could start: arithmetic on whole seconds since 1970. Pure.

An interval is a pair (first, last) of seconds, both included: every start of the machine's grid between the two
is allowed. What holds places are pairs (from, until), the end not included. Several places are counted: a reservation
of two of 24 places could start wherever it meets no time in which fewer than two are free.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain, pairwise
from zoneinfo import ZoneInfo

from booking.rules.lending_rules import Policy
from booking.times.wall_clock import clock_changes, instants_showing, to_wall

Interval = tuple[int, int]
DAY, QUARTER_HOUR = 86_400, 900


def intersect(intervals: Sequence[Interval], others: Sequence[Interval]) -> list[Interval]:
    """Return the starts that belong to both. Each argument in order and disjoint."""
    met, i, j = [], 0, 0
    while i < len(intervals) and j < len(others):
        first, last = max(intervals[i][0], others[j][0]), min(intervals[i][1], others[j][1])
        if first <= last:
            met.append((first, last))
        if intervals[i][1] < others[j][1]:
            i += 1
        else:
            j += 1
    return met


def short_of_places(by_place: Iterable[Sequence[Interval]], places: int, needed: int) -> Sequence[Interval]:
    """Return the time (from, until) in which fewer than the needed places are free, in order.

    by_place: what holds each place, of which there are `places`. Places are equal, so they are only counted.
    """
    by_place = [held for held in by_place if held]
    if places == needed == 1:
        return by_place[0] if by_place else ()
    changes: Counter[int] = Counter()
    for since, until in chain.from_iterable(by_place):
        changes[since] += 1
        changes[until] -= 1
    found: list[Interval] = []
    free, short_since = places, None
    for at in sorted(changes):
        free -= changes[at]
        if short_since is None and free < needed:
            short_since = at
        elif short_since is not None and free >= needed:
            found.append((short_since, at))
            short_since = None
    return found


def between(held: Iterable[tuple[int, int]], within: Interval, before: int, after: int, length: int) -> list[Interval]:
    """Return the starts between times that are held, in order; before, after: set-up and cleaning."""
    first, last = within
    needed = length + after
    intervals: list[Interval] = []
    for held_from, held_until in held:
        latest = held_from - needed
        if first <= latest:
            intervals.append((first, min(latest, last)))
        if first < held_until + before:  # a comparison takes a third of a call of max(), and full weeks have many
            first = held_until + before
        if first > last:
            return intervals
    intervals.append((first, last))
    return intervals


def of_lengths(policy: Policy, minutes: int, within: Interval) -> Iterator[tuple[Interval, int]]:
    """Yield intervals of starts for which these minutes last the same number of seconds and keep the step.

    Away from the clock change that is the whole of `within`. Across it, a machine lent by the day is lent
    until the same time of the clock (23 or 25 hours), and a length that would leave the step is left out.
    """
    length, zone = minutes * 60, policy.hours.zone
    breaks = {within[0], within[1] + 1}
    for change in clock_changes(zone, from_timestamp(within[0] - DAY), from_timestamp(within[1] + length + DAY)):
        at, shift = int(change.at.timestamp()), int(abs(change.after - change.before).total_seconds())
        breaks.update((at, *(at - length + leap for leap in (-shift, 0, shift))))
    edges = sorted(at for at in breaks if within[0] <= at <= within[1] + 1)
    for first, beyond in pairwise(edges):
        seconds = seconds_from(first, minutes, policy)
        if seconds is not None:
            yield (first, beyond - 1), seconds


def to_grid(interval: Interval, policy: Policy) -> Interval | None:
    """Return the interval from its first to its last start on the machine's grid; None without one."""
    first, last = _next_on_grid(interval[0], policy), _last_on_grid(interval[1], policy)
    return (first, last) if interval[0] <= first <= last <= interval[1] else None


def from_timestamp(seconds: int) -> datetime:
    """Return the instant (UTC) of a timestamp in seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def floor_timestamp(at: datetime) -> int:
    """Return whole seconds since 1970; a fraction is cut off."""
    return int(at.timestamp() // 1)


def ceil_timestamp(at: datetime) -> int:
    """Return whole seconds since 1970; a fraction is rounded up."""
    return -int(-at.timestamp() // 1)


def seconds_from(start: int, minutes: int, policy: Policy) -> int | None:
    """Return how many seconds a reservation of these minutes lasts from a start; None where the step forbids it."""
    zone, length = policy.hours.zone, minutes * 60
    if policy.is_lent_by_day:
        # No reservation ends in the hour that is missing in spring.
        ends = instants_showing(to_wall(from_timestamp(start), zone) + timedelta(seconds=length), zone)
        return int(ends[0].timestamp()) - start if ends else None
    by_clock = length + _offset(start + length, zone) - _offset(start, zone)
    return length if by_clock % (policy.step_min * 60) == 0 else None


def _offset(seconds: int, zone: ZoneInfo) -> int:
    return _offset_of_quarter(seconds // QUARTER_HOUR, zone)


@lru_cache(maxsize=65_536)
def _offset_of_quarter(quarter: int, zone: ZoneInfo) -> int:
    # Clocks are changed at full quarters of an hour only.
    offset = from_timestamp(quarter * QUARTER_HOUR).astimezone(zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


def _next_on_grid(start: int, policy: Policy) -> int:
    grid, zone = policy.grid_seconds, policy.hours.zone
    while past := _since_midnight(start, zone) % grid:
        # The grid begins again each midnight, and may jump with the clock: look again after each step.
        start = min(start + grid - past, start + DAY - _since_midnight(start, zone))
    return start


def _last_on_grid(start: int, policy: Policy) -> int:
    while past := _since_midnight(start, policy.hours.zone) % policy.grid_seconds:
        start -= past
    return start


def _since_midnight(seconds: int, zone: ZoneInfo) -> int:
    return (seconds + _offset(seconds, zone)) % DAY


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """Return intervals in order as disjoint intervals."""
    found: list[Interval] = []
    for first, last in intervals:
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


def next_start(intervals: Iterable[Interval], since: int, policy: Policy) -> int | None:
    """Return the first start of the intervals, on the grid, at or after an instant; None without one."""
    for first, last in intervals:
        if last < since:
            continue
        start = first if first >= since else _next_on_grid(since, policy)
        if start <= last:
            return start
    return None


def last_start(intervals: Sequence[Interval], until: int, policy: Policy) -> int | None:
    """Return the last start of the intervals, on the grid, at or before an instant; None without one."""
    for first, last in reversed(intervals):
        start = last if last <= until else _last_on_grid(until, policy)
        if start >= first:
            return start
    return None
