"""What would be accepted instead of a wish, within the quotas of the member: less time, another machine or time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from booking.availability import proposals, reading
from booking.availability.proposals import Alternative, check_wish
from booking.errors.schedule_errors import Violation
from booking.quotas import quota_use
from booking.records.catalogue import MachineTerms
from booking.reservations.wishes import Wish
from booking.rules.quota_rules import Measure
from booking.times.wall_clock import later_by_clock
from booking.timespan import TimeSpan

WEEKS_AHEAD = 5  # how far ahead a week or month is looked for in which the wish fits


def alternatives(
    session: Session, wish: Wish, *, now: datetime, count: int = 3, excluding: int | None = None
) -> tuple[Alternative, ...]:
    """Return up to `count` reservations that would be accepted instead of a wish, as proposals.alternatives().

    Where a quota is in the way, the first is as much as fits at the wished start, and the others lie in a week or month
    in which the wish fits. Raises MachineNotFound, MemberNotFound.
    """
    terms = reading.cached_terms(session, wish.machine_id)
    passed = _passed(session, wish, now, excluding)
    if any(each.rule == f"quota_{Measure.OPEN}" for each in passed):
        return ()
    found = proposals.alternatives(session, wish, now=now, count=count, excluding=excluding)
    fitting = list(_fitting(session, wish, found, now, excluding))
    if not passed:
        return tuple(fitting)
    shorter = list(as_much_as_fits(session, wish, terms, now=now, excluding=excluding))
    later = first_week(session, wish, terms, now=now, excluding=excluding) if len(shorter + fitting) < count else None
    if later is not None:
        check = check_wish(session, later, now=now, excluding=excluding)
        same = [Alternative(later.machine_id, terms.name, later.span)] if check.is_accepted else []
        around = proposals.alternatives(session, later, now=now, count=count, excluding=excluding)
        beside = [one for one in around if not (same and one.span.overlaps(later.span))]
        fitting += [*same, *_fitting(session, later, beside, now, excluding)]
    return tuple(dict.fromkeys(shorter + fitting))[:count]


def as_much_as_fits(
    session: Session, wish: Wish, terms: MachineTerms, *, now: datetime, excluding: int | None = None
) -> Iterator[Alternative]:
    """Yield as much of a wish as the quotas leave, from its start, if the other rules accept it and it is free.

    Found by halving, because not every minute counts: of prime time only some do.
    """
    step, shortest = terms.policy.step_min, terms.policy.shortest_allowed_min
    fewest, most = max(-(-shortest // step), 1), (wish.span.seconds - 1) // (step * 60)
    if fewest > most or _passed(session, _cut(wish, fewest * step), now, excluding):
        return
    while fewest < most:
        steps = (fewest + most + 1) // 2
        if _passed(session, _cut(wish, steps * step), now, excluding):
            most = steps - 1
        else:
            fewest = steps
    shorter = _cut(wish, fewest * step)
    if check_wish(session, shorter, now=now, excluding=excluding).is_accepted:
        yield Alternative(wish.machine_id, terms.name, shorter.span)


def first_week(
    session: Session, wish: Wish, terms: MachineTerms, *, now: datetime, excluding: int | None = None
) -> Wish | None:
    """Return a wish at the same time of the first later week in which no quota is in the way."""
    for weeks in range(1, WEEKS_AHEAD + 1):
        start, end = (
            later_by_clock(instant, timedelta(weeks=weeks), terms.policy.hours.zone)
            for instant in (wish.span.start, wish.span.end)
        )
        later = replace(wish, span=TimeSpan(start, end))
        if not _passed(session, later, now, excluding):
            return later
    return None


def _cut(wish: Wish, minutes: int) -> Wish:
    return replace(wish, span=TimeSpan(wish.span.start, wish.span.start + timedelta(minutes=minutes)))


def _passed(session: Session, wish: Wish, now: datetime, excluding: int | None) -> list[Violation]:
    """Return the quotas that a wish would pass; its own reservation is left out."""
    quotas = reading.cached_terms(session, wish.machine_id).policy.quotas
    time = (wish.span, wish.places)
    return list(quota_use.check(session, wish.member_id, time, quotas, asked_at=now, reservation_id=excluding))


def _fitting(
    session: Session, wish: Wish, found: Iterable[Alternative], now: datetime, excluding: int | None
) -> Iterator[Alternative]:
    for one in found:
        if not _passed(session, replace(wish, machine_id=one.machine_id, span=one.span), now, excluding):
            yield one
