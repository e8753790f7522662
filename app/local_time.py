"""Wall clock <-> instant, with the hour that is missing in spring and the one that comes twice in autumn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

FIRST, SECOND = 0, 1


class MissingHour(ValueError):
    """The clock never showed this time: it was put forward over it. `suggestion` is the next that it showed."""

    def __init__(self, wall: datetime, suggestion: datetime) -> None:
        super().__init__(wall, suggestion)
        self.wall, self.suggestion = wall, suggestion


class DoubledHour(ValueError):
    """The clock showed this time twice: first in summer time, then in winter time. Ask which."""

    def __init__(self, wall: datetime, first: datetime, second: datetime) -> None:
        super().__init__(wall, first, second)
        self.wall, self.first, self.second = wall, first, second


def to_instant(wall: datetime, zone: ZoneInfo, which: int | None = None) -> datetime:
    """The instant (UTC) at which the clock of a zone shows a naive time.

    which: FIRST or SECOND passage of a doubled hour; ignored for any other time.

    Raises MissingHour, and DoubledHour when `which` is None.
    """
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (FIRST, SECOND))
    if first == second:
        return first
    if not _shows(first, wall, zone):
        gap = abs(second - first)
        raise MissingHour(wall, wall + gap)
    if which is None:
        raise DoubledHour(wall, first, second)
    return second if which == SECOND else first


def to_wall(instant: datetime, zone: ZoneInfo) -> datetime:
    """What the clock of a zone shows at an instant (naive)."""
    return instant.astimezone(zone).replace(tzinfo=None)


def is_doubled(wall: datetime, zone: ZoneInfo) -> bool:
    """Whether the clock shows this naive time twice."""
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (FIRST, SECOND))
    return first != second and _shows(first, wall, zone)


def clock_length(start: datetime, end: datetime, zone: ZoneInfo) -> timedelta:
    """Length by the clock on the wall; differs from elapsed time when the clock was changed in between."""
    return to_wall(end, zone) - to_wall(start, zone)


def _shows(instant: datetime, wall: datetime, zone: ZoneInfo) -> bool:
    return to_wall(instant, zone) == wall
