"""One text of a table -> an instant: day and time of the clock on the wall, or with an offset that settles it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from app.imports.cells import CellError, day
from app.local_time import DoubledHour, MissingHour, to_instant

_MOMENT = re.compile(
    r"(?:(?P<day>\d{4}-\d{1,2}-\d{1,2}|\d{1,2}\.\d{1,2}\.\d{4})[T ,]+)?"
    r"(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.0+)?)?(?: ?Uhr)?"
    r" ?(?P<offset>Z|[+-]\d{2}:?\d{2})?",
    re.ASCII | re.IGNORECASE,
)
FIRST_YEAR, LAST_YEAR = 1970, 2199
MIDNIGHT_HOUR = 24


def moment(text: str, head: str, day_beside: date | None, zone: ZoneInfo) -> datetime:
    """An instant (UTC) out of "2026-12-01 8:00", "01.12.2026 8:00", "8:00" (with the day of another column).

    An offset behind it ("+01:00") tells the instant exactly, also in the hour that the clock shows twice.
    Raises CellError: its message names the head of the column.
    """
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise _not_understood(text, head)
    its_day = day(found["day"], head) if found["day"] else day_beside
    if its_day is None:
        raise CellError(_("%(column)s: “%(text)s” has no day. Write it before the time.", column=head, text=text[:40]))
    if not FIRST_YEAR <= its_day.year <= LAST_YEAR:
        raise _not_understood(text, head)
    wall = _wall(its_day, found, text, head)
    if found["offset"]:
        return wall.replace(tzinfo=_offset(found["offset"], text, head)).astimezone(UTC)
    return _by_the_clock(wall, head, zone)


def _wall(its_day: date, found: re.Match[str], text: str, head: str) -> datetime:
    hour, minute, second = int(found["hour"]), int(found["minute"]), int(found["second"] or 0)
    if (hour, minute, second) == (MIDNIGHT_HOUR, 0, 0):
        return datetime.combine(its_day, time()) + timedelta(days=1)
    try:
        return datetime.combine(its_day, time(hour, minute, second))
    except ValueError as error:
        raise _not_understood(text, head) from error


def _offset(written: str, text: str, head: str) -> timezone:
    if written in "Zz":
        return UTC
    hours, minutes = int(written[1:3]), int(written[-2:])
    try:
        length = timedelta(hours=hours, minutes=minutes)
        return timezone(-length if written[0] == "-" else length)
    except ValueError as error:
        raise _not_understood(text, head) from error


def _by_the_clock(wall: datetime, head: str, zone: ZoneInfo) -> datetime:
    try:
        return to_instant(wall, zone)
    except MissingHour as missing:
        raise CellError(
            _(
                "%(column)s: the clock does not show %(time)s that night, it is put forward. "
                "The next time is %(next)s.",
                column=head,
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
                column=head,
                time=f"{wall:%H:%M}",
                first=first.isoformat(sep=" ", timespec="minutes"),
                second=second.isoformat(sep=" ", timespec="minutes"),
            )
        ) from doubled


def _not_understood(text: str, head: str) -> CellError:
    return CellError(
        _(
            "%(column)s: “%(text)s” is no day and time. Write 2026-12-01 08:00 or 01.12.2026 08:00.",
            column=head,
            text=text[:40],
        )
    )
