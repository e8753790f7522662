"""The rule of a series: every so many days, weeks or months, by the clock. A strict subset of RRULE (RFC 5545). Pure.

A rule is typed as fields of a form or as an RRULE by a program. Its dates are worked out in wall time by dateutil;
series_times.py makes instants of them.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from typing import NoReturn, TypeVar
from zoneinfo import ZoneInfo

from dateutil import rrule
from dateutil.easter import easter

from booking.errors.schedule_errors import SeriesRefused, Violation
from booking.times.wall_clock import first_instant, instants_showing, to_wall

OCCURRENCES_MAX = 200  # of what members enter, and of closures
OCCURRENCES_STORED_MAX = 1000  # the most that a ring may allow its managers
INTERVAL_MAX = 99
YEARS_MAX = 10  # how far a rule may reach: far beyond the horizon of any machine
LAST = -1  # the last day or weekday of a month
NTH = (1, 2, 3, 4, 5, LAST)

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_PARTS = frozenset({"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "COUNT", "UNTIL", "WKST"})
_KNOWN_PARTS = _PARTS | {"BYMONTH", "BYYEARDAY", "BYWEEKNO", "BYSETPOS", "BYHOUR", "BYMINUTE", "BYSECOND"}
_NTH_DAY = re.compile(r"([+-]?[0-9]{1,2})(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_UNTIL = re.compile(r"[0-9]{8}(T[0-9]{6}Z?)?", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
_ACTUAL_LENGTH_MAX = 40
_FIELD = "rrule"
_Default = TypeVar("_Default", int, None)


class Frequency(StrEnum):
    """How often: the only frequencies of a series. By the hour there is none, and a year is longer than a horizon."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"


_FREQUENCIES = {Frequency.DAILY: rrule.DAILY, Frequency.WEEKLY: rrule.WEEKLY, Frequency.MONTHLY: rrule.MONTHLY}


