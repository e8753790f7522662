"""The clock of a time zone: the instants at which it shows a time, and its changes. Pure.

An hour is missing in spring and comes twice in autumn. Nothing else in the program works that out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

USUAL_ZONE = "Europe/Berlin"  # of a ring and a workshop for which none is named
_STRIDE = timedelta(days=7)  # no zone changes its clock and changes it back within a week


@dataclass(frozen=True, slots=True)
class ClockChange:
    """One change of the clock: the instant, the offsets from UTC before and after, the name of the new time."""

    at: datetime
    before: timedelta
    after: timedelta
    name: str

    @property
    def wall(self) -> datetime:
        """What the clock showed when it was changed, by the old time."""
        return (self.at + self.before).replace(tzinfo=None)

    @property
    def is_forward(self) -> bool:
        """Whether the clock was put forward: summer time, as a rule, begins."""
        return self.after > self.before


def instants_showing(wall: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """Return the instants (UTC) at which the clock shows a naive time: one; none in spring, two in order in autumn."""
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return (first,)
    return (first, second) if first < second else ()


def first_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant (UTC) at which the clock shows a naive time.

    A time that the clock skips gives the instant as long after the change as it lies after the skipped hour's start:
    2:30 gives the instant at which the clock shows 3:30.
    """
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


@lru_cache(maxsize=2_048)  # a board asks for the same few instants again and again
def to_wall(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return what the clock shows at an instant (naive)."""
    return instant.astimezone(zone).replace(tzinfo=None)


def later_by_clock(instant: datetime, length: timedelta, zone: ZoneInfo) -> datetime:
    """Return the instant (UTC) at which the clock shows so much more: 24 hours later is the same time tomorrow.

    A doubled time is its first passage, and a skipped one as in `first_instant`.
    """
    return first_instant(to_wall(instant, zone) + length, zone)


def local_day(instant: datetime, zone: tzinfo) -> date:
    """Return the day that the calendar shows at an instant. Raises ValueError for a time without a zone.

    Nothing else in the program makes a day of an instant: the date of a UTC instant is yesterday's for the
    first hours of a German day.
    """
    if instant.tzinfo is None:
        raise ValueError(f"{instant!r} is no instant: it has no zone")
    return instant.astimezone(zone).date()


def length_of_day(day: date, zone: ZoneInfo) -> timedelta:
    """Return how long a day lasts in real time: 24 hours, or 23 or 25 when the clock is changed on it."""
    return _midnight(day + timedelta(days=1), zone) - _midnight(day, zone)


def by_local_day(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[tuple[date, timedelta]]:
    """Yield how much of a span of real time lies on each day of the clock, in order; the sum is its length."""
    day = local_day(start, zone)
    while start < end:
        until = min(_midnight(day + timedelta(days=1), zone), end)
        if start < until:
            yield day, until - start
        start, day = max(start, until), day + timedelta(days=1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return first_instant(datetime.combine(day, time()), zone)


def clock_changes(zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[ClockChange]:
    """Yield the changes of a zone's clock between two instants, both included, in order."""
    for year in range(since.astimezone(UTC).year, until.astimezone(UTC).year + 1):
        for change in changes_of_year(zone, year):
            if since <= change.at <= until:
                yield change


@lru_cache(maxsize=1_024)
def changes_of_year(zone: ZoneInfo, year: int) -> tuple[ClockChange, ...]:
    """Return the changes of a zone's clock in a year of UTC, in order."""
    found = []
    here, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    while here < end:
        there = min(here + _STRIDE, end)
        if _offset(here, zone) != _offset(there, zone):
            found.append(_change_between(here, there, zone))
        here = there
    return tuple(found)


def _change_between(low: datetime, high: datetime, zone: ZoneInfo) -> ClockChange:
    before, after = _offset(low, zone), _offset(high, zone)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
    return ClockChange(high, before, after, high.astimezone(zone).tzname() or "LMT")


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    offset = instant.astimezone(zone).utcoffset()
    assert offset is not None
    return offset
