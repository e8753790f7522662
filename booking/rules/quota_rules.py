"""Quotas, pure: how much of the machines a member may have in a week or month, and what a reservation counts.

A quota of time or of prime time counts the working time of reservations, times their places, in each week or month by
the calendar of the ring. A quota of open reservations counts those that are not over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import groupby
from zoneinfo import ZoneInfo

from booking.times.opening_hours import WeeklyHours
from booking.times.wall_clock import first_instant, local_day
from booking.timespan import TimeSpan

WEEKDAYS = range(7)
ALL_WEEKDAYS = 0b1111111


class Measure(StrEnum):
    """What a quota counts."""

    TIME = "time"
    PRIME_TIME = "prime_time"
    OPEN = "open"


class Period(StrEnum):
    """In what a quota of time is counted: weeks begin on Monday."""

    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class PrimeTime:
    """The hours that everybody wants. weekdays: bits, Monday is 1; minutes of the day by the clock of the workshop."""

    weekdays: int
    from_minute: int
    until_minute: int
    zone: ZoneInfo

    @property
    def days(self) -> tuple[int, ...]:
        """The days of the week, 0 is Monday."""
        return days_of(self.weekdays)

    def seconds_of(self, span: TimeSpan) -> int:
        """Return how much of a span lies in these hours."""
        openings = tuple((day, self.from_minute, self.until_minute) for day in self.days)
        return int(WeeklyHours(self.zone, openings).open_time(span, span.length).total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """The most that a member may have of a machine, a group, the machines of a workshop, or all machines of the ring.

    most: minutes, or a number of open reservations. period: None for open reservations. workshop_id, machine_id,
    group_id: None for all. member_id, price_class: whom it is for, at most one of them; None for everybody. zone: of
    the ring. counted_from: the first day of the first week or month in which it counts.
    """

    id: int
    measure: Measure
    most: int
    zone: ZoneInfo
    period: Period | None = None
    workshop_id: int | None = None
    machine_id: int | None = None
    group_id: int | None = None
    member_id: int | None = None
    price_class: str | None = None
    prime: PrimeTime | None = None
    counted_from: date = date.min

    @property
    def code(self) -> str:
        """The code of the rule: quota_time, quota_prime_time, quota_open."""
        return f"quota_{self.measure.value}"

    @property
    def is_stored(self) -> bool:
        """Whether what reservations count of it is stored; else it is counted when it is read."""
        return self.period is not None and self.group_id is None

    @property
    def specificity(self) -> int:
        """How narrow the group is that it is for: one member, a price class, or everybody."""
        return 2 if self.member_id is not None else 1 if self.price_class is not None else 0

    def is_for(self, member_id: int, price_class: str) -> bool:
        """Return whether it is for a member of a price class."""
        if self.member_id is not None:
            return self.member_id == member_id
        return self.price_class in (None, price_class)

    def replaces(self, other: Quota) -> bool:
        """Return whether it holds in place of another one for those whom it is for, as applying() decides."""
        return self.specificity > other.specificity and _counts_the_same(self) == _counts_the_same(other)

    def first_day(self, day: date) -> date:
        """Return the first day of the week or month of a day."""
        return first_day_of(self.period, day)

    def period_from(self, first: date) -> TimeSpan:
        """Return a week or month from its first day on."""
        after = (first + timedelta(days=32)).replace(day=1) if self.period is Period.MONTH else first + WEEK
        return TimeSpan(_midnight(first, self.zone), _midnight(after, self.zone))

    def counted(self, span: TimeSpan, places: int) -> dict[date, int]:
        """Return how many seconds a span counts in each week or month, by its first day; nothing for open ones."""
        found: dict[date, int] = {}
        if self.period is None:
            return found
        first, since = self.first_day(local_day(span.start, self.zone)), span.start
        while since < span.end:
            period = self.period_from(first)
            part = TimeSpan(since, min(span.end, period.end))
            seconds = part.seconds if self.prime is None else self.prime.seconds_of(part)
            if seconds and first >= self.counted_from:
                found[first] = seconds * places
            first, since = local_day(period.end, self.zone), period.end
        return found

    def counted_of(self, times: Iterable[tuple[TimeSpan, int]]) -> dict[date, int]:
        """Return what a reservation counts: of a former and a wished time the greater in each week or month."""
        found: dict[date, int] = {}
        for span, places in times:
            for first, seconds in self.counted(span, places).items():
                found[first] = max(seconds, found.get(first, 0))
        return found


WEEK = timedelta(days=7)


def applying(quotas: Iterable[Quota], member_id: int, price_class: str) -> tuple[Quota, ...]:
    """Return the quotas that hold for a member: of those that count the same, the ones for the narrowest group.

    So a quota for one member replaces that of the price class, and that of the price class the one for everybody.
    """
    held = [quota for quota in quotas if quota.is_for(member_id, price_class)]
    found: list[Quota] = []
    for _same, group in groupby(sorted(held, key=_sort_key), key=_counts_the_same):
        in_group = list(group)
        narrowest = max(quota.specificity for quota in in_group)
        found += [quota for quota in in_group if quota.specificity == narrowest]
    return tuple(found)


def first_day_of(period: str | None, day: date) -> date:
    """Return the first day of the week or month of a day."""
    return day.replace(day=1) if period == Period.MONTH else day - timedelta(days=day.weekday())


def days_of(weekdays: int) -> tuple[int, ...]:
    """Return the days of the week of a set of bits, 0 is Monday."""
    return tuple(day for day in WEEKDAYS if weekdays & (1 << day))


def bits_of(days: Iterable[int]) -> int:
    """Return days of the week, 0 is Monday, as a set of bits."""
    return sum(1 << day for day in set(days))


def differences(before: Mapping[date, int], after: Mapping[date, int]) -> dict[date, int]:
    """Return the weeks or months in which more is counted than before, with what is counted then."""
    return {first: seconds for first, seconds in after.items() if seconds > before.get(first, 0)}


def _counts_the_same(quota: Quota) -> tuple[object, ...]:
    prime = quota.prime and (quota.prime.weekdays, quota.prime.from_minute, quota.prime.until_minute)
    scope = quota.workshop_id or 0, quota.machine_id or 0, quota.group_id or 0
    return *scope, quota.measure.value, quota.period or "", prime or ()


def _sort_key(quota: Quota) -> tuple[object, ...]:
    return *_counts_the_same(quota), quota.id


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return first_instant(datetime.combine(day, time()), zone)