@dataclass(frozen=True, slots=True)
class RecurrenceRule:
    """A rule with an end: a number of occurrences or a last day, never both.

    weekdays: of a weekly rule, Monday is 0. month_day: of a monthly rule by date, LAST for the last day of the month.
    nth_weekday: of a monthly rule by weekday, such as (LAST, 4) for the last Friday. A month without such a day has no
    occurrence.
    """

    frequency: Frequency
    interval: int = 1
    weekdays: tuple[int, ...] = ()
    month_day: int | None = None
    nth_weekday: tuple[int, int] | None = None
    count: int | None = None
    until: date | None = None

    def violations(self, wall: datetime, most: int = OCCURRENCES_STORED_MAX) -> Iterator[Violation]:
        """Yield why a series of this rule cannot begin at a time of the clock. most: occurrences."""
        if not 1 <= self.interval <= INTERVAL_MAX:
            yield Violation("series_interval", _FIELD, limit=INTERVAL_MAX, actual=self.interval)
        if self.count is None and self.until is None:
            yield Violation("series_endless", _FIELD)
        if self.count is not None and not 1 <= self.count <= most:
            yield Violation("series_too_long", _FIELD, limit=most, actual=self.count)
        if self.until is not None and self.until < wall.date():
            yield Violation("series_until_past", _FIELD, limit=wall.date(), actual=self.until)
        if not self.falls_on(wall.date()):
            yield Violation("series_start", _FIELD, actual=wall.date())

    def falls_on(self, day: date) -> bool:
        """Return whether a day is of the kind that the rule names, whatever its interval."""
        if self.frequency == Frequency.WEEKLY:
            return day.weekday() in self.weekdays
        if self.month_day is not None:
            return day.day == (days_of_month(day) if self.month_day == LAST else self.month_day)
        if self.nth_weekday is not None:
            n, weekday = self.nth_weekday
            is_nth = day.day > days_of_month(day) - 7 if n == LAST else (day.day - 1) // 7 + 1 == n
            return day.weekday() == weekday and is_nth
        return True

    def starts(self, wall: datetime, most: int = OCCURRENCES_STORED_MAX) -> list[datetime]:
        """Return all times of the clock (naive) at which an occurrence begins, the first one at the wall, in order.

        most: occurrences, as many as the ring allows who enters them; of what is stored, as many as it can ever be.
        Raises SeriesRefused: an incomplete rule, a start that is not on it, more occurrences, or 10 years of them.
        """
        SeriesRefused.raise_for(self.violations(wall, most))
        last_day = date(wall.year + YEARS_MAX, wall.month, min(wall.day, 28))
        until = last_day if self.until is None else min(self.until, last_day + timedelta(days=1))
        found = list(islice(self._dates(wall, until), most + 1))
        if len(found) > most:
            raise SeriesRefused([Violation("series_too_long", _FIELD, limit=most, actual=None)])
        if (self.until is not None and self.until > last_day) or (self.count is not None and len(found) < self.count):
            raise SeriesRefused([Violation("series_too_far", _FIELD, limit=last_day)])
        return found

    def _dates(self, wall: datetime, until: date) -> Iterator[datetime]:
        weekdays: object = None
        if self.frequency == Frequency.WEEKLY:
            weekdays = [rrule.weekday(day) for day in self.weekdays]
        elif self.nth_weekday is not None:
            weekdays = rrule.weekday(self.nth_weekday[1])(self.nth_weekday[0])
        rule = rrule.rrule(
            _FREQUENCIES[self.frequency],
            dtstart=wall,
            interval=self.interval,
            wkst=rrule.MO,
            byweekday=weekdays,
            bymonthday=self.month_day,
            until=datetime.combine(until, time.max),
        )
        return islice(iter(rule), self.count)

    def to_rrule(self, wall: datetime | None = None, zone: ZoneInfo | None = None) -> str:
        """Return the rule as an RRULE. With start and zone UNTIL is an instant in UTC, as calendars need it."""
        parts = [f"FREQ={self.frequency}"]
        if self.interval != 1:
            parts.append(f"INTERVAL={self.interval}")
        if self.weekdays:
            parts.append("BYDAY=" + ",".join(WEEKDAYS[day] for day in self.weekdays))
        if self.nth_weekday is not None:
            parts.append(f"BYDAY={self.nth_weekday[0]}{WEEKDAYS[self.nth_weekday[1]]}")
        if self.month_day is not None:
            parts.append(f"BYMONTHDAY={self.month_day}")
        if self.count is not None:
            parts.append(f"COUNT={self.count}")
        if self.until is not None:
            parts.append(f"UNTIL={_until_text(self.until, wall, zone)}")
        return ";".join(parts)


def easter_from(day: date) -> date:
    """Return the next Easter Sunday, a day included."""
    this_year: date = easter(day.year)
    next_year: date = easter(day.year + 1)
    return this_year if this_year >= day else next_year


def days_of_month(day: date) -> int:
    """Return how many days the month of a day has."""
    return calendar.monthrange(day.year, day.month)[1]


def parse(text: str, wall: datetime, zone: ZoneInfo) -> RecurrenceRule:
    """Return the rule that an RRULE means for a series that begins at a time of the clock (naive) of a zone.

    Without BYDAY or BYMONTHDAY it is that of the wall. Raises SeriesRefused, with the part at fault.
    """
    parts = _parts_of(text)
    frequency = _frequency_of(parts["FREQ"])
    if {"COUNT", "UNTIL"} <= parts.keys():
        raise SeriesRefused([Violation("series_two_ends", _FIELD)])
    rule = RecurrenceRule(
        frequency,
        interval=_number_of(parts, "INTERVAL", 1),
        count=_number_of(parts, "COUNT", None),
        until=_until_of(parts["UNTIL"], wall, zone) if "UNTIL" in parts else None,
    )
    if frequency == Frequency.WEEKLY:
        return replace(rule, weekdays=_weekdays_of(parts, wall))
    return _monthly(rule, parts, wall) if frequency == Frequency.MONTHLY else rule


