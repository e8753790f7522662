"""Changing a series: the verb. "This and following" ends one rule and begins another series, which follows the first.

Each date is moved like any reservation, so its rules, approval, places and quotas are those of a move.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, false, select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import SeriesConflicts, StaleRevision, Violation
from booking.events import reservation_events, series_events
from booking.kernel.events import Actor
from booking.models import FollowingSeries, Machine, Reservation, Series, SeriesDate, Status
from booking.records.overruling import Overruling, record_overruled
from booking.records.publish import publish
from booking.reservations import reservation_writer, reservations, wishes
from booking.reservations.wishes import Wish
from booking.rules.lacking_variants import Lacking, none_lacking
from booking.series import series_dates
from booking.series.series import OnConflict
from booking.series_change.models import ChangedDate, ChangePlan, Scope, SeriesChange
from booking.series_change.order import in_order
from booking.series_change.plan import plan


class SeriesChanged(NamedTuple):
    """What became of a change. id: of the series that has the dates now; unchanged: the days that could not be."""

    id: int
    dates: Sequence[Reservation]
    unchanged: Sequence[date]


def preview(
    session: Session,
    series_id: int,
    change: SeriesChange,
    *,
    now: datetime,
    decides_in: Collection[int] | None = (),
    workshop_ids: Collection[int] | None = None,
    overruling: Overruling | None = None,
    lacking: Lacking = none_lacking,
) -> ChangePlan:
    """Return what a change would mean for each date. Raises SeriesNotFound, SeriesRefused, MachineNotFound."""
    series = series_dates.get(session, series_id)
    rows = session.scalars(
        select(Reservation)
        .join(SeriesDate, SeriesDate.reservation_id == Reservation.id)
        .where(SeriesDate.series_id == series_id, *_meant(change))
    )
    found = changeable(session, series, rows.all(), workshop_ids, now)
    judged: dict[str, Any] = {"decides_in": decides_in, "now": now, "overruling": overruling, "lacking": lacking}
    return plan(session, series, found, change, **judged)


def change_series(
    session: Session,
    series_id: int,
    change: SeriesChange,
    *,
    on_conflict: OnConflict,
    by: Actor,
    now: datetime,
    decides_in: Collection[int] | None = (),
    workshop_ids: Collection[int] | None = None,
    revision: int | None = None,
    shown: str | None = None,
    overruling: Overruling | None = None,
    lacking: Lacking = none_lacking,
) -> SeriesChanged:
    """Change the dates of a series that have not begun: one, one and those after it, or all.

    on_conflict: refuse all where one cannot be changed, let those stay as they are, or give them the nearest time.
    decides_in: the workshops on whose machines the actor may approve; None: all. workshop_ids: only dates on machines
    of these. shown: the fingerprint of the plan that the user saw. overruling: of rules, where the actor may approve;
    the event log keeps the reason with each date. lacking: as in plan(). Nothing is recorded where all is so already.
    Raises SeriesNotFound, StaleRevision, SeriesRefused, SeriesConflicts, MachineNotFound, RequestRefused, SlotTaken.
    """
    series = series_dates.lock(session, series_id, revision)
    found = changeable(session, series, _locked_dates(session, series, change), workshop_ids, now)
    judged: dict[str, Any] = {"decides_in": decides_in, "now": now, "overruling": overruling, "lacking": lacking}
    planned = plan(session, series, found, change, **judged)
    chosen = _chosen(planned, on_conflict, shown)
    unchanged = [one.day for one in planned.refused if one.day not in chosen]
    if not chosen:
        return SeriesChanged(series_id, (), unchanged)
    owner = series if change.scope == Scope.ONE else _owner(session, series, planned, change, by, now)
    move_dates(session, planned, chosen, found, owner.id, by=by, now=now, overruling=overruling)
    series_dates.save(session, owner, now)
    dates = sorted((found[day] for day in chosen), key=lambda one: (one.starts_at, one.id))
    waits = any(one.status == Status.REQUESTED for one in dates)
    happened = series_events.SeriesChanged.of(owner, dates, old_series_id=series_id, needs_decision=waits)
    publish(session, happened, by=by, now=now)
    return SeriesChanged(owner.id, dates, unchanged)


def _locked_dates(session: Session, series: Series, change: SeriesChange) -> Sequence[Reservation]:
    machine_ids = [] if change.machine_id is None else [change.machine_id]
    in_group = change.keeps_group
    return series_dates.lock_dates(session, series, *_meant(change), machine_ids=machine_ids, with_group=in_group)


def _meant(change: SeriesChange) -> Iterator[ColumnElement[bool]]:
    if change.scope == Scope.ONE:
        yield SeriesDate.occurs_on == change.day
    elif change.scope == Scope.FOLLOWING:
        yield false() if change.day is None else SeriesDate.occurs_on >= change.day


def changeable(
    session: Session,
    series: Series,
    rows: Sequence[Reservation],
    workshop_ids: Collection[int] | None,
    now: datetime,
) -> Mapping[date, Reservation]:
    """Return the dates that are held and have not begun, by their day; only those on machines of some workshops."""
    machines: Collection[int] = {one.machine_id for one in rows}
    if workshop_ids is not None:
        machines = set(session.scalars(select(Machine.id).where(Machine.workshop_id.in_(workshop_ids))))
    days = series_dates.days_of(session, series.id, [one.id for one in rows])
    return {
        days[one.id]: one
        for one in rows
        if one.status in (Status.REQUESTED, Status.CONFIRMED) and one.starts_at > now and one.machine_id in machines
    }


def _chosen(planned: ChangePlan, on_conflict: OnConflict, shown: str | None) -> dict[date, Wish]:
    """Return what each date becomes that is changed. Raises SeriesConflicts, StaleRevision."""
    if shown not in (None, planned.fingerprint):
        raise StaleRevision(expected=shown, actual=planned.fingerprint)
    chosen = {one.day: one.after for one in planned.changed}
    if on_conflict == OnConflict.REFUSE and planned.refused:
        raise SeriesConflicts({one.day: [*_violations(one)] for one in planned.refused}, len(chosen))
    if on_conflict == OnConflict.ALTERNATIVE:
        for one in planned.refused:
            if one.alternative is not None:
                chosen[one.day] = replace(one.after, span=one.alternative)
    return chosen


def _violations(one: ChangedDate) -> Iterator[Violation]:
    yield from one.violations
    if one.taken is not None:
        yield Violation("slot_taken", "start", actual=one.after.span.start, span=one.after.span)


def move_dates(
    session: Session,
    planned: ChangePlan,
    chosen: Mapping[date, Wish],
    found: Mapping[date, Reservation],
    series_id: int,
    *,
    by: Actor,
    now: datetime,
    overruling: Overruling | None,
) -> None:
    """Give dates of a plan their new wishes, in an order in which none goes to where another one still is."""
    of_day = {one.day: one for one in planned.dates}
    for day in in_order(planned.terms_of, chosen, found):
        one, is_other = of_day[day], chosen[day] != of_day[day].after
        # Another time breaks no rule but quotas, which the plan has judged with the same will.
        why = overruling if one.is_overruled or (one.may_decide and is_other) else None
        _carry_out(
            session, found[day], chosen[day], series_id, may_decide=one.may_decide, by=by, now=now, overruling=why
        )
        record_overruled(session, found[day], one.overruled_rules, why, by=by, now=now)


def _owner(
    session: Session, series: Series, planned: ChangePlan, change: SeriesChange, by: Actor, now: datetime
) -> Series:
    """Return the series of the changed dates: the same one where no date is before them, else one that follows it.

    Days before them that were skipped stay days of its rule.
    """
    times, first = planned.times, planned.dates[0].day
    old = series_dates.times_of(series)
    before = [wall.date() for wall in old.rule.starts(old.wall) if wall.date() < first]
    if before and not series_dates.has_dates_before(session, series.id, first):
        times = replace(times, rule=old.rule, wall=datetime.combine(old.wall.date(), times.wall.time()))
        before = []
    facts = {
        "machine_id": series.machine_id if change.machine_id is None else change.machine_id,
        "rrule": times.rule.to_rrule(),
        "zone": times.zone.key,
        "wall_start": times.wall.isoformat(timespec="minutes"),
        "length_min": int(times.length.total_seconds() // 60),
        "passage": times.passage,
        "purpose": series.purpose if change.purpose is None else change.purpose,
        "first_starts_at": series_dates.first_start(times),
    }
    group_id = series_dates.group_of(session, series.id) if change.machine_id is None else None
    if not before:
        for name, value in facts.items():
            setattr(series, name, value)
        series_dates.set_group(session, series.id, group_id)
        return series
    following = _enter_following(session, series, facts, by, now)
    series_dates.set_group(session, following.id, group_id)
    series_dates.hand_on(session, series, following, first)
    series.rrule = replace(old.rule, count=None, until=before[-1]).to_rrule()
    series_dates.save(session, series, now)
    return following


def _enter_following(session: Session, series: Series, facts: Mapping[str, Any], by: Actor, now: datetime) -> Series:
    """Enter a series with new facts, and with what it has in common with the one that it follows."""
    following = Series(
        uid=wishes.new_uid(),
        member_id=series.member_id,
        places=series.places,
        may_move_min=series.may_move_min,
        second_person=series.second_person,
        second_user_id=series.second_user_id,
        choices=series.choices,
        created_at=now,
        created_by=by.user_id,
        changed_at=now,
        revision=0,
        **facts,
    )
    session.add(following)
    session.flush()
    session.add(FollowingSeries(series_id=following.id, follows_id=series.id))
    return following


def _carry_out(
    session: Session,
    reservation: Reservation,
    wish: Wish,
    series_id: int,
    *,
    may_decide: bool,
    by: Actor,
    now: datetime,
    overruling: Overruling | None,
) -> None:
    if reservation.purpose != wish.purpose:
        reservation.purpose = wish.purpose
        reservation_writer.save(session, reservation, now)
        publish(session, reservation_events.PurposeChanged.of(reservation, series_id=series_id), by=by, now=now)
    before = Wish.of(reservation)
    if before != wish:
        machine_id = wish.machine_id if wish.machine_id != before.machine_id else None
        reservations.move(
            session,
            reservation.id,
            wish.span,
            by=by,
            now=now,
            machine_id=machine_id,
            may_decide=may_decide,
            series_id=series_id,
            overruling=overruling,
        )
