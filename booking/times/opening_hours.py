"""Opening hours of a workshop as spans of real time, with holidays and clock changes applied. Pure."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from zoneinfo import ZoneInfo

import holidays

from booking.times.wall_clock import first_instant, local_day
from booking.timespan import TimeSpan

MINUTES_OF_A_DAY = 24 * 60
MOMENT = timedelta(seconds=1)  # no shorter than what free starts are counted in
Opening = tuple[int, int, int]  # weekday (0 is Monday), opens, closes in minutes of the local day
ALWAYS = tuple((weekday, 0, MINUTES_OF_A_DAY) for weekday in range(7))


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """The weekly opening hours of a workshop, in the local time of its zone."""

    zone: ZoneInfo
    openings: tuple[Opening, ...]
    holidays_region: str = ""  # ISO 3166-2; "" when it does not close on holidays

    @property
    def closes_every_night(self) -> bool:
        """Whether no opening leads to the next day."""
        return all(closes < MINUTES_OF_A_DAY for _weekday, _opens, closes in self.openings)

    @property
    def is_always_open(self) -> bool:
        """Whether every day is open from midnight to midnight, holidays too."""
        return not self.holidays_region and _fill_every_day(self.openings)

    @property
    def always(self) -> WeeklyHours:
        """The same clock without closing times and holidays."""
        return WeeklyHours(self.zone, ALWAYS)

    def open_spans(self, within: TimeSpan) -> Iterator[TimeSpan]:
        """Yield the open spans that overlap `within`, in order; adjacent ones are merged, at midnight for example."""
        return _merge(self._daily_spans(within))

    def covers(self, span: TimeSpan) -> bool:
        """Return whether the workshop is open during all of the span."""
        return self.is_always_open or any(open_span.contains(span) for open_span in self.open_spans(span))

    def open_time(self, within: TimeSpan, enough: timedelta) -> timedelta:
        """Return how long the workshop is open during a span; no further days are read once it is enough."""
        total = timedelta(0)
        for open_span in self._daily_spans(within):
            total += min(open_span.end, within.end) - max(open_span.start, within.start)
            if total >= enough:
                break
        return total

    def is_open_from(self, instant: datetime) -> bool:
        """Return whether the workshop is open at an instant and just after it."""
        return self.covers(TimeSpan(instant, instant + MOMENT))

    def is_open_at(self, instant: datetime) -> bool:
        """Return whether the workshop is open just before or just after an instant."""
        return self.is_open_from(instant) or self.covers(TimeSpan(instant - MOMENT, instant))

    def _daily_spans(self, within: TimeSpan) -> Iterator[TimeSpan]:
        day = local_day(within.start, self.zone)
        last = local_day(within.end, self.zone)
        while day <= last:
            for opens, closes in self._openings_of(day):
                start, end = instant_of(day, opens, self.zone), instant_of(day, closes, self.zone)
                # An opening inside the hour that is skipped in spring is empty.
                if start < within.end and within.start < end and start < end:
                    yield TimeSpan(start, end)
            day += timedelta(days=1)

    def _openings_of(self, day: date) -> Iterator[tuple[int, int]]:
        if self.holidays_region and holiday_name(self.holidays_region, day):
            return
        for weekday, opens, closes in self.openings:
            if weekday == day.weekday():
                yield opens, closes


def _read_countries_one_by_one() -> None:
    """Let the package of countries read the country that is asked for: by itself it reads all 250 of them.

    That would be 8 MB in each process, and a tenth of a second in the first page that shows a holiday.
    """
    countries = ModuleType("holidays.countries")
    countries.__path__ = [str(Path(str(holidays.__file__)).parent / "countries")]
    sys.modules.setdefault(countries.__name__, countries)


_read_countries_one_by_one()


def instant_of(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Return the instant of a local minute of a day in a zone (1440 = the next midnight)."""
    if minute == MINUTES_OF_A_DAY:
        day, minute = day + timedelta(days=1), 0
    return first_instant(datetime.combine(day, time(minute // 60, minute % 60)), zone)


def holiday_name(region: str, day: date, language: str = "en") -> str | None:
    """Return the name of the public holiday on a day in an ISO 3166-2 region, in a language (de, en), or None."""
    return _holidays_of(region, day.year, language).get(day)


@lru_cache(maxsize=256)
def _holidays_of(region: str, year: int, language: str) -> dict[date, str]:
    # By default the library uses the language of the operating system. In Bavaria the Assumption is a holiday where
    # Catholics outnumber Protestants, which is nearly everywhere; the library has it in a category of its own.
    country, _, subdivision = region.partition("-")
    supported = holidays.country_holidays(country).supported_languages
    return dict(
        holidays.country_holidays(
            country,
            subdiv=subdivision or None,
            years=year,
            categories=("public", "catholic") if region == "DE-BY" else None,
            language=language if language in supported else "en_US",
        )
    )


@lru_cache(maxsize=1_024)
def _fill_every_day(openings: tuple[Opening, ...]) -> bool:
    return {weekday for weekday, opens, closes in openings if (opens, closes) == (0, MINUTES_OF_A_DAY)} == set(range(7))


def _merge(spans: Iterable[TimeSpan]) -> Iterator[TimeSpan]:
    current: TimeSpan | None = None
    for span in spans:
        if current is None:
            current = span
        elif current.end >= span.start:
            current = TimeSpan(current.start, max(current.end, span.end))
        else:
            yield current
            current = span
    if current is not None:
        yield current
