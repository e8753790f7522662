"""Parsers of the cells of a table: days, numbers, lengths, instants. Errors are sentences for people."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from app.imports.days import EXCEL_EPOCH, AmbiguousDay, day_of
from app.local_time import DoubledHour, MissingHour, to_instant
from app.wording.formats import as_zone
from booking.times.wall_clock import local_day

INTEGER_DIGITS_MAX = 9
FIRST_YEAR, LAST_YEAR = 1970, 2199
MIDNIGHT_HOUR = 24
_TIME = (
    r"(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.0+)?)?)?"
    r" ?(?P<half>[ap]\.?m\.?)?(?: ?(?P<oclock>Uhr|h))?"
    r" ?(?P<offset>Z|[+-]\d{2}:?\d{2})?"
)
_INSTANT = re.compile(rf"(?:(?P<day>.*?\d)[T ,]+(?:(?:um|at) )?)?{_TIME}", re.ASCII | re.IGNORECASE)
_TIME_FIRST = re.compile(rf"{_TIME}(?: ?- ?|, )(?P<day>.*\d{{4}}.*)", re.ASCII | re.IGNORECASE)
_DAY_AND_TIME = re.compile(
    r"(?P<day>.*\d)(?:T|,? )(?P<time>\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(?: ?[ap]\.?m\.?)?"
    r" ?(?P<offset>Z|[+-]\d{2}:?\d{2})?",
    re.ASCII | re.IGNORECASE,
)
_IS_MIDNIGHT = re.compile(r"0?0:00(?::00(?:\.0+)?)?$")  # a day as a program without days writes it
_BARE_DECIMAL = re.compile(r"\d+[.,]\d{1,2}", re.ASCII)
_SERIAL_INSTANT = re.compile(r"(\d{5,6})[.,](\d+)", re.ASCII)
_WHOLE = re.compile(r"([+-]?)(\d{1,3}(?: \d{3})+|\d+)(?:[.,](?!000$)0+)?", re.ASCII)
_SCIENTIFIC = re.compile(r"[+-]?\d[.,]?(\d*)[Ee]\+?(\d{1,2})", re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})[T ](\d{2}):?(\d{2})(?::?(\d{2}))?(Z?)", re.ASCII)
_FRACTION = re.compile(r"0[.,](\d+)", re.ASCII)
_UNCLEAR_FRACTION = re.compile(r"0\.\d\d", re.ASCII)  # 0.25 may be 6:00 and 0:25
_CLOCK_LENGTH = re.compile(r"(?P<hours>\d{1,4})(?::| ?h ?)(?P<minutes>[0-5]\d)(?::00)?", re.ASCII)
_DECIMAL_LENGTH = re.compile(
    r"(?P<amount>\d+[.,]\d{1,2}) ?(?:(?P<days>d|days?|tage?n?)|h|hours?|hrs?|std\.?|stunden?)", re.ASCII | re.IGNORECASE
)
_LENGTH = re.compile(
    r"(?:(?P<weeks>\d+) ?(?:w|weeks?|wochen?))?[ ,]*(?:(?P<days>\d+) ?(?:d|days?|tage?n?))?[ ,]*"
    r"(?:(?P<hours>\d+) ?(?:h|hours?|hrs?|std\.?|stunden?))?[ ,]*(?:(?P<minutes>\d+) ?(?:min\.?|minutes?|minuten?))?",
    re.ASCII | re.IGNORECASE,
)
MINUTES_OF = {"min": 1, "hours": 60, "days": 24 * 60}


class CellError(ValueError):
    """The text of a cell does not fit its column. The message names the column by its header."""


def parse_day(text: str, column: str) -> date | None:
    """Return a day in one of the forms of days.py; None for an empty text."""
    if not text:
        return None
    try:
        return day_of(text)
    except AmbiguousDay as error:
        raise CellError(
            _(
                "%(column)s: in “%(text)s” both numbers may be the month. Write 2026-11-21 or 21.11.2026.",
                column=column,
                text=text[:40],
            )
        ) from error
    except ValueError as error:
        raise CellError(
            _("%(column)s: “%(text)s” is not a date. Write 2026-11-21 or 21.11.2026.", column=column, text=text[:40])
        ) from error


def parse_record_day(text: str, column: str) -> date | None:
    """Return the day of a record, without the time that other programs write behind it; None for an empty text.

    With an offset, it is the day of the ring's zone: 2015-02-28T23:00:00Z was the first of March in Berlin.
    """
    match = _DAY_AND_TIME.fullmatch(text)
    if match is None:
        return parse_day(text, column)
    if match["offset"] and not _IS_MIDNIGHT.match(match["time"]):
        moment = f"{match['day']} {match['time'].split('.')[0]}{match['offset']}"
        return local_day(parse_instant(moment, column, None, ZoneInfo("UTC")), as_zone(None))
    return parse_day(match["day"], column)


def parse_integer(text: str, column: str, default: int) -> int:
    """Return a whole number, also as spreadsheets write it (1.0, 4,2E+01); the default for an empty text."""
    if not text:
        return default
    plain = integer_text(text.replace("−", "-"))
    if plain is None or len(plain.lstrip("+-")) > INTEGER_DIGITS_MAX:
        raise CellError(_("%(column)s: “%(text)s” is not a whole number.", column=column, text=text[:40]))
    return int(plain)


def integer_text(text: str) -> str | None:
    """Return the digits of a whole number; None where it is none, or where a spreadsheet has dropped digits of it."""
    if match := _WHOLE.fullmatch(text):
        return match[1] + match[2].replace(" ", "")
    match = _SCIENTIFIC.fullmatch(text)
    if match is None or len(match[1].rstrip("0")) > int(match[2]):
        return None
    return None if has_lost_digits(text) else f"{Decimal(text.replace(',', '.')):.0f}"


def has_lost_digits(text: str) -> bool:
    """Return whether a spreadsheet has shortened a number in the text: 4,91711E+11 was a telephone number."""
    match = _SCIENTIFIC.fullmatch(text)
    return match is not None and len(match[1]) < int(match[2])


def parse_amount_of_time(text: str, column: str, unit: str, default: int) -> int:
    """Return a length in a unit (min, hours, days): a bare number counts in it.

    "4 h 5 min", "2 Tage", "1,5 h" and 36:00 are read too. Raises CellError.
    """
    minutes = _minutes_of(text)
    if minutes is None:
        return parse_integer(text, column, default)
    amount, rest = divmod(minutes, MINUTES_OF[unit])
    if rest or amount >= 10**INTEGER_DIGITS_MAX:
        raise CellError(_("%(column)s: “%(text)s” is not a whole number.", column=column, text=text[:40]))
    return amount


def parse_minutes(text: str, column: str, unit: str) -> int:
    """Return a length in minutes; unit: of a bare number (min, hours), "" where it needs one. Raises CellError."""
    if unit == "hours" and _BARE_DECIMAL.fullmatch(text):
        text = f"{text} h"
    bare = integer_text(text)
    minutes = _minutes_of(text) if bare is None or not unit else int(bare[-INTEGER_DIGITS_MAX:]) * MINUTES_OF[unit]
    if minutes is None or not 0 < minutes < 10**INTEGER_DIGITS_MAX:
        raise CellError(
            _(
                "%(column)s: “%(text)s” is not a length of time. Write 2 h, 90 min or 1:30.",
                column=column,
                text=text[:40],
            )
        )
    return minutes


def _minutes_of(text: str) -> int | None:
    """Return the minutes of a length with units; None for any other text."""
    if match := _DECIMAL_LENGTH.fullmatch(text):
        minutes = Decimal(match["amount"].replace(",", ".")) * MINUTES_OF["days" if match["days"] else "hours"]
        return int(minutes) if minutes == int(minutes) else None
    match = _CLOCK_LENGTH.fullmatch(text) or _LENGTH.fullmatch(text)
    if not text or match is None or not any(match.groups()):
        return None
    parts = {name: int(part or 0) for name, part in match.groupdict().items()}
    days = parts.get("weeks", 0) * 7 + parts.get("days", 0)
    return (days * 24 + parts["hours"]) * 60 + parts["minutes"]


def parse_instant(text: str, column: str, default_day: date | None, zone: ZoneInfo) -> datetime:
    """Return the instant (UTC) of "2026-12-01 8:00", "01.12.2026 8:00" or "8:00" (on the default day).

    The time is wall-clock time of the zone, unless an offset ("+01:00") follows; the hour that the clock shows twice
    needs one. Raises CellError.
    """
    if number := _of_number(text, column, default_day):
        return _from_wall_time(number, column, zone)
    text = _COMPACT.sub(_with_signs, text)
    match = _INSTANT.fullmatch(text) or _TIME_FIRST.fullmatch(text)
    if match is None or not (match["minute"] or match["half"] or match["oclock"]):
        raise _not_an_instant(text, column)
    day = _parse_day_before_time(match["day"], text, column) if match["day"] else default_day
    if default_day and day == EXCEL_EPOCH:  # how databases and spreadsheets keep a time without a day
        day = default_day
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


def _parse_day_before_time(day: str, text: str, column: str) -> date | None:
    try:
        return parse_day(day, column)
    except CellError as error:
        if isinstance(error.__cause__, AmbiguousDay):
            raise
        raise _not_an_instant(text, column) from error


def _of_number(text: str, column: str, default_day: date | None) -> datetime | None:
    """Return the wall-clock time of a spreadsheet's number, to the minute: 46357.3333, or 0,3333 on the default day."""
    serial, fraction = _SERIAL_INSTANT.fullmatch(text), _FRACTION.fullmatch(text)
    day = parse_day(serial[1], column) if serial else default_day
    digits = serial[2] if serial else fraction[1] if fraction else ""
    if not digits or day is None:
        return None
    if _UNCLEAR_FRACTION.fullmatch(text):
        raise _not_an_instant(text, column)
    return datetime.combine(day, time()) + timedelta(minutes=round(Decimal(f"0.{digits}") * MINUTES_OF["days"]))


def _with_signs(compact: re.Match[str]) -> str:
    """Return 20261201T080000Z as 2026-12-01 08:00:00Z."""
    year, month, day, hour, minute, second, zone = compact.groups()
    return f"{year}-{month}-{day} {hour}:{minute}:{second or '00'}{zone}"


def _wall(day: date, match: re.Match[str], text: str, column: str) -> datetime:
    hour, minute, second = int(match["hour"]), int(match["minute"] or 0), int(match["second"] or 0)
    if (hour, minute, second) == (MIDNIGHT_HOUR, 0, 0):
        return datetime.combine(day, time()) + timedelta(days=1)
    if half := match["half"]:
        if not 1 <= hour <= 12:
            raise _not_an_instant(text, column)
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
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
