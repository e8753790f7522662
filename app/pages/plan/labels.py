"""The texts of the board that do not depend on a machine, in the language of the page, looked up once."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from app.wording import formats
from booking.queries import BoardEntry
from booking.times.wall_clock import to_wall

CLOCK = re.compile(r"(\d+):(\d\d)")
HALF_AN_HOUR = 30  # minutes
A_WEEK = tuple(date(2024, 1, day) for day in range(1, 8))  # from a Monday


class Labels:
    """Looked up once for thousands of cells."""

    def __init__(self) -> None:
        self.free = _("free")
        self._all_free = [_("all %(day)s free", day=formats.format_short_weekday(day)) for day in A_WEEK]
        self.taken = _("taken")
        self.mine = _("Me")
        self.closure = _("closure")
        self.setup = _("set-up")
        self.cleaning = _("cleaning")
        self.some_free = _("%(free)s free")
        self.yours = _("mine")
        self.still_out = _("still out, was due %(due)s")
        self.some_out = _("%(places)s still out")
        self._states = {"requested": _("requested"), "in_use": _("in use")}

    def all_free_on(self, day: date) -> str:
        """Return that all of a day is free."""
        return self._all_free[day.weekday()]

    def state(self, entry: BoardEntry) -> str:
        """Return what a name alone does not say."""
        return self._states.get(entry.status, "")


def short_clock(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """Return 8–14 or 8:30–14 by the clock of a zone; over several days with the weekdays: Mon 22–Tue 6."""
    return short_clock_of(to_wall(start, zone), to_wall(end, zone))


def short_clock_of(first: datetime, last: datetime) -> str:
    """Return the same for what the clock shows."""
    if last.date() == first.date():
        return f"{_hour(first)}–{_hour(last)}"
    if last.date() - first.date() == timedelta(days=1) and not (last.hour or last.minute):
        return f"{_hour(first)}–24"
    days = [formats.format_short_weekday(day) for day in (first, last)]
    return f"{days[0]} {_hour(first)}–{days[1]} {_hour(last)}"


def minutes_of(entry: BoardEntry) -> str:
    """Return when an entry begins and ends, in minutes since 1970, for the script."""
    return f"{int(entry.starts_at.timestamp()) // 60}-{int(entry.ends_at.timestamp()) // 60}"


def short_moment(at: datetime, until: datetime, zone: ZoneInfo) -> str:
    """Return 11 or 11:30 by the clock of a zone; of another day than `until` its weekday alone: Mon."""
    wall = to_wall(at, zone)
    return _hour(wall) if wall.date() == to_wall(until, zone).date() else formats.format_short_weekday(wall.date())


def nearest_hours(clock: str) -> str:
    """Return 6:59–10:40 as 7–11, and 17:40–18:20 as 18, for where there is no room for minutes."""
    rounded = CLOCK.sub(lambda found: str(int(found[1]) + (int(found[2]) >= HALF_AN_HOUR)), clock)
    first, _dash, last = rounded.partition("–")
    return first if first == last else rounded


def _hour(wall: datetime) -> str:
    return f"{wall.hour}:{wall.minute:02d}" if wall.minute else str(wall.hour)
