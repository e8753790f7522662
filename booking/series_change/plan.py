"""What another time, length, machine or purpose would mean for each date of a series. Reads alone.

Changing a series plans it once more under its locks, so the preview and the change say the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from booking import catalogue, former_times, machine_moves, members, moving, series_dates, series_times
from booking.catalogue import MachineTerms
from booking.errors import MachineNotFound, SeriesRefused, Violation
from booking.models import Reservation, Series
from booking.move_rules import check_move
from booking.overruling import Overruling
from booking.recurrence import Frequency, RecurrenceRule
from booking.rules import check_request
from booking.series_change import conflicts
from booking.series_change.models import ChangedDate, ChangePlan, Scope, SeriesChange
from booking.series_times import Occurrence, SeriesTimes
from booking.timespan import TimeSpan
from booking.wall_clock import to_wall
from booking.wishes import Wish


def plan(
    session: Session,
    series: Series,
    found: Mapping[date, Reservation],
    change: SeriesChange,
    *,
    decides_in: Collection[int] | None,
    now: datetime,
    overruling: Overruling | None = None,
) -> ChangePlan:
    """Return what a change means for reservations of a series, by the day of the rule.

    decides_in: the workshops on whose machines the actor may approve; None: all. overruling: on those. Raises
    SeriesRefused, MachineNotFound.
    """
    if not found:
        raise SeriesRefused([Violation("series_nothing_to_change", "day")])
    machine_id = change.machine_id or series.machine_id
    machine_ids = sorted({machine_id, *(one.machine_id for one in found.values())})
    terms_of = {one: catalogue.lending_terms(session, one) for one in machine_ids}
    old = series_dates.times_of(series)
    times = _times_after(old, change, found, terms_of[machine_id].policy.hours.zone)
    occurrences = {one.day: one for one in series_times.occurrences(times)}
    if change.scope == Scope.ONE:  # which may have been moved to another day alone
        occurrences = dict(zip(found, occurrences.values(), strict=True))
    dates = [
        _wished(day, found[day], change, occurrences.get(day), old, terms_of, decides_in=decides_in)
        for day in sorted(found)
    ]
    planned = _planned(session, dates, found, terms_of, now, overruling)
    return ChangePlan(terms_of[machine_id], times, planned)


def plan_clock(
    session: Session,
    series: Series,
    found: Mapping[date, Reservation],
    times: SeriesTimes,
    former: SeriesTimes,
    *,
    now: datetime,
    overruling: Overruling,
) -> ChangePlan:
    """Return what it means that the dates of a series keep their times of the clock, which shows others than before.

    times, former: of the series by the clock of now and by that of before. Whoever carries it out may approve.
    """
    machine_ids = sorted({series.machine_id, *(one.machine_id for one in found.values())})
    terms_of = {one: catalogue.lending_terms(session, one) for one in machine_ids}
    change = SeriesChange(Scope.ALL, starts_at=times.wall.time())
    dates = [
        _wished(day, found[day], change, series_times.occurrence_on(day, times), former, terms_of, decides_in=None)
        for day in sorted(found)
    ]
    return ChangePlan(terms_of[series.machine_id], times, _planned(session, dates, found, terms_of, now, overruling))


def _planned(
    session: Session,
    dates: Sequence[ChangedDate],
    found: Mapping[date, Reservation],
    terms_of: Mapping[int, MachineTerms],
    now: datetime,
    overruling: Overruling | None,
) -> tuple[ChangedDate, ...]:
    """Judge dates by what holds their time on each machine, then by the quotas of all machines together."""
    judged: list[ChangedDate] = []
    for each in sorted({one.after.machine_id for one in dates}):
        of_machine = [one for one in dates if one.after.machine_id == each]
        judged += _of_machine(session, of_machine, found, terms_of, now, overruling)
    in_time = sorted(judged, key=lambda one: (one.after.span.start, one.day))
    counted = conflicts.within_quotas(session, in_time, terms_of, now, overruling)
    planned: list[ChangedDate] = []
    for each in sorted({one.after.machine_id for one in dates}):
        of_machine = [one for one in counted if one.after.machine_id == each]
        planned += conflicts.with_alternatives(session, of_machine, terms_of[each], now)
    return tuple(sorted(planned, key=lambda one: one.day))


def _of_machine(
    session: Session,
    dates: Sequence[ChangedDate],
    found: Mapping[date, Reservation],
    terms_of: Mapping[int, MachineTerms],
    now: datetime,
    overruling: Overruling | None,
) -> Sequence[ChangedDate]:
    """Judge the dates that are on one machine after the change, quotas apart. Raises MachineNotFound."""
    terms = terms_of[dates[0].after.machine_id]
    if terms.is_retired and any(not one.keeps_less for one in dates):
        raise MachineNotFound(id=terms.machine_id)
    judged = _judged(session, dates, found, terms, now=now, overruling=overruling)
    return conflicts.with_taken(session, judged, found, terms)


def _times_after(
    old: SeriesTimes, change: SeriesChange, found: Mapping[date, Reservation], new_zone: ZoneInfo
) -> SeriesTimes:
    """Return the times of the changed part of a series, which begins with a day of its rule.

    The clock stays that of the series where no start is wished: another machine may be in another zone.
    """
    first = min(found)
    if change.scope == Scope.ONE:
        times = _times_of_one(old, first, found[first], keeps_start=change.starts_at is None)
    else:
        rule = old.rule
        if rule.count is not None:
            rule = replace(rule, count=sum(wall.date() >= first for wall in rule.starts(old.wall)))
        times = replace(old, rule=rule, wall=datetime.combine(first, old.wall.time()))
    if change.starts_at is not None:
        zone = new_zone if change.machine_id else old.zone
        times = replace(times, zone=zone, wall=datetime.combine(times.wall.date(), change.starts_at))
    passage = times.passage if change.passage is None else change.passage
    return replace(times, length=change.length or times.length, passage=passage)


def _times_of_one(old: SeriesTimes, day: date, reservation: Reservation, *, keeps_start: bool) -> SeriesTimes:
    """Return the times of a date that is changed alone: its own, where it was moved alone before."""
    once, span = RecurrenceRule(Frequency.DAILY, count=1), Wish.of(reservation).span
    if span == series_times.occurrence_on(day, old).span:
        return replace(old, rule=once, wall=datetime.combine(day, old.wall.time()))
    passage = span.start.astimezone(old.zone).fold if keeps_start else old.passage
    length = series_times.length_by_clock(span, old.zone)
    return SeriesTimes(once, old.zone, to_wall(span.start, old.zone), length, passage)


def _wished(
    day: date,
    reservation: Reservation,
    change: SeriesChange,
    occurrence: Occurrence | None,
    old: SeriesTimes,
    terms_of: Mapping[int, MachineTerms],
    *,
    decides_in: Collection[int] | None,
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
    terms, concerned = terms_of[after.machine_id], {before.machine_id, after.machine_id}
    may_decide = decides_in is None or all(terms_of[one].workshop_id in decides_in for one in concerned)
    held = moving.change_of(reservation, after, may_decide=may_decide)
    keeps_less = held.keeps_less and before.machine_id == after.machine_id
    asks = terms.policy.needs_approval and not may_decide and not keeps_less
    return ChangedDate(
        day,
        reservation.id,
        before,
        after,
        may_decide=may_decide,
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
    now: datetime,
    overruling: Overruling | None,
) -> list[ChangedDate]:
    """Judge each date by the rules of moving it, quotas apart."""
    eligibility = members.eligibility_of(session, dates[0].before.member_id, terms.policy.induction_kind_id)
    left = sorted({one.before.machine_id for one in dates if not one.may_decide} - {terms.machine_id})
    are_twins = {one: machine_moves.are_twins(session, one, terms.machine_id) for one in left}
    judged = []
    for one in dates:
        reservation, wish = found[one.day], one.after
        broken: list[Violation] = []
        if former_times.former_time(reservation) is not None and not one.may_decide and not one.is_unchanged:
            broken.append(Violation("move_waits", "machine"))
        elif wish.machine_id != one.before.machine_id:
            broken += machine_moves.of_moving(
                reservation,
                terms,
                may_decide=one.may_decide,
                are_twins=are_twins.get(one.before.machine_id, False),
            )
            broken += check_request(wish.span, wish.places, terms.policy, eligibility, asked_at=now)
        elif wish.span != one.before.span:
            held = moving.change_of(reservation, wish, may_decide=one.may_decide).held
            broken += check_move(wish.span, wish.places, held, terms.policy, eligibility, asked_at=now)
        judged.append(one.judged(broken, overruling))
    return judged
