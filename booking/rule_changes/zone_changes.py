"""When the clock of a workshop shows other times than when reservations were made: what becomes of them.

Series live by the clock: their dates are moved so that they keep its times. Single reservations keep their instants.
Nothing is moved before a manager has seen it. Verbs get the session, the actor and the time, flush and never commit.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import MachineNotFound, NotFound
from booking.events import series_events
from booking.kernel.events import Actor
from booking.models import Machine, Reservation, Series, SeriesDate, Status, ZoneChange
from booking.quotas import quotas
from booking.records import zone_rules
from booking.records.overruling import Overruling
from booking.records.publish import publish
from booking.records.zone_rules import FormerClock
from booking.series import series_dates
from booking.series_change.carry_out import changeable, move_dates
from booking.series_change.plan import plan_clock
from booking.times.series_times import occurrence_on
from booking.timespan import TimeSpan

_LIVING = (Status.REQUESTED, Status.CONFIRMED)


class Keeps(StrEnum):
    """What a reservation keeps where the clock shows other times: its times of the clock, or its instants."""

    CLOCK = "clock"
    INSTANT = "instant"


@dataclass(frozen=True, slots=True)
class Affected:
    """A reservation to come for which the clock shows another time now. span: where it is; series_id: of a date.

    former: the clock by which it was made.
    """

    reservation_id: int
    span: TimeSpan
    keeps: Keeps
    series_id: int | None
    former: ZoneInfo


def has_new_rules(session: Session) -> bool:
    """Return whether some zone has other rules than those noted last."""
    return not zone_rules.are_noted(session)


def note_rules(session: Session, *, by: Actor, now: datetime) -> Sequence[str]:
    """Note the rules of the zones; where they are others than before, count quotas again. Returns the changed zones."""
    changed = zone_rules.note(session, by=by, now=now)
    if changed:
        quotas.recount_all(session)
    return changed


def get(session: Session, change_id: int) -> ZoneChange:
    """Return a change of a workshop's clock. Raises NotFound."""
    found = session.get(ZoneChange, change_id, populate_existing=True)
    if found is None:
        raise NotFound(id=change_id)
    return found


def changes(session: Session, workshop_ids: Collection[int] | None, *, only_open: bool) -> Sequence[ZoneChange]:
    """Return the changes of workshops, the newest first; None for all."""
    statement = select(ZoneChange).order_by(ZoneChange.id.desc())
    if workshop_ids is not None:
        statement = statement.where(ZoneChange.workshop_id.in_(workshop_ids))
    return session.scalars(statement.where(ZoneChange.settled_at.is_(None)) if only_open else statement).all()


def affected(session: Session, change: ZoneChange, *, now: datetime) -> list[Affected]:
    """Return the reservations made before a change for which the clock shows another time now, in the order of time.

    A date that was moved alone keeps its instant, like any other reservation. One that was moved to keep its time of
    the clock is not among them any more.
    """
    clocks, present = zone_rules.clocks(session, change), ZoneInfo(change.zone)
    statement = (
        select(
            Reservation.id,
            Reservation.starts_at,
            Reservation.ends_at,
            Reservation.created_at,
            SeriesDate.occurs_on,
            Series,
        )
        .outerjoin(SeriesDate, SeriesDate.reservation_id == Reservation.id)
        .outerjoin(Series, Series.id == SeriesDate.series_id)
        .where(
            Reservation.machine_id.in_(select(Machine.id).where(Machine.workshop_id == change.workshop_id)),
            Reservation.status.in_((*_LIVING, Status.IN_USE)),
            Reservation.ends_at > now,
            Reservation.created_at <= change.found_at,
        )
        .order_by(Reservation.starts_at, Reservation.id)
    )
    found = []
    for reservation_id, start, end, created_at, day, series in session.execute(statement):
        span, keeps, former = TimeSpan(start, end), Keeps.INSTANT, zone_rules.made_by(clocks, created_at)
        if series is not None and start > now:
            former = _clock_of(series, change, clocks) or former
        if former is None or not zone_rules.differs((start, end), former, present):
            continue
        if series is not None and start > now:
            times = series_dates.times_of(series)
            if occurrence_on(day, replace(times, zone=present)).span == span:
                continue
            keeps = Keeps.CLOCK if occurrence_on(day, replace(times, zone=former)).span == span else keeps
        found.append(Affected(reservation_id, span, keeps, None if series is None else series.id, former))
    return found


