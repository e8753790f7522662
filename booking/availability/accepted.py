"""The starts that would be accepted: the rules of a machine combined with what holds its places. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from booking.availability import starts
from booking.availability.starts import DAY, Interval, ceil_timestamp, floor_timestamp, from_timestamp
from booking.rules.eligibility import MemberEligibility
from booking.rules.lending_rules import Policy
from booking.times.opening_hours import MINUTES_OF_A_DAY, WeeklyHours, instant_of
from booking.timespan import TimeSpan

FAR_PAST, FAR_FUTURE = 0, 253_402_300_799  # 1970 and the end of 9999
FIRST_DAY, LAST_DAY = date(1970, 1, 2), date(9999, 12, 30)  # of which each zone knows the midnights
CLOCK_CHANGE = 2 * 3_600  # more than the clock is ever put forward or back


class AllowedStarts(NamedTuple):
    """Starts that the rules allow, in order, and how many seconds a reservation from one of them lasts."""

    length: int
    intervals: list[Interval]


@dataclass(frozen=True, slots=True)
class SlotQuery:
    """A reservation that is searched for on a machine: its rules and places, the length, when it is asked for.

    minutes: by the clock for a machine that is lent by the day, else elapsed. eligibility: of the member; None
    leaves the rules about members out.
    """

    policy: Policy
    place_ids: Sequence[int]
    minutes: int
    places: int
    eligibility: MemberEligibility | None
    asked_at: datetime

    @property
    def is_possible(self) -> bool:
        """Whether the length and the number of places are allowed at all."""
        policy = self.policy
        return (
            policy.shortest_min <= self.minutes <= policy.longest_min
            and self.minutes % policy.step_min == 0
            and 1 <= self.places <= len(self.place_ids)
        )

    def needed(self, within: Interval) -> Interval:
        """Return the time for which `accepted` needs to know what holds the places, for starts within an interval."""
        setup, cleaning = self.policy.setup_min * 60, self.policy.cleaning_min * 60
        return within[0] - setup - 1, within[1] + self.minutes * 60 + CLOCK_CHANGE + cleaning

    def asked_for(self, within: Interval) -> Interval | None:
        """Return the part of an interval that notice and horizon allow; None if there is none."""
        first = max(within[0], ceil_timestamp(self.policy.earliest_start(self.asked_at)))
        last = min(within[1], floor_timestamp(self.policy.latest_start(self.asked_at)))
        return (first, last) if first <= last else None

    def span_from(self, start: int) -> TimeSpan:
        """Return the reservation that begins at an accepted start."""
        seconds = starts.seconds_from(start, self.minutes, self.policy)
        assert seconds is not None
        return TimeSpan(from_timestamp(start), from_timestamp(start + seconds))

    def accepted(self, held: dict[int, list[Interval]], within: Interval, ends_by: int = FAR_FUTURE) -> list[Interval]:
        """Return the starts within an interval that would be accepted, as intervals whose ends lie on the grid.

        held: what holds the places during the time that `needed` returns. ends_by: the reservation ends no later.
        """
        found: list[Interval] = []
        for interval, _length in self._free(held, self.allowed(within, ends_by)):
            if found and found[-1][1] + 1 == interval[0]:
                found[-1] = (found[-1][0], interval[1])
            else:
                found.append(interval)
        on_grid = (starts.to_grid(interval, self.policy) for interval in found)
        return [interval for interval in on_grid if interval is not None]

    def first(self, held: dict[int, list[Interval]], allowed: Iterable[AllowedStarts]) -> Interval | None:
        """Return the first start that would be accepted of those that the rules allow, and the end of that one."""
        for interval, length in self._free(held, allowed):
            if (on_grid := starts.to_grid(interval, self.policy)) is not None:
                return on_grid[0], on_grid[0] + length
        return None

    def allowed(self, within: Interval, ends_by: int = FAR_FUTURE) -> list[AllowedStarts]:
        """Return the starts within an interval that the rules allow, whatever holds the places, in order.

        They are the same for all machines with equal rules. ends_by: the reservation ends no later.
        """
        asked = self.asked_for(within)
        if asked is None or not self.is_possible:
            return []
        found = []
        for piece, length in starts.of_lengths(self.policy, self.minutes, asked):
            intervals = starts.intersect([piece], _open_intervals(self.policy, piece, length))
            if self.eligibility is not None:
                intervals = starts.intersect(intervals, _allowed_intervals(self.eligibility, self.policy, length))
            if intervals := starts.intersect(intervals, [(FAR_PAST, ends_by - length)]):
                found.append(AllowedStarts(length, intervals))
        return found

    def _free(
        self, held: dict[int, list[Interval]], allowed: Iterable[AllowedStarts]
    ) -> Iterator[tuple[Interval, int]]:
        """Yield the intervals of allowed starts at which enough places are free, each with the length."""
        setup, cleaning = self.policy.setup_min * 60, self.policy.cleaning_min * 60
        by_place = (held.get(place, ()) for place in self.place_ids)
        short = starts.short_of_places(by_place, len(self.place_ids), self.places)
        for length, intervals in allowed:
            within = intervals[0][0], intervals[-1][1]
            for interval in starts.intersect(starts.between(short, within, setup, cleaning, length), intervals):
                yield interval, length


def _open_intervals(policy: Policy, within: Interval, length: int) -> list[Interval]:
    # By whole days, so that the same ones are looked up whatever the time of day.
    opened = open_seconds(policy.hours, within[0] // DAY * DAY, -(-(within[1] + length) // DAY) * DAY)
    if not policy.may_span_closed_hours:
        return [(first, until - length) for first, until in opened if first <= until - length]
    fetched = [(first, until - 1) for first, until in opened]
    brought_back = [(first - length, until - length) for first, until in opened]
    return starts.intersect(fetched, brought_back)


@lru_cache(maxsize=1_024)
def open_seconds(hours: WeeklyHours, since: int, until: int) -> tuple[Interval, ...]:
    spans = hours.open_spans(TimeSpan(from_timestamp(since), from_timestamp(until)))
    return tuple((ceil_timestamp(span.start), floor_timestamp(span.end)) for span in spans)


def _allowed_intervals(eligibility: MemberEligibility, policy: Policy, length: int) -> list[Interval]:
    zone = policy.hours.zone

    def day_interval(first_day: date, last_day: date) -> Interval:
        first = instant_of(max(first_day, FIRST_DAY), 0, zone)
        until = instant_of(min(last_day, LAST_DAY), MINUTES_OF_A_DAY, zone)
        return ceil_timestamp(first), floor_timestamp(until) - 1

    intervals = [(FAR_PAST, FAR_FUTURE)]
    if policy.induction_kind_id is not None:
        for inducted in eligibility.conditions:
            allowed = starts.merge(sorted(day_interval(*days) for days in inducted))
            intervals = starts.intersect(intervals, allowed)
    if eligibility.left_on is not None:
        intervals = starts.intersect(intervals, [(FAR_PAST, day_interval(eligibility.left_on, eligibility.left_on)[1])])
    # Each day of the reservation must be allowed, its last second included.
    return [(first, last - length + 1) for first, last in intervals if first <= last - length + 1]
