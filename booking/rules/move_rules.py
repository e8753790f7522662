"""The rules for another span of a reservation, pure: keeping less is nearly free, more is judged for what is added.

The table in README.md ("Changing a reservation") says the same for each rule. A violation means what it means in
rules.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from booking.errors.schedule_errors import Violation
from booking.rules import lending_rules
from booking.rules.eligibility import MemberEligibility
from booking.rules.lending_rules import Policy
from booking.times.wall_clock import to_wall
from booking.timespan import TimeSpan


@dataclass(frozen=True, slots=True)
class Held:
    """What a reservation holds before it is changed. is_out: the machine was handed out."""

    span: TimeSpan
    places: int
    is_out: bool = False

    def keeps_less(self, span: TimeSpan, places: int) -> bool:
        """Return whether a span and places lie within what is held; also when nothing changes."""
        return self.span.contains(span) and places <= self.places

    def added(self, span: TimeSpan, places: int) -> list[TimeSpan]:
        """Return the parts of a span that are not held yet: with more places, all of it."""
        if places > self.places or not span.overlaps(self.span):
            return [span]
        before = [TimeSpan(span.start, self.span.start)] if span.start < self.span.start else []
        after = [TimeSpan(self.span.end, span.end)] if self.span.end < span.end else []
        return before + after


def check_move(
    span: TimeSpan, places: int, held: Held, policy: Policy, eligibility: MemberEligibility, *, asked_at: datetime
) -> Iterator[Violation]:
    """Yield every rule that another span or number of places breaks.

    in_use: of a machine that is out, only the end can be changed, and places given back.
    """
    if span.end <= asked_at:
        yield Violation("past", "end", limit=asked_at, actual=span.end)
        return
    if held.is_out and span.start != held.span.start:
        yield Violation("in_use", "start", actual=span.start)
    if held.is_out and places > held.places:
        yield Violation("in_use", "places", limit=held.places, actual=places)
    if held.keeps_less(span, places):
        yield from _check_less(span, places, held, policy)
    else:
        yield from _check_more(span, places, held, policy, eligibility, asked_at)


def check_asking(
    span: TimeSpan, places: int, held: Held | None, policy: Policy, asked_at: datetime
) -> Iterator[Violation]:
    """Yield past, notice and horizon alone, for what is added to what is held, if anything is."""
    if held is None:
        yield from lending_rules.check_notice(span, policy, asked_at)
    else:
        yield from _check_notice(span, held.added(span, places), held, policy, asked_at)


def _check_less(span: TimeSpan, places: int, held: Held, policy: Policy) -> Iterator[Violation]:
    if places < 1:
        yield from lending_rules.check_places(places, policy)
    yield from _check_length(span, held, policy)
    yield from _check_step(span, held, policy)


def _check_more(
    span: TimeSpan, places: int, held: Held, policy: Policy, eligibility: MemberEligibility, asked_at: datetime
) -> Iterator[Violation]:
    parts = held.added(span, places)
    yield from _check_notice(span, parts, held, policy, asked_at)
    yield from _check_length(span, held, policy)
    yield from _check_step(span, held, policy)
    yield from _check_hours(span, parts, policy)
    if places > held.places or places < 1:
        yield from lending_rules.check_places(places, policy)
    for part in parts:
        yield from lending_rules.check_member(part, policy, eligibility)


def _check_notice(
    span: TimeSpan, parts: list[TimeSpan], held: Held, policy: Policy, asked_at: datetime
) -> Iterator[Violation]:
    """Yield past, notice and horizon for what is added.

    Only where a wish for the whole span would break them too: a longer span is never judged more strictly than a new
    one. A machine that is out needs no notice.
    """
    earliest, latest = policy.earliest_start(asked_at), policy.latest_start(asked_at)
    for part in parts:
        field = "start" if part.start == span.start else "end"
        if part.start < asked_at:
            yield Violation("past", field, limit=asked_at, actual=part.start)
        elif part.start < earliest and span.start < earliest and not held.is_out:
            yield Violation("notice", field, limit=earliest, actual=part.start)
        if part.start > latest and span.start > latest:
            yield Violation("horizon", field, limit=latest, actual=part.start)


def _check_hours(span: TimeSpan, parts: list[TimeSpan], policy: Policy) -> Iterator[Violation]:
    """Yield opening_hours for what is added; of a machine that may span closed hours, only its new ends count."""
    for part in parts:
        if not policy.may_span_closed_hours:
            yield from lending_rules.check_hours(part, policy)
        elif part.start == span.start and not policy.hours.is_open_from(part.start):
            yield Violation("opening_hours_at_ends", "start", actual=part.start)
        elif part.end == span.end and not policy.hours.is_open_at(part.end):
            yield Violation("opening_hours_at_ends", "end", actual=part.end)


def _check_length(span: TimeSpan, held: Held, policy: Policy) -> Iterator[Violation]:
    """Yield shortest for what becomes shorter, longest for what becomes longer."""
    change = policy.length_seconds(span) - policy.length_seconds(held.span)
    wanted = "shortest" if change < 0 else "longest"
    if change:
        yield from (each for each in lending_rules.check_length(span, policy) if each.rule == wanted)


def _check_step(span: TimeSpan, held: Held, policy: Policy) -> Iterator[Violation]:
    """Yield step for a start that changes, and for a length that neither is whole steps nor changes by whole steps.

    So what was promised off the present step can still be changed.
    """
    found = [
        each
        for each in lending_rules.check_step(span, policy)
        if each.field == "start" and span.start != held.span.start
    ]
    length, held_length = (_clock_seconds(one, policy) for one in (span, held.span))
    step = policy.step_min * 60
    if not found and length % step and (length - held_length) % step:
        found = [Violation("step", "end", limit=policy.step_min, actual=span.seconds // 60)]
    yield from found


def _clock_seconds(span: TimeSpan, policy: Policy) -> int:
    start, end = (to_wall(instant, policy.hours.zone) for instant in (span.start, span.end))
    return int((end - start).total_seconds())
