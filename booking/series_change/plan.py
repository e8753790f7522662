"""What another time, length, machine or purpose would mean for each date of a series. Reads alone.

Changing a series plans it once more under its locks, so the preview and the change say the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from booking import catalogue, former_times, machine_moves, members, moving, series_dates, series_times
from booking.catalogue import MachineTerms
from booking.errors import MachineNotFound, SeriesRefused, Violation
from booking.models import Reservation, Series
from booking.move_rules import check_move
from booking.recurrence import Frequency, RecurrenceRule
from booking.rules import check_request
from booking.series_change import conflicts
from booking.series_change.models import ChangedDate, ChangePlan, Scope, SeriesChange
from booking.series_times import Occurrence, SeriesTimes
from booking.timespan import TimeSpan
from booking.wishes import Wish


def plan(
    session: Session,
    series: Series,
    found: Mapping[date, Reservation],
    change: SeriesChange,
    *,
    may_decide: bool,
    now: datetime,
) -> ChangePlan:
    """Return what a change means for reservations of a series, by the day of the rule.

    may_decide: by who may approve on the machines before and after. Raises SeriesRefused, MachineNotFound.
    """
    if not found:
        raise SeriesRefused([Violation("series_nothing_to_change", "day")])
    machine_id = change.machine_id or series.machine_id
    terms, old = catalogue.lending_terms(session, machine_id), series_dates.times_of(series)
    first = min(found)
    times = _times_after(old, change, first, terms.policy.hours.zone if change.machine_id else old.zone)
    occurrences = {one.day: one for one in series_times.occurrences(times)}
    dates = [
        _wished(day, found[day], change, occurrences.get(day), old, terms, may_decide=may_decide)
        for day in sorted(found)
    ]
    if terms.is_retired and any(not one.keeps_less for one in dates):
        raise MachineNotFound(id=machine_id)
    dates = _judged(session, dates, found, terms, may_decide=may_decide, now=now)
    dates = conflicts.with_taken(session, dates, found, terms)
    dates = conflicts.within_quotas(session, dates, terms, now)
    return ChangePlan(terms, times, tuple(conflicts.with_alternatives(session, dates, terms, now)))


def _times_after(old: SeriesTimes, change: SeriesChange, first: date, zone: ZoneInfo) -> SeriesTimes:
    """Return the times of the changed part of a series, which begins with a day of its rule."""
    rule = old.rule
    if change.scope == Scope.ONE:
        rule = RecurrenceRule(Frequency.DAILY, count=1)
    elif rule.count is not None:
        rule = replace(rule, count=sum(wall.date() >= first for wall in rule.starts(old.wall)))
    wall = datetime.combine(first, old.wall.time() if change.starts_at is None else change.starts_at)
    passage = old.passage if change.passage is None else change.passage
    return SeriesTimes(rule, zone, wall, change.length or old.length, passage)


def _wished(
    day: date,
    reservation: Reservation,
    change: SeriesChange,
    occurrence: Occurrence | None,
    old: SeriesTimes,
    terms: MachineTerms,
    *,
    may_decide: bool,
) -> ChangedDate:
    """Return a date with what it is to become. One that was moved alone keeps its time, unless it alone is meant."""
    before = Wish.of(reservation)
    by_rule = series_times.occurrence_on(day, old).span
    is_meant = change.scope == Scope.ONE or before.span == by_rule
    span = occurrence.span if change.changes_times and is_meant and occurrence is not None else before.span
    after = replace(
        before,
        span=span,
        machine_id=change.machine_id or before.machine_id,
        purpose=before.purpose if change.purpose is None else change.purpose,
    )
    held = moving.change_of(reservation, after, may_decide=may_decide)
    keeps_less = held.keeps_less and before.machine_id == after.machine_id
    asks = terms.policy.needs_approval and not may_decide and not keeps_less
    return ChangedDate(
        day,
        reservation.id,
        before,
        after,
        is_shifted=occurrence is not None and occurrence.is_shifted and span == occurrence.span,
        keeps_less=keeps_less,
        needs_approval=asks,
        occupied=_occupied(reservation, after, held, terms),
    )


def _occupied(reservation: Reservation, wish: Wish, held: moving.Change, terms: MachineTerms) -> TimeSpan:
    if wish.machine_id != reservation.machine_id:
        return terms.policy.occupied_by(wish.span)
    return moving.wished_time(reservation, wish, held, terms.policy).occupied


def _judged(
    session: Session,
    dates: Sequence[ChangedDate],
    found: Mapping[date, Reservation],
    terms: MachineTerms,
    *,
    may_decide: bool,
    now: datetime,
) -> list[ChangedDate]:
    """Judge each date by the rules of moving it, quotas apart."""
    eligibility = members.eligibility_of(session, dates[0].before.member_id, terms.policy.induction_kind_id)
    judged = []
    for one in dates:
        reservation, wish = found[one.day], one.after
        broken: list[Violation] = []
        if former_times.former_time(reservation) is not None and not may_decide and not one.is_unchanged:
            broken.append(Violation("move_waits", "machine"))
        elif wish.machine_id != one.before.machine_id:
            broken += machine_moves.of_moving(session, reservation, wish, terms, may_decide=may_decide)
            broken += check_request(wish.span, wish.places, terms.policy, eligibility, asked_at=now)
        elif wish.span != one.before.span:
            held = moving.change_of(reservation, wish, may_decide=may_decide).held
            broken += check_move(wish.span, wish.places, held, terms.policy, eligibility, asked_at=now)
        judged.append(replace(one, violations=tuple(broken)))
    return judged
