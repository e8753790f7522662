"""The columns of the board: pieces of time, narrow at night, right on the days of the clock change. Pure."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from booking.opening_hours import instant_of
from booking.timespan import TimeSpan

FINEST = timedelta(minutes=15)

# Minutes of the local day at which a column begins. By day half-hours (a day: quarters), at night longer ones.
WEEK_MARKS = frozenset({0, 120, 240, *range(360, 1200, 30), 1200, 1320})
DAY_MARKS = frozenset({*range(0, 300, 30), *range(300, 1320, 15), *range(1320, 1440, 30)})


@dataclass(frozen=True, slots=True)
class Day:
    """One local day on the axis: its columns are [first, last)."""

    date: date
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Axis:
    """Columns between instants. Column n lies between bounds[n] and bounds[n + 1]."""

    zone: ZoneInfo
    bounds: tuple[datetime, ...]
    days: tuple[Day, ...]
    minutes: str = ""  # the edges in minutes since 1970, comma-separated, for the script

    @property
    def columns(self) -> int:
        """How many columns there are."""
        return len(self.bounds) - 1

    @property
    def span(self) -> TimeSpan:
        """From the first midnight to the last."""
        return TimeSpan(self.bounds[0], self.bounds[-1])

    def column(self, instant: datetime) -> int:
        """Return the boundary nearest to an instant, from 0 to `columns`."""
        right = bisect_right(self.bounds, instant)
        if right == 0:
            return 0
        if right > self.columns:
            return self.columns
        before, after = self.bounds[right - 1], self.bounds[right]
        return right if after - instant < instant - before else right - 1

    def share(self, instant: datetime) -> float | None:
        """Return the position of an instant on the board in per cent of its width; None outside. For drawing only."""
        if not self.bounds[0] <= instant <= self.bounds[-1]:
            return None
        right = min(bisect_right(self.bounds, instant), self.columns)
        before, after = self.bounds[right - 1], self.bounds[right]
        inside = (instant - before) / (after - before)
        return round(100 * (right - 1 + inside) / self.columns, 3)


def week_axis(monday: date, zone: ZoneInfo) -> Axis:
    """Return seven days in half-hours."""
    return _axis(monday, 7, zone, WEEK_MARKS)


def day_axis(day: date, zone: ZoneInfo) -> Axis:
    """Return one day in quarters of an hour."""
    return _axis(day, 1, zone, DAY_MARKS)


@lru_cache(maxsize=64)
def _axis(first: date, days: int, zone: ZoneInfo, marks: frozenset[int]) -> Axis:
    midnights = [instant_of(first + timedelta(days=number), 0, zone) for number in range(days + 1)]
    bounds: list[datetime] = []
    shown: list[Day] = []
    for number, (start, end) in enumerate(pairwise(midnights)):
        begin = len(bounds)
        bounds.extend(_beginnings_of_a_day(start, end, zone, marks))
        shown.append(Day(first + timedelta(days=number), begin, len(bounds)))
    edges = (*bounds, midnights[-1])
    minutes = ",".join(str(int(edge.timestamp()) // 60) for edge in edges)
    return Axis(zone, edges, tuple(shown), minutes)


def _beginnings_of_a_day(start: datetime, end: datetime, zone: ZoneInfo, marks: frozenset[int]) -> list[datetime]:
    # Walking through elapsed time meets the doubled hour twice and the missing hour never.
    found = []
    instant = start
    while instant < end:
        wall = instant.astimezone(zone)
        if instant == start or wall.hour * 60 + wall.minute in marks:
            found.append(instant)
        instant += FINEST
    return found