def _parts_of(text: str) -> dict[str, str]:
    """Return the parts of an RRULE by name. Raises SeriesRefused where it is none, or has a part that is not kept."""
    parts: dict[str, str] = {}
    for pair in text.removeprefix("RRULE:").upper().split(";"):
        name, equals, value = pair.strip().partition("=")
        if not equals or not value or name in parts or name not in _KNOWN_PARTS:
            _refuse(Violation("series_malformed", _FIELD, actual=pair or text))
        parts[name] = value
    if "FREQ" not in parts:
        _refuse(Violation("series_malformed", _FIELD, actual=text))
    frequency = _frequency_of(parts["FREQ"])
    for name, value in parts.items():
        if name not in _PARTS or name in _FOREIGN[frequency] or (name == "WKST" and value != "MO"):
            _refuse(Violation("series_part", _FIELD, actual=f"{name}={value}"))
    return parts


_FOREIGN: Mapping[Frequency, frozenset[str]] = {  # parts that would narrow a rule in a way that no form offers
    Frequency.DAILY: frozenset({"BYDAY", "BYMONTHDAY"}),
    Frequency.WEEKLY: frozenset({"BYMONTHDAY"}),
    Frequency.MONTHLY: frozenset(),
}


def _frequency_of(text: str) -> Frequency:
    if text not in list(Frequency):
        _refuse(Violation("series_frequency", _FIELD, actual=text))
    return Frequency(text)


def _number_of(parts: Mapping[str, str], name: str, default: _Default) -> int | _Default:
    if name not in parts:
        return default
    if not _NUMBER.fullmatch(parts[name]):
        _refuse(Violation("series_malformed", _FIELD, actual=f"{name}={parts[name]}"))
    return int(parts[name])


def _weekdays_of(parts: Mapping[str, str], wall: datetime) -> tuple[int, ...]:
    if "BYDAY" not in parts:
        return (wall.weekday(),)
    names = parts["BYDAY"].split(",")
    if any(name not in WEEKDAYS for name in names):
        _refuse(Violation("series_malformed", _FIELD, actual=f"BYDAY={parts['BYDAY']}"))
    return tuple(sorted({WEEKDAYS.index(name) for name in names}))


def _monthly(rule: RecurrenceRule, parts: Mapping[str, str], wall: datetime) -> RecurrenceRule:
    if {"BYDAY", "BYMONTHDAY"} <= parts.keys():
        _refuse(Violation("series_part", _FIELD, actual=f"BYMONTHDAY={parts['BYMONTHDAY']}"))
    if "BYDAY" in parts:
        matched = _NTH_DAY.fullmatch(parts["BYDAY"])
        if matched is None or int(matched[1]) not in NTH:
            _refuse(Violation("series_part", _FIELD, actual=f"BYDAY={parts['BYDAY']}"))
        return replace(rule, nth_weekday=(int(matched[1]), WEEKDAYS.index(matched[2])))
    day = parts.get("BYMONTHDAY", str(wall.day))
    if day != str(LAST) and not (_NUMBER.fullmatch(day) and 1 <= int(day) <= 31):
        _refuse(Violation("series_part", _FIELD, actual=f"BYMONTHDAY={day}"))
    return replace(rule, month_day=int(day))


def _until_of(text: str, wall: datetime, zone: ZoneInfo) -> date:
    """Return the last day on which an occurrence may begin; UNTIL may be a day, a time of the clock, or an instant."""
    matched = _UNTIL.fullmatch(text)
    try:
        if matched is None:
            raise ValueError(text)
        if matched[1] is None:
            return date.fromisoformat(text)
        until = datetime.fromisoformat(text)
        if until.tzinfo is not None:
            until = to_wall(until, zone)
        return until.date() if until.time() >= wall.time() else until.date() - timedelta(days=1)
    except (ValueError, OverflowError):
        _refuse(Violation("series_malformed", _FIELD, actual=f"UNTIL={text}"))


def _until_text(until: date, wall: datetime | None, zone: ZoneInfo | None) -> str:
    if wall is None or zone is None:
        return f"{until:%Y%m%d}"
    last = datetime.combine(until, wall.time())
    shown = instants_showing(last, zone)  # the later one of two: programs differ in which of them they take it for
    return f"{shown[-1] if shown else first_instant(last, zone):%Y%m%dT%H%M%SZ}"


def _refuse(violation: Violation) -> NoReturn:
    raise SeriesRefused([replace(violation, actual=str(violation.actual)[:_ACTUAL_LENGTH_MAX])])
