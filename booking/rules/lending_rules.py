"""The rules of lending, pure: the rules of a machine, and the checks of a wish against them.

A check yields every violation at once and decides nothing else. Its docstring says what `limit` and `actual` of its
Violations mean, and their unit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from typing import Any

from booking.errors.schedule_errors import Violation
from booking.rules.eligibility import DAY, MemberEligibility, check_inductions, check_second
from booking.rules.quota_rules import Quota
from booking.times.opening_hours import WeeklyHours
from booking.times.wall_clock import local_day, to_wall
from booking.timespan import TimeSpan

LENGTH_MINUTES_MAX = 366 * 24 * 60
NUMBER_MAX = 600_000  # of other numbers that are typed; above it calendars end
YEAR_HOURS = 366 * 24
BUFFER_MINUTES_MAX = 31 * 24 * 60
HORIZON_DAYS_MAX = 100 * 366


@dataclass(frozen=True, slots=True)
class Range:
    """The lowest and the highest value of a rule, both included.

    most: of the check in the database too; None where it knows none. typed_most: of what is entered now, where a
    machine of earlier days may have more.
    """

    least: int
    most: int | None = None
    typed_most: int = NUMBER_MAX

    @property
    def highest(self) -> int:
        """The highest value that can be entered."""
        return self.typed_most if self.most is None else self.most


def number(default: int, *, least: int, most: int | None = None, typed_most: int = NUMBER_MAX) -> Any:
    """Return the dataclass field of a rule that is a number in a range."""
    return field(default=default, metadata={"range": Range(least, most, typed_most)})


@dataclass(frozen=True, slots=True)
class MachineRules:
    """The rules under which a machine is lent. Numbers in the unit of the name.

    The only list of these rules: the columns of booking_machine, Policy, MachineInput, the views, the manager's form,
    the API and the columns of imports are derived from these fields, their texts are in app/wording
    (see "Adding a rule" in README.md).
    """

    setup_min: int = number(0, least=0, typed_most=BUFFER_MINUTES_MAX)
    cleaning_min: int = number(0, least=0, typed_most=BUFFER_MINUTES_MAX)
    notice_hours: int = number(0, least=0, typed_most=YEAR_HOURS)
    horizon_days: int = number(365, least=1, typed_most=HORIZON_DAYS_MAX)
    shortest_min: int = number(30, least=1, typed_most=LENGTH_MINUTES_MAX)
    longest_min: int = number(14 * 24 * 60, least=1, most=LENGTH_MINUTES_MAX)
    step_min: int = number(15, least=1, typed_most=LENGTH_MINUTES_MAX)
    is_open_always: bool = False  # may be used round the clock, whatever the workshop's opening hours
    may_span_closed_hours: bool = False  # only its start and end must lie in the opening hours
    needs_approval: bool = False
    needs_second_person: bool = False  # nobody works with it alone: a second inducted person is there all the time
    decision_hours: int = number(48, least=1, typed_most=YEAR_HOURS)  # a request holds its span this long
    late_cancel_hours: int = number(24, least=0, typed_most=YEAR_HOURS)
    offer_hours: int = number(24, least=1, typed_most=YEAR_HOURS)  # who waits has this long to accept what became free

    @property
    def is_lent_by_day(self) -> bool:
        """Whether lengths are whole days of the clock, of 23, 24 or 25 hours."""
        return self.step_min % (24 * 60) == 0

    @property
    def has_buffers(self) -> bool:
        """Whether set-up or cleaning is added around the working time."""
        return bool(self.setup_min or self.cleaning_min)


@dataclass(frozen=True, slots=True)
class RuleField:
    """One rule of a machine, for whatever is derived from the rules. range: None for a switch."""

    name: str
    default: int
    range: Range | None

    @property
    def is_switch(self) -> bool:
        """Whether it is on or off, not a number."""
        return self.range is None


_DEFAULTS = MachineRules()
RULE_FIELDS = tuple(
    RuleField(rule.name, getattr(_DEFAULTS, rule.name), rule.metadata.get("range")) for rule in fields(MachineRules)
)
RULE_NAMES = tuple(rule.name for rule in RULE_FIELDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy(MachineRules):
    """The rules of a machine with what else decides about a wish: hours in which it may be used, induction, places.

    quotas: those that the machine counts for, whoever they are for; quota_use.py judges them.
    """

    hours: WeeklyHours
    induction_kind_id: int | None
    places: int
    quotas: tuple[Quota, ...] = ()

    @classmethod
    def of(cls, rules: MachineRules, *, hours: WeeklyHours, induction_kind_id: int | None, places: int) -> Policy:
        """Return the rules of a machine as its policy."""
        values = {name: getattr(rules, name) for name in RULE_NAMES}
        return cls(**values, hours=hours, induction_kind_id=induction_kind_id, places=places)

    @property
    def grid_seconds(self) -> int:
        """The width of the grid of the clock on which starts lie; it begins again each midnight."""
        return min(self.step_min, 60) * 60

    @property
    def shortest_allowed_min(self) -> int:
        """The shortest length that keeps the step as well."""
        return -(-self.shortest_min // self.step_min) * self.step_min

    def earliest_start(self, asked_at: datetime) -> datetime:
        """Return the first instant at which what is asked for now may start."""
        return asked_at + timedelta(hours=self.notice_hours)

    def latest_start(self, asked_at: datetime) -> datetime:
        """Return the last instant at which what is asked for now may start."""
        return asked_at + timedelta(days=self.horizon_days)

    def length_seconds(self, span: TimeSpan) -> int:
        """Return how long a span counts: elapsed time, or time by the clock for a machine lent by the day."""
        if not self.is_lent_by_day:
            return span.seconds
        start, end = (to_wall(instant, self.hours.zone) for instant in (span.start, span.end))
        return int((end - start).total_seconds())

    def without(self, codes: Collection[str]) -> Policy:
        """Return the policy without some of the rules that may be overruled (overruling.py), by their codes."""
        lifted: dict[str, Any] = {
            "notice": {"notice_hours": 0},
            "horizon": {"horizon_days": HORIZON_DAYS_MAX},
            "opening_hours": {"hours": self.hours.always},
            "opening_hours_at_ends": {"hours": self.hours.always},
            "shortest": {"shortest_min": 1},
            "longest": {"longest_min": LENGTH_MINUTES_MAX},
            "second_person_missing": {"needs_second_person": False},
        }
        changes = {name: value for code in codes for name, value in lifted.get(code, {}).items()}
        return replace(self, **changes) if changes else self

    def occupied_by(self, span: TimeSpan) -> TimeSpan:
        """Return the span with set-up before and cleaning after, in elapsed time."""
        return span.widened(timedelta(minutes=self.setup_min), timedelta(minutes=self.cleaning_min))


def check_request(
    span: TimeSpan, places: int, policy: Policy, eligibility: MemberEligibility, *, asked_at: datetime
) -> Iterator[Violation]:
    """Yield every rule that a wish breaks: those of asking (at an instant) and those of use."""
    yield from check_notice(span, policy, asked_at)
    yield from check_use(span, places, policy, eligibility)


def check_imported(
    span: TimeSpan, places: int, policy: Policy, eligibility: MemberEligibility, *, now: datetime
) -> Iterator[Violation]:
    """Yield every rule of use that a reservation confirmed by another program breaks.

    The rules of asking (notice, horizon) do not apply: it was asked for in time, elsewhere. One that is over is
    refused as past (limit: now, actual: its end), and no other rule is checked; one under way is not over.
    """
    if span.end <= now:
        yield Violation("past", "end", limit=now, actual=span.end)
        return
    yield from check_use(span, places, policy, eligibility)


def check_use(span: TimeSpan, places: int, policy: Policy, eligibility: MemberEligibility) -> Iterator[Violation]:
    """Yield the broken rules of use: those about the days on which the machine runs, whenever it was asked for."""
    yield from check_length(span, policy)
    yield from check_step(span, policy)
    yield from check_hours(span, policy)
    yield from check_places(places, policy)
    yield from check_member(span, policy, eligibility)


def check_notice(span: TimeSpan, policy: Policy, asked_at: datetime) -> Iterator[Violation]:
    """Yield past, notice (limit: earliest start), horizon (limit: latest start); actual: the wished start."""
    earliest, latest = policy.earliest_start(asked_at), policy.latest_start(asked_at)
    if span.start < asked_at:
        yield Violation("past", "start", limit=asked_at, actual=span.start)
    elif span.start < earliest:
        yield Violation("notice", "start", limit=earliest, actual=span.start)
    if span.start > latest:
        yield Violation("horizon", "start", limit=latest, actual=span.start)


def check_length(span: TimeSpan, policy: Policy) -> Iterator[Violation]:
    """Yield shortest, longest; limit and actual in minutes: elapsed, or by the clock for a machine lent by the day."""
    seconds = policy.length_seconds(span)
    if seconds < policy.shortest_min * 60:
        yield Violation("shortest", "end", limit=policy.shortest_min, actual=seconds // 60)
    if seconds > policy.longest_min * 60:
        yield Violation("longest", "end", limit=policy.longest_min, actual=-(-seconds // 60))


def check_step(span: TimeSpan, policy: Policy) -> Iterator[Violation]:
    """Yield step (limit in minutes). Starts lie on the clock's grid, lengths (by the clock) are whole steps.

    A step longer than an hour restricts the length only: a machine lent by the day may be fetched at any full hour.
    """
    start, end = (to_wall(instant, policy.hours.zone) for instant in (span.start, span.end))
    since_midnight = (start - start.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()
    if since_midnight % policy.grid_seconds:
        yield Violation("step", "start", limit=min(policy.step_min, 60), actual=span.start)
    elif (end - start).total_seconds() % (policy.step_min * 60):
        yield Violation("step", "end", limit=policy.step_min, actual=span.seconds // 60)


def check_hours(span: TimeSpan, policy: Policy) -> Iterator[Violation]:
    """Yield opening_hours: the machine may not be used during some of the span; actual: the wished start.

    For a machine that may span closed hours, yield opening_hours_at_ends: the workshop is closed at the start or at the
    end; actual: that one.
    """
    if not policy.may_span_closed_hours:
        if not policy.hours.covers(span):
            yield Violation("opening_hours", "start", actual=span.start)
    elif not policy.hours.is_open_from(span.start):
        yield Violation("opening_hours_at_ends", "start", actual=span.start)
    elif not policy.hours.is_open_at(span.end):
        yield Violation("opening_hours_at_ends", "end", actual=span.end)


def check_places(places: int, policy: Policy) -> Iterator[Violation]:
    """Yield places (limit: how many the machine has)."""
    if not 1 <= places <= policy.places:
        yield Violation("places", "places", limit=policy.places, actual=places)


def check_member(span: TimeSpan, policy: Policy, eligibility: MemberEligibility) -> Iterator[Violation]:
    """Yield member_left (limit: the last day of the membership), what check_inductions() and check_second() find.

    actual: the first day of the span that is not covered. All hold for every day of the span.
    """
    days = _days_of(span, policy)
    if eligibility.left_on is not None and days[1] > eligibility.left_on:
        yield Violation(
            "member_left", "member", limit=eligibility.left_on, actual=max(days[0], eligibility.left_on + DAY)
        )
    if policy.induction_kind_id is not None:
        yield from check_inductions(days, eligibility)
    if policy.needs_second_person and eligibility.second is not None:
        yield from check_second(days, eligibility.second)


def _days_of(span: TimeSpan, policy: Policy) -> tuple[date, date]:
    """Return the first and the last day of a span by the clock; midnight at its end begins no new day."""
    zone = policy.hours.zone
    return local_day(span.start, zone), local_day((span.end - timedelta(microseconds=1)), zone)
