"""VTIMEZONE components that every calendar program reads alike.

Libraries write a list of dates, which one widespread program reads an hour wrong in summer. Two yearly rules are
read alike by all, so zones with yearly rules get these; the others get one observance for each change.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from booking.times.wall_clock import ClockChange, changes_of_year
from calendars.lines import CRLF

# The years in which clock changes are looked up. Fixed, so that the text never depends on the current date.
FIRST_YEAR, LAST_YEAR = 2020, 2037
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_LAST = -1


@lru_cache(maxsize=64)
def vtimezone(zone_name: str) -> str:
    """Return the VTIMEZONE of an IANA zone, CRLF included. Raises ZoneInfoNotFoundError."""
    zone = ZoneInfo(zone_name)
    observances = "".join(_observances(zone))
    return f"BEGIN:VTIMEZONE{CRLF}TZID:{zone_name}{CRLF}{observances}END:VTIMEZONE{CRLF}"


def covered_changes(zone: ZoneInfo) -> list[ClockChange]:
    """Return every change of a zone's offset in the covered years, in order."""
    return [change for year in range(FIRST_YEAR, LAST_YEAR + 1) for change in changes_of_year(zone, year)]


def yearly_rule(changes: list[ClockChange]) -> str | None:
    """Return the RRULE that all these changes follow, one in each covered year; None when there is none."""
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
    changes = covered_changes(zone)
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
    """Return the offset at the beginning of the covered years, as a change without effect."""
    start = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
    wall = start.astimezone(zone)
    offset = wall.utcoffset() or timedelta()
    return ClockChange(datetime(1970, 1, 1, tzinfo=UTC) - offset, offset, offset, wall.tzname() or "LMT")


def _weeks_of_month(wall: datetime) -> set[int]:
    """Return the ordinals of a day's weekday in its month: the second, say, and perhaps the last (-1)."""
    week = (wall.day - 1) // 7 + 1
    is_last = wall.day + 7 > monthrange(wall.year, wall.month)[1]
    return {week, _LAST} if is_last else {week}


def _signed(offset: timedelta) -> str:
    minutes, seconds = divmod(abs(int(offset.total_seconds())), 60)
    sign = "-" if offset < timedelta(0) else "+"
    return f"{sign}{minutes // 60:02}{minutes % 60:02}" + (f"{seconds:02}" if seconds else "")
