"""Parsers of the cells of a table: days, numbers, yes or no, instants. Errors are sentences for people."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from app.local_time import DoubledHour, MissingHour, to_instant

YES = {"1", "yes", "y", "true", "ja", "j", "x"}
NO = {"", "0", "no", "n", "false", "nein"}
_GERMAN_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_INSTANT = re.compile(
    r"(?:(?P<day>\d{4}-\d{1,2}-\d{1,2}|\d{1,2}\.\d{1,2}\.\d{4})[T ,]+)?"
    r"(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.0+)?)?(?: ?Uhr)?"
    r" ?(?P<offset>Z|[+-]\d{2}:?\d{2})?",
    re.ASCII | re.IGNORECASE,
)
FIRST_YEAR, LAST_YEAR = 1970, 2199
MIDNIGHT_HOUR = 24


class CellError(ValueError):
    """The text of a cell does not fit its column. The message names the column by its header."""


def parse_day(text: str, column: str) -> date | None:
    """Return a day written as 2026-11-21 or 21.11.2026; None for an empty text."""
    if not text:
        return None
    german = _GERMAN_DAY.fullmatch(text)
    try:
        if german:
            return date(*(int(part) for part in reversed(german.groups())))
        return date.fromisoformat(text)
    except ValueError as error:
        raise CellError(
            _("%(column)s: “%(text)s” is not a date. Write 2026-11-21 or 21.11.2026.", column=column, text=text[:40])
        ) from error


def parse_integer(text: str, column: str, default: int) -> int:
    """Return a whole number; the default for an empty text."""
    if not text:
        return default
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        raise CellError(_("%(column)s: “%(text)s” is not a whole number.", column=column, text=text[:40]))
    return int(text)


def parse_flag(text: str, column: str) -> bool:
    """Return whether a text means yes, in English or German. An empty text means no."""
    if text.lower() in YES:
        return True
    if text.lower() in NO:
        return False
    raise CellError(_("%(column)s: write yes or no instead of “%(text)s”.", column=column, text=text[:40]))


def parse_instant(text: str, column: str, default_day: date | None, zone: ZoneInfo) -> datetime:
    """Return the instant (UTC) of "2026-12-01 8:00", "01.12.2026 8:00" or "8:00" (on the default day).

    The time is wall-clock time of the zone, unless an offset ("+01:00") follows; the hour that the clock shows twice
    needs one. Raises CellError.
    """
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise _not_an_instant(text, column)
    day = parse_day(match["day"], column) if match["day"] else default_day
    if day is None:
        raise CellError(
            _("%(column)s: “%(text)s” has no date. Write it before the time.", column=column, text=text[:40])
        )
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise _not_an_instant(text, column)
    wall = _wall(day, match, text, column)
    if match["offset"]:
        return wall.replace(tzinfo=_offset(match["offset"], text, column)).astimezone(UTC)
    return _from_wall_time(wall, column, zone)


def _wall(day: date, match: re.Match[str], text: str, column: str) -> datetime:
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    if (hour, minute, second) == (MIDNIGHT_HOUR, 0, 0):
        return datetime.combine(day, time()) + timedelta(days=1)
    try:
        return datetime.combine(day, time(hour, minute, second))
    except ValueError as error:
        raise _not_an_instant(text, column) from error


def _offset(offset: str, text: str, column: str) -> timezone:
    if offset in "Zz":
        return UTC
    hours, minutes = int(offset[1:3]), int(offset[-2:])
    try:
        length = timedelta(hours=hours, minutes=minutes)
        return timezone(-length if offset[0] == "-" else length)
    except ValueError as error:
        raise _not_an_instant(text, column) from error


def _from_wall_time(wall: datetime, column: str, zone: ZoneInfo) -> datetime:
    try:
        return to_instant(wall, zone)
    except MissingHour as missing:
        raise CellError(
            _(
                "%(column)s: the clock does not show %(time)s that night, it is put forward. "
                "The next time is %(next)s.",
                column=column,
                time=f"{wall:%H:%M}",
                next=f"{missing.suggestion:%H:%M}",
            )
        ) from missing
    except DoubledHour as doubled:
        first, second = (instant.astimezone(zone) for instant in (doubled.first, doubled.second))
        raise CellError(
            _(
                "%(column)s: the clock shows %(time)s twice that night. "
                "Write %(first)s for the first time or %(second)s for the second.",
                column=column,
                time=f"{wall:%H:%M}",
                first=first.isoformat(sep=" ", timespec="minutes"),
                second=second.isoformat(sep=" ", timespec="minutes"),
            )
        ) from doubled


def _not_an_instant(text: str, column: str) -> CellError:
    return CellError(
        _(
            "%(column)s: “%(text)s” is not a date and time. Write 2026-12-01 08:00 or 01.12.2026 08:00.",
            column=column,
            text=text[:40],
        )
    )
