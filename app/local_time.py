"""Conversion from wall time to instants, with the times that a clock change skips or doubles."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from booking.times.wall_clock import first_instant, instants_showing, to_wall

FIRST, SECOND = 0, 1


class MissingHour(ValueError):
    """A wall time that the clock skipped when it was set forward. `suggestion` is the next that it showed."""

    def __init__(self, wall: datetime, suggestion: datetime) -> None:
        super().__init__(wall, suggestion)
        self.wall, self.suggestion = wall, suggestion


class DoubledHour(ValueError):
    """A wall time that the clock showed twice: first in summer time, then in winter time."""

    def __init__(self, wall: datetime, first: datetime, second: datetime) -> None:
        super().__init__(wall, first, second)
        self.wall, self.first, self.second = wall, first, second


def to_instant(wall: datetime, zone: ZoneInfo, which: int | None = None) -> datetime:
    """Return the instant (UTC) at which the clock of a zone shows a naive time.

    which: FIRST or SECOND passage of a doubled hour; ignored for any other time.

    Raises MissingHour, and DoubledHour when `which` is None.
    """
    instants = instants_showing(wall, zone)
    if not instants:
        raise MissingHour(wall, to_wall(first_instant(wall, zone), zone))
    if len(instants) == 1:
        return instants[0]
    if which is None:
        raise DoubledHour(wall, *instants)
    return instants[which]


def is_doubled(wall: datetime, zone: ZoneInfo) -> bool:
    """Return whether the clock shows this naive time twice; none that is so near an end of the calendar is."""
    try:
        return len(instants_showing(wall, zone)) > 1
    except OverflowError:
        return False


def clock_length(start: datetime, end: datetime, zone: ZoneInfo) -> timedelta:
    """Return the length by the clock on the wall; a clock change in between makes it differ from elapsed time."""
    return to_wall(end, zone) - to_wall(start, zone)
