"""VTIMEZONE: what a calendar program needs to know of a time zone, said so that every program reads it alike.

Libraries write a list of dates, which one widespread reader gets wrong by an hour in summer. Two yearly rules
are read alike by all, so zones with yearly rules get these; the others get one observance for each change.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from calendars.lines import CRLF

# The years in which clock changes are looked up. Fixed, so that the text never depends on the present.
FIRST_YEAR, LAST_YEAR = 2020, 2037
_STRIDE = timedelta(days=7)  # no zone changes its clock and changes it back within a week
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_LAST = -1


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


@lru_cache(maxsize=64)
def vtimezone(zone_name: str) -> str:
    """The VTIMEZONE of an IANA zone, CRLF included. Raises ZoneInfoNotFoundError."""
    zone = ZoneInfo(zone_name)
    observances = "".join(_observances(zone))
    return f"BEGIN:VTIMEZONE{CRLF}TZID:{zone_name}{CRLF}{observances}END:VTIMEZONE{CRLF}"


def clock_changes(zone: ZoneInfo) -> list[ClockChange]:
    """Every change of a zone's offset in the covered years, in order."""
    found = []
    here, end = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC), datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)
    offset = _offset(here, zone)
    while here < end:
        there = min(here + _STRIDE, end)
        if offset != (offset := _offset(there, zone)):
            found.append(_change_between(here, there, zone))
        here = there
    return found


def yearly_rule(changes: list[ClockChange]) -> str | None:
    """The RRULE that all these changes follow, one in each covered year; None when there is none."""
    years = [change.wall.year for change in changes]
    if years != list(range(FIRST_YEAR, LAST_YEAR + 1)):
        return None
    first = changes[0]
    alike = {(c.wall.month, c.wall.weekday(), c.wall.time(), c.before, c.after, c.name) for c in changes}
    weeks = set.intersection(*(_weeks_of_month(change.wall) for change in changes))
    if len(alike) > 1 or not weeks:
        return None
    weekday = _WEEKDAYS[first.wall.weekday()]
    return f"FREQ=YEARLY;BYMONTH={first.wall.month};BYDAY={min(weeks)}{weekday}"


def _observances(zone: ZoneInfo) -> list[str]:
    changes = clock_changes(zone)
    seasons = [[c for c in changes if c.is_forward], [c for c in changes if not c.is_forward]]
    rules = [yearly_rule(season) for season in seasons]
    if all(rules):
        return [_observance(season[0], rule) for season, rule in zip(seasons, rules, strict=True)]
    return [_observance(_before_all(zone)), *(_observance(change) for change in changes)]


def _observance(change: ClockChange, rule: str | None = None) -> str:
    kind = "DAYLIGHT" if change.is_forward else "STANDARD"
    lines = [
        f"BEGIN:{kind}",
        f"DTSTART:{change.wall:%Y%m%dT%H%M%S}",
        f"TZOFFSETFROM:{_signed(change.before)}",
        f"TZOFFSETTO:{_signed(change.after)}",
        f"TZNAME:{change.name}",
        f"END:{kind}",
    ]
    if rule:
        lines.insert(2, f"RRULE:{rule}")
    return "".join(line + CRLF for line in lines)


def _before_all(zone: ZoneInfo) -> ClockChange:
    """The time that was valid when the covered years began, as a change that changes nothing."""
    start = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
    offset = _offset(start, zone)
    return ClockChange(datetime(1970, 1, 1, tzinfo=UTC) - offset, offset, offset, _name(start, zone))


def _change_between(low: datetime, high: datetime, zone: ZoneInfo) -> ClockChange:
    before, after = _offset(low, zone), _offset(high, zone)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
    return ClockChange(high, before, after, _name(high, zone))


def _weeks_of_month(wall: datetime) -> set[int]:
    """Which of its weekday in the month a day is: the second, say, and perhaps the last."""
    week = (wall.day - 1) // 7 + 1
    is_last = wall.day + 7 > monthrange(wall.year, wall.month)[1]
    return {week, _LAST} if is_last else {week}


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    offset = instant.astimezone(zone).utcoffset()
    assert offset is not None
    return offset


def _name(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).tzname() or "LMT"


def _signed(offset: timedelta) -> str:
    minutes, seconds = divmod(abs(int(offset.total_seconds())), 60)
    sign = "-" if offset < timedelta(0) else "+"
    return f"{sign}{minutes // 60:02}{minutes % 60:02}" + (f"{seconds:02}" if seconds else "")
