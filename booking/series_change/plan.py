"""What another time, length, machine or purpose would mean for each date of a series. Reads alone.

Changing a series plans it once more under its locks, so the preview and the change say the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from booking.errors.schedule_errors import GroupRefused, SeriesRefused, Violation
from booking.models import Reservation, Series, Status
from booking.records import catalogue
from booking.records.catalogue import MachineTerms
from booking.records.overruling import Overruling
from booking.reservations import former_times, moving
from booking.reservations.wishes import Wish
from booking.rules.lacking_variants import Lacking, none_lacking
from booking.rules.move_rules import Held
from booking.series import series_dates, series_group_plan
from booking.series.series_wishes import RankedTerms
from booking.series_change import judging
from booking.series_change.models import ChangedDate, ChangePlan, Scope, SeriesChange
from booking.times import series_times
from booking.times.recurrence import OCCURRENCES_STORED_MAX, Frequency, RecurrenceRule
from booking.times.series_times import Occurrence, SeriesTimes
from booking.times.wall_clock import to_wall
from booking.timespan import TimeSpan

Ways = Sequence[tuple[MachineTerms, Collection[date]]]  # in the order in which machines are tried, each for some days


def plan(
    session: Session,
    series: Series,
    found: Mapping[date, Reservation],
    change: SeriesChange,
    *,
    decides_in: Collection[int] | None,
    now: datetime,
    overruling: Overruling | None = None,
    lacking: Lacking = none_lacking,
) -> ChangePlan:
    """Return what a change means for reservations of a series, by the day of the rule.

    decides_in: the workshops on whose machines the actor may approve; None: all. overruling: on those. lacking: which
    chosen variants a machine of a group lacks. Raises SeriesRefused, MachineNotFound.
    """
    if not found:
        raise SeriesRefused([Violation("series_nothing_to_change", "day")])
    machine_id = change.machine_id or series.machine_id
    machine_ids = sorted({machine_id, *(one.machine_id for one in found.values())})
    terms_of = {one: catalogue.lending_terms(session, one) for one in machine_ids}
    old = series_dates.times_of(series)
    times = _times_after(old, change, found, terms_of[machine_id].policy.hours.zone)
    occurrences = {one.day: one for one in series_times.occurrences(times, most=OCCURRENCES_STORED_MAX)}
    if change.scope == Scope.ONE:  # which may have been moved to another day alone
        occurrences = dict(zip(found, occurrences.values(), strict=True))
    dates = [
        _wished(day, found[day], change, occurrences.get(day), old, terms_of, decides_in=decides_in)
        for day in sorted(found)
    ]
    if change.keeps_group and (group_id := series_dates.group_of(session, series.id)) is not None:
        lent = _of_group(session, group_id)
        terms_of |= {each.terms.machine_id: each.terms for each in lent}
        ways = partial(_ways, [each.terms for each in lent], dates, lacking)
        dates = _in_group(session, ways, dates, found, terms_of, now, overruling, decides_in)
    return ChangePlan(terms_of, times, judging.judge(session, dates, found, terms_of, now, overruling))


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
    return ChangePlan(terms_of, times, judging.judge(session, dates, found, terms_of, now, overruling))


def _of_group(session: Session, group_id: int) -> Sequence[RankedTerms]:
    try:
        return series_group_plan.lent_machines(session, group_id)
    except GroupRefused:  # emptied or retired since: the dates have the machines that they have
        return []


def _ways(lent: Sequence[MachineTerms], dates: Sequence[ChangedDate], lacking: Lacking) -> Ways:
    """Return in which order machines are tried, and for which days: each date first where it lacks fewest variants.

    Of those that lack as many, in the order of ranks. Without chosen variants each machine is tried once, for all.
    """
    days: dict[tuple[int, int], set[date]] = {}
    for at, terms in enumerate(lent):
        for one in dates:
            names = one.after.choices
            lacks = len(lacking(terms.machine_id, one.after.span.start, names)) if names else 0
            days.setdefault((lacks, at), set()).add(one.day)
    return [(lent[at], days[lacks, at]) for lacks, at in sorted(days)]


def _in_group(
    session: Session,
    ways: Callable[[], Ways],
    dates: Sequence[ChangedDate],
    found: Mapping[date, Reservation],
    terms_of: Mapping[int, MachineTerms],
    now: datetime,
    overruling: Overruling | None,
    decides_in: Collection[int] | None,
) -> list[ChangedDate]:
    """Return the dates; those that are not possible on their machine on the first of the group on which they are.

    ways: the machines in the order in which they are tried, each with the days for which it is; asked for only where
    a date is refused.
    """
    wished = {one.day: one for one in dates}
    options: dict[str, Any] = {"found": found, "terms_of": terms_of, "now": now, "overruling": overruling}
    judged = judging.judge(session, dates, proposes=False, **options)
    for terms, days in () if all(one.is_accepted for one in judged) else ways():
        refused = [one.day for one in judged if not one.is_accepted and one.day in days]
        if not refused:
            continue
        there = {day: _on(wished[day], found[day], terms.machine_id, terms_of, decides_in) for day in refused}
        tried = judging.judge(session, [*(wished | there).values()], proposes=False, **options)
        wished |= {one.day: there[one.day] for one in tried if one.day in there and one.is_accepted}
        judged = judging.judge(session, [*wished.values()], proposes=False, **options)
        if all(one.is_accepted for one in judged):
            break
    return [*wished.values()]


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
    date_after = ChangedDate(
        day,
        reservation.id,
        before,
        after,
        is_shifted=occurrence is not None and occurrence.is_shifted and span == occurrence.span,
    )
    return _on(date_after, reservation, after.machine_id, terms_of, decides_in)


def _on(
    one: ChangedDate,
    reservation: Reservation,
    machine_id: int,
    terms_of: Mapping[int, MachineTerms],
    decides_in: Collection[int] | None,
) -> ChangedDate:
    """Return a date with a machine, and what that means for its approval and its places."""
    before, after = one.before, replace(one.after, machine_id=machine_id)
    terms, concerned = terms_of[machine_id], {before.machine_id, machine_id}
    may_decide = decides_in is None or all(terms_of[one].workshop_id in decides_in for one in concerned)
    held = moving.change_of(reservation, after, may_decide=may_decide)
    keeps_less = held.keeps_less and before.machine_id == after.machine_id
    asks = terms.policy.needs_approval and not may_decide and not keeps_less
    former = former_times.former_time(reservation)
    return replace(
        one,
        after=after,
        may_decide=may_decide,
        keeps_less=keeps_less,
        needs_approval=asks,
        former=None if former is None else Held(former.span, former.places),
        keeps_former=asks and before.machine_id == machine_id and reservation.status == Status.CONFIRMED,
        occupied=_occupied(reservation, after, held, terms),
    )


def _occupied(reservation: Reservation, wish: Wish, held: moving.Change, terms: MachineTerms) -> TimeSpan:
    if wish.machine_id != reservation.machine_id:
        return terms.policy.occupied_by(wish.span)
    return moving.wished_time(reservation, wish, held, terms.policy).occupied
