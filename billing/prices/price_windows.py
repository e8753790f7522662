"""Times of the day, weekdays and seasons in which a price differs, by the clock of the workshop. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from booking.times.wall_clock import first_instant, local_day
from booking.timespan import TimeSpan

EVERY_DAY = 0b1111111
DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class PriceWindow:
    """A time that comes again: from a minute of the day until another, on some weekdays, in a part of the year.

    weekdays: a bit for each, Monday first. until_minute: at or before from_minute, it is that of the next day; the
    weekday and the season are those of the day on which the time begins. from_day, until_day: month * 100 + day, both
    included; 1201 to 228 goes over the turn of the year.
    """

    weekdays: int = EVERY_DAY
    from_minute: int = 0
    until_minute: int = DAY_MINUTES
    from_day: int = 101
    until_day: int = 1231

    def __post_init__(self) -> None:
        if not 1 <= self.weekdays <= EVERY_DAY:
            raise ValueError(f"no weekday in {self!r}")
        if not (0 <= self.from_minute < DAY_MINUTES and 0 <= self.until_minute <= DAY_MINUTES):
            raise ValueError(f"no minute of a day in {self!r}")

    def begins_on(self, day: date) -> bool:
        """Return whether the time begins on a day."""
        if not self.weekdays >> day.weekday() & 1:
            return False
        number = day.month * 100 + day.day
        if self.from_day <= self.until_day:
            return self.from_day <= number <= self.until_day
        return number >= self.from_day or number <= self.until_day

    def seconds_within(self, span: TimeSpan, zone: ZoneInfo) -> int:
        """Return how many seconds of a span lie in the time. Real time: an hour that comes twice counts twice."""
        day, last, total = local_day(span.start, zone) - timedelta(days=1), local_day(span.end, zone), 0
        while day <= last:
            if self.begins_on(day):
                start, end = self._on(day, zone)
                total += max(0, int((min(end, span.end) - max(start, span.start)).total_seconds()))
            day += timedelta(days=1)
        return total

    def _on(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        midnight = datetime.combine(day, time())
        is_next_day = self.until_minute <= self.from_minute
        until = midnight + timedelta(minutes=self.until_minute + (DAY_MINUTES if is_next_day else 0))
        return first_instant(midnight + timedelta(minutes=self.from_minute), zone), first_instant(until, zone)