def series_to_keep(session: Session, change: ZoneChange, *, now: datetime) -> Sequence[int]:
    """Return the series that live by a former clock of a change and have dates to come, by id."""
    has_dates = exists().where(
        SeriesDate.series_id == Series.id,
        SeriesDate.reservation_id == Reservation.id,
        Reservation.status.in_(_LIVING),
        Reservation.starts_at > now,
    )
    statement = (
        select(Series.id)
        .join(Machine, Machine.id == Series.machine_id)
        .where(Machine.workshop_id == change.workshop_id, Series.created_at <= change.found_at, has_dates)
    )
    return session.scalars(statement.order_by(Series.id)).all()


def keep_by_the_clock(
    session: Session, change_id: int, series_id: int, *, by: Actor, now: datetime, overruling: Overruling
) -> int:
    """Move the dates of a series that have not begun so that they keep their times of the clock.

    Where the new time is taken or a rule stands in the way that no manager may overrule, a date stays where it is.
    Returns how many were moved, which the change counts. Done once more, it changes nothing. Raises SeriesNotFound,
    NotFound.
    """
    series = series_dates.lock(session, series_id)
    change = get(session, change_id)
    former = _clock_of(series, change, zone_rules.clocks(session, change))
    if former is None:
        return 0
    locked = series_dates.lock_dates(session, series)
    found = changeable(session, series, locked, None, now)
    stored = series_dates.times_of(series)
    times, was = replace(stored, zone=ZoneInfo(change.zone)), replace(stored, zone=former)
    try:
        planned = plan_clock(session, series, found, times, was, now=now, overruling=overruling)
    except MachineNotFound:  # retired: nothing is moved to where nobody may reserve
        return 0
    chosen = {one.day: one.after for one in planned.changed}
    move_dates(session, planned, chosen, found, series.id, by=by, now=now, overruling=overruling)
    series.zone = change.zone
    if (first := series_dates.first_start(times)) > now:
        series.first_starts_at = first
    series_dates.save(session, series, now)
    if dates := sorted((found[day] for day in chosen), key=lambda one: (one.starts_at, one.id)):
        happened = series_events.SeriesChanged.of(series, dates, old_series_id=series.id, needs_decision=False)
        publish(session, happened, by=by, now=now)
        _locked(session, change_id).moved += len(dates)
        session.flush()
    return len(chosen)


def settle(session: Session, change_id: int, *, by: Actor, now: datetime) -> None:
    """Note that a manager has dealt with a change; done once more, it changes nothing. Raises NotFound.

    Dates of series that are still where they were could not be moved.
    """
    change = _locked(session, change_id)
    if change.settled_at is not None:
        return
    stayed = sum(one.keeps is Keeps.CLOCK for one in affected(session, change, now=now))
    zone_rules.settle(session, change, moved=change.moved, stayed=stayed, by=by, now=now)


def _locked(session: Session, change_id: int) -> ZoneChange:
    change = session.get(ZoneChange, change_id, with_for_update=True, populate_existing=True)
    if change is None:
        raise NotFound(id=change_id)
    return change


def _clock_of(series: Series, change: ZoneChange, clocks: Sequence[FormerClock]) -> ZoneInfo | None:
    """Return the former clock by which a series lives; None where it lives by that of now, or was made by it.

    The series has the name of its zone; rules of that name may have changed.
    """
    made = zone_rules.made_by(clocks, series.created_at)
    if made is None or made.key == series.zone:
        return made
    if series.zone == change.zone:
        return None
    return next((one.clock for one in reversed(clocks) if one.clock.key == series.zone), None)
