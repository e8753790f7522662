"""The columns of the board: pieces of time, narrow at night and in the past, right on the days of the clock change.

Pure.
"""

from __future__ import annotations

from bisect import bisect_right
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

from app.pages.plan.window import ALL_DAY, HOUR, Window
from booking.times.opening_hours import MINUTES_OF_A_DAY, instant_of
from booking.times.wall_clock import to_wall
from booking.timespan import TimeSpan

FINEST = timedelta(minutes=15)
HALF_HOUR, QUARTER = 30, 15
PAST_DAY_STEP, PAST_HOURS_STEP = 3 * HOUR, 2 * HOUR  # how wide a column of the past is, in minutes
WEEK = 7

KNOWN_MAX = 2_000  # instants whose columns an axis remembers
Marks = frozenset[int]  # minutes of the local day at which a column begins


@dataclass(frozen=True, slots=True)
class Day:
    """One local day on the axis: its columns are [first, last). is_folded: it is past and drawn narrow."""

    date: date
    first: int
    last: int
    is_folded: bool = False


@dataclass(frozen=True, slots=True)
class Axis:
    """Columns between instants. Column n lies between bounds[n] and bounds[n + 1]."""

    zone: ZoneInfo
    bounds: tuple[datetime, ...]
    days: tuple[Day, ...]
    window: Window = ALL_DAY
    minutes: str = ""  # for the script: the first edge in minutes since 1970, and how long the columns are: 120,30*34
    known: dict[datetime, int] = field(default_factory=dict, compare=False)  # the machines of a board share most edges

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
        found = self.known.get(instant)
        if found is None:
            if len(self.known) >= KNOWN_MAX:
                self.known.clear()
            found = self.known[instant] = self._nearest(instant)
        return found

    def _nearest(self, instant: datetime) -> int:
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


def week_axis(first: date, zone: ZoneInfo, window: Window = ALL_DAY, *, now: datetime | None = None) -> Axis:
    """Return seven days in half-hours; with `now` the past among them is drawn narrow."""
    days = [first + timedelta(days=number) for number in range(WEEK)]
    usual = _marks(window, HALF_HOUR)
    if now is None:
        return _axis(first, zone, window, (usual,) * WEEK, 0)
    wall = to_wall(now, zone)
    past_day, present = _marks(window, PAST_DAY_STEP), _marks_of_today(window, wall.hour * HOUR)
    marks = tuple(past_day if day < wall.date() else present if day == wall.date() else usual for day in days)
    return _axis(first, zone, window, marks, sum(day < wall.date() for day in days))


def day_axis(day: date, zone: ZoneInfo, window: Window = ALL_DAY) -> Axis:
    """Return one day in quarters of an hour."""
    return _axis(day, zone, window, (_marks(window, QUARTER),), 0)


def month_axis(first: date, zone: ZoneInfo) -> Axis:
    """Return the days of a month, each a column. first: its first day."""
    return _axis(first, zone, ALL_DAY, (Marks({0}),) * monthrange(first.year, first.month)[1], 0)


@lru_cache(maxsize=64)
def _marks(window: Window, step: int) -> Marks:
    return frozenset({*_night_marks(window), *range(window.first, window.last, step)})


@lru_cache(maxsize=64)
def _marks_of_today(window: Window, minute: int) -> Marks:
    """Return the marks of a day whose past is narrow: up to an hour before a minute of it."""
    turn = min(max(minute - HOUR, window.first), window.last)
    past, rest = range(window.first, turn, PAST_HOURS_STEP), range(turn, window.last, HALF_HOUR)
    return frozenset({*_night_marks(window), *past, *rest})


def _night_marks(window: Window) -> set[int]:
    """Return where the columns of the folded night begin: two before the window, one after it."""
    marks = {0, window.first // 2 // HALF_HOUR * HALF_HOUR}
    if window.last < MINUTES_OF_A_DAY:
        marks.add(window.last)
    return marks


@lru_cache(maxsize=64)
def _axis(first: date, zone: ZoneInfo, window: Window, marks: Sequence[Marks], folded: int) -> Axis:
    midnights = [instant_of(first + timedelta(days=number), 0, zone) for number in range(len(marks) + 1)]
    bounds: list[datetime] = []
    shown: list[Day] = []
    for number, (start, end) in enumerate(pairwise(midnights)):
        begin = len(bounds)
        bounds.extend(_beginnings_of_a_day(start, end, zone, marks[number]))
        shown.append(Day(first + timedelta(days=number), begin, len(bounds), number < folded))
    edges = (*bounds, midnights[-1])
    minutes = [int(edge.timestamp()) // 60 for edge in edges]
    widths = groupby(after - before for before, after in pairwise(minutes))
    lengths = ((width, len(list(columns))) for width, columns in widths)
    repeated = (f"{width}*{count}" if count > 1 else str(width) for width, count in lengths)
    return Axis(zone, edges, tuple(shown), window, ",".join([str(minutes[0]), *repeated]))


def _beginnings_of_a_day(start: datetime, end: datetime, zone: ZoneInfo, marks: Marks) -> list[datetime]:
    # Walking through elapsed time meets the doubled hour twice and the missing hour never.
    found = []
    instant = start
    while instant < end:
        wall = instant.astimezone(zone)
        if instant == start or wall.hour * 60 + wall.minute in marks:
            found.append(instant)
        instant += FINEST
    return found
