"""The occurrences of a series as spans of real time, through every clock change. Pure.

A series lives in wall time: each occurrence begins and ends at the same times of the clock. One that begins in a
missing hour begins at the next valid time, one in a doubled hour at the passage that was chosen for the series; both
keep their length in real time, because their end by the clock would be an hour off.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from booking.errors.schedule_errors import SeriesRefused, Violation
from booking.times.recurrence import OCCURRENCES_MAX, RecurrenceRule
from booking.times.wall_clock import first_instant, instants_showing, to_wall
from booking.timespan import TimeSpan

_FIELD = "rrule"


@dataclass(frozen=True, slots=True)
class SeriesTimes:
    """When a series takes place: its rule, the clock of a zone, the first start and the length by the clock.

    wall: naive. passage: which of the two times is meant where the clock shows a start twice, 0 the first and 1 the
    second; None until it was asked.
    """

    rule: RecurrenceRule
    zone: ZoneInfo
    wall: datetime
    length: timedelta
    passage: int | None = None

    @property
    def rrule(self) -> str:
        """The rule as calendars need it, with UNTIL as an instant."""
        return self.rule.to_rrule(self.wall, self.zone)

    @property
    def length_minutes(self) -> int:
        """The length by the clock."""
        return int(self.length.total_seconds() // 60)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One date of a series. day: the day on which it begins by the rule, by which it is known in its series.

    is_shifted: the clock skips its start. is_doubled: the clock shows its start twice.
    """

    day: date
    span: TimeSpan
    is_shifted: bool = False
    is_doubled: bool = False


def occurrences(times: SeriesTimes, *, most: int = OCCURRENCES_MAX) -> Sequence[Occurrence]:
    """Return all occurrences of a series in order. most: how many it may have. Raises SeriesRefused."""
    times.rule.starts(times.wall, most)
    found = stored_occurrences(times)
    SeriesRefused.raise_for(_violations(found, times))
    return found


@lru_cache(maxsize=256)  # what was entered is shown at once, and a page asks for the same series several times
def stored_occurrences(times: SeriesTimes) -> Sequence[Occurrence]:
    """Return all occurrences of a series that was entered once, also where the rules of its zone have changed since."""
    return tuple(_occurrence(wall, times) for wall in times.rule.starts(times.wall))


def occurrence_on(day: date, times: SeriesTimes) -> Occurrence:
    """Return the occurrence that begins on a day, which must be one of the series."""
    return _occurrence(datetime.combine(day, times.wall.time()), times)


def length_by_clock(span: TimeSpan, zone: ZoneInfo) -> timedelta:
    """Return the length of the first date as its series keeps it: by the clock, if its start is shown once."""
    wall = to_wall(span.start, zone)
    length = to_wall(span.end, zone) - wall
    return length if length > timedelta(0) and len(instants_showing(wall, zone)) == 1 else span.length


def _occurrence(wall: datetime, times: SeriesTimes) -> Occurrence:
    shown = instants_showing(wall, times.zone)
    if len(shown) == 1:
        end = first_instant(wall + times.length, times.zone)
        # An end that the clock skips back over the start cannot be kept: the length is.
        return Occurrence(wall.date(), TimeSpan(shown[0], end if end > shown[0] else shown[0] + times.length))
    start = shown[times.passage or 0] if shown else first_instant(wall, times.zone)
    span = TimeSpan(start, start + times.length)
    return Occurrence(wall.date(), span, is_shifted=not shown, is_doubled=bool(shown))


def _violations(found: Sequence[Occurrence], times: SeriesTimes) -> Iterator[Violation]:
    doubled = next((one for one in found if one.is_doubled), None)
    if doubled is not None and times.passage is None:
        yield Violation("series_doubled_hour", "passage", actual=doubled.day)
    if any(one.span.end > after.span.start for one, after in pairwise(found)):
        yield Violation("series_overlaps_itself", "end", actual=int(times.length.total_seconds() // 60))
