"""The house rules of lending, pure: notice, horizon, length, step, opening hours, induction, places.

A rule returns violations, all at once; it decides nothing else. What each rule's figures mean stands in
its docstring: the unit of `limit` and `actual` of its Violation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from booking.errors import Violation
from booking.opening_hours import WeeklyHours
from booking.timespan import TimeSpan

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Policy:
    """Under which rules a machine is lent. Times in the unit of the name; hours: when it may be used."""

    hours: WeeklyHours
    setup_min: int
    cleaning_min: int
    notice_hours: int
    horizon_days: int
    shortest_min: int
    longest_min: int
    step_min: int
    needs_approval: bool
    decision_hours: int
    late_cancel_hours: int
    induction_kind_id: int | None
    places: int

    @property
    def grid_seconds(self) -> int:
        """Starts lie on the clock's grid of this width, which begins anew each midnight."""
        return min(self.step_min, 60) * 60

    @property
    def is_lent_by_day(self) -> bool:
        """Whether lengths are whole days of the clock, be they of 23, 24 or 25 hours."""
        return self.step_min % (24 * 60) == 0

    @property
    def shortest_allowed_min(self) -> int:
        """The shortest length that keeps the step as well."""
        return -(-self.shortest_min // self.step_min) * self.step_min

    def length_seconds(self, span: TimeSpan) -> int:
        """How long a span counts: elapsed time, or time by the clock for a machine lent by the day."""
        if not self.is_lent_by_day:
            return span.seconds
        start, end = (instant.astimezone(self.hours.zone).replace(tzinfo=None) for instant in (span.start, span.end))
        return int((end - start).total_seconds())

    def occupied_by(self, span: TimeSpan) -> TimeSpan:
        """The span with set-up before and cleaning after: real time, not the wall clock."""
        return span.widened(timedelta(minutes=self.setup_min), timedelta(minutes=self.cleaning_min))


@dataclass(frozen=True, slots=True)
class MemberEligibility:
    """What the rules need to know of a member: the days of the required induction, the day of leaving."""

    inducted: tuple[tuple[date, date], ...] = ()  # (given_on, valid_until), both included
    left_on: date | None = None


def check_request(
    span: TimeSpan, places: int, policy: Policy, eligibility: MemberEligibility, *, asked_at: datetime
) -> Iterator[Violation]:
    """Everything in which a wish breaks the rules, of asking (at an instant) and of use."""
    yield from check_notice(span, policy, asked_at)
    yield from check_use(span, places, policy, eligibility)


def check_promise(
    span: TimeSpan, places: int, policy: Policy, eligibility: MemberEligibility, *, taken_over_at: datetime
) -> Iterator[Violation]:
    """Everything in which a reservation that another program has promised breaks the rules of use.

    The rules of asking (notice, horizon) do not bind it: it was asked for in time, elsewhere. One that is over is
    refused as past (limit: now, actual: its end), and no other rule is asked about it; one under way is not over.
    """
    if span.end <= taken_over_at:
        yield Violation("past", "end", limit=taken_over_at, actual=span.end)
        return
    yield from check_use(span, places, policy, eligibility)


def check_use(span: TimeSpan, places: int, policy: Policy, eligibility: MemberEligibility) -> Iterator[Violation]:
    """The rules of use: those that speak of the days on which the machine runs, whenever it was asked for."""
    yield from check_length(span, policy)
    yield from check_step(span, policy)
    yield from check_hours(span, policy)
    yield from check_places(places, policy)
    yield from check_member(span, policy, eligibility)


def check_notice(span: TimeSpan, policy: Policy, asked_at: datetime) -> Iterator[Violation]:
    """past, notice (limit: earliest start), horizon (limit: latest start); actual: the wished start."""
    earliest = asked_at + timedelta(hours=policy.notice_hours)
    latest = asked_at + timedelta(days=policy.horizon_days)
    if span.start < asked_at:
        yield Violation("past", "start", limit=asked_at, actual=span.start)
    elif span.start < earliest:
        yield Violation("notice", "start", limit=earliest, actual=span.start)
    if span.start > latest:
        yield Violation("horizon", "start", limit=latest, actual=span.start)


def check_length(span: TimeSpan, policy: Policy) -> Iterator[Violation]:
    """shortest, longest; limit and actual in minutes: elapsed, or by the clock for a machine lent by the day."""
    seconds = policy.length_seconds(span)
    if seconds < policy.shortest_min * 60:
        yield Violation("shortest", "end", limit=policy.shortest_min, actual=seconds // 60)
    if seconds > policy.longest_min * 60:
        yield Violation("longest", "end", limit=policy.longest_min, actual=-(-seconds // 60))


def check_step(span: TimeSpan, policy: Policy) -> Iterator[Violation]:
    """step: limit in minutes. Starts lie on the clock's grid, lengths (by the clock) are whole steps.

    A step longer than an hour binds the length only: a machine lent by the day may be fetched at any full hour.
    """
    start, end = (instant.astimezone(policy.hours.zone).replace(tzinfo=None) for instant in (span.start, span.end))
    since_midnight = (start - start.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()
    if since_midnight % policy.grid_seconds:
        yield Violation("step", "start", limit=min(policy.step_min, 60), actual=span.start)
    elif (end - start).total_seconds() % (policy.step_min * 60):
        yield Violation("step", "end", limit=policy.step_min, actual=span.seconds // 60)


def check_hours(span: TimeSpan, policy: Policy) -> Iterator[Violation]:
    """opening_hours: the machine may not be used during some of the span; actual: the wished start."""
    if not policy.hours.covers(span):
        yield Violation("opening_hours", "start", actual=span.start)


def check_places(places: int, policy: Policy) -> Iterator[Violation]:
    """places: limit is how many the machine has."""
    if not 1 <= places <= policy.places:
        yield Violation("places", "places", limit=policy.places, actual=places)


def check_member(span: TimeSpan, policy: Policy, eligibility: MemberEligibility) -> Iterator[Violation]:
    """induction (limit: last day it was valid, or None where there was none), member_left (limit: the day).

    actual: the first day of the span that is not covered. Both hold for every day of the span.
    """
    days = _days_of(span, policy)
    if eligibility.left_on is not None and days[1] > eligibility.left_on:
        first_after = max(days[0], eligibility.left_on + DAY)
        yield Violation("member_left", "member", limit=eligibility.left_on, actual=first_after)
    if policy.induction_kind_id is None:
        return
    first_uncovered = days[0]
    for given_on, valid_until in sorted(eligibility.inducted):
        if given_on <= first_uncovered <= valid_until:
            first_uncovered = valid_until + DAY
    if first_uncovered <= days[1]:
        last_valid = max((valid_until for _, valid_until in eligibility.inducted), default=None)
        yield Violation("induction", "member", limit=last_valid, actual=first_uncovered)


def _days_of(span: TimeSpan, policy: Policy) -> tuple[date, date]:
    """The first and the last day of a span by the clock; midnight at its end begins no new day."""
    zone = policy.hours.zone
    return span.start.astimezone(zone).date(), (span.end - timedelta(microseconds=1)).astimezone(zone).date()
