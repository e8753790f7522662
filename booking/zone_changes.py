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

from booking import quotas, series_dates, series_events, zone_rules
from booking.errors import MachineNotFound, NotFound
from booking.kernel.events import Actor
from booking.models import Machine, Reservation, Series, SeriesDate, Status, ZoneChange
from booking.overruling import Overruling
from booking.publish import publish
from booking.series_change.carry_out import changeable, move_dates
from booking.series_change.plan import plan_clock
from booking.series_times import SeriesTimes, occurrence_on
from booking.timespan import TimeSpan

_LIVING = (Status.REQUESTED, Status.CONFIRMED)


class Keeps(StrEnum):
    """What a reservation keeps where the clock shows other times: its times of the clock, or its instants."""

    CLOCK = "clock"
    INSTANT = "instant"


@dataclass(frozen=True, slots=True)
class Affected:
    """A reservation to come for which the clock shows another time now. span: where it is; series_id: of a date."""

    reservation_id: int
    span: TimeSpan
    keeps: Keeps
    series_id: int | None


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

    A date that was moved alone keeps its instant, like any other reservation.
    """
    former, present = clocks_of(change)
    statement = (
        select(Reservation.id, Reservation.starts_at, Reservation.ends_at, SeriesDate.occurs_on, Series)
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
    times: dict[int, SeriesTimes] = {}
    found = []
    for reservation_id, start, end, day, series in session.execute(statement):
        span, keeps = TimeSpan(start, end), Keeps.INSTANT
        if not zone_rules.differs((start, end), former, present):
            continue
        if series is not None and _is_by_the_clock(series, change) and start > now:
            if series.id not in times:
                times[series.id] = replace(series_dates.times_of(series), zone=former)
            keeps = Keeps.CLOCK if occurrence_on(day, times[series.id]).span == span else Keeps.INSTANT
        found.append(Affected(reservation_id, span, keeps, None if series is None else series.id))
    return found


def series_to_keep(session: Session, change: ZoneChange, *, now: datetime) -> Sequence[int]:
    """Return the series that live by the clock of a change and have dates to come, by id."""
    has_dates = exists().where(
        SeriesDate.series_id == Series.id,
        SeriesDate.reservation_id == Reservation.id,
        Reservation.status.in_(_LIVING),
        Reservation.starts_at > now,
    )
    statement = (
        select(Series.id)
        .join(Machine, Machine.id == Series.machine_id)
        .where(
            Machine.workshop_id == change.workshop_id,
            Series.zone == change.former_zone,
            Series.created_at <= change.found_at,
            has_dates,
        )
    )
    return session.scalars(statement.order_by(Series.id)).all()


def keep_by_the_clock(
    session: Session, change_id: int, series_id: int, *, by: Actor, now: datetime, overruling: Overruling
) -> tuple[int, int]:
    """Move the dates of a series that have not begun so that they keep their times of the clock.

    Where the new time is taken or a rule stands in the way that no manager may overrule, a date stays where it is.
    Returns how many were moved, and how many stay. Done once more, it changes nothing. Raises SeriesNotFound, NotFound.
    """
    series = series_dates.lock(session, series_id)
    change = get(session, change_id)
    if not _is_by_the_clock(series, change):
        return 0, 0
    locked = series_dates.lock_dates(session, series)
    found = changeable(session, series, locked, None, now)
    former, present = clocks_of(change)
    stored = series_dates.times_of(series)
    times, was = replace(stored, zone=present), replace(stored, zone=former)
    try:
        planned = plan_clock(session, series, found, times, was, now=now, overruling=overruling)
    except MachineNotFound:  # retired: nothing is moved to where nobody may reserve
        return 0, sum(occurrence_on(day, was).span != occurrence_on(day, times).span for day in found)
    chosen = {one.day: one.after for one in planned.changed}
    move_dates(session, planned, chosen, found, series.id, by=by, now=now, overruling=overruling)
    series.zone = change.zone
    if (first := series_dates.first_start(times)) > now:
        series.first_starts_at = first
    series_dates.save(session, series, now)
    if dates := sorted((found[day] for day in chosen), key=lambda one: (one.starts_at, one.id)):
        happened = series_events.SeriesChanged.of(series, dates, old_series_id=series.id, needs_decision=False)
        publish(session, happened, by=by, now=now)
    return len(chosen), len(planned.refused)


def settle(session: Session, change_id: int, *, moved: int, stayed: int, by: Actor, now: datetime) -> None:
    """Note that a manager has dealt with a change; done once more, it changes nothing. Raises NotFound."""
    change = session.get(ZoneChange, change_id, with_for_update=True, populate_existing=True)
    if change is None:
        raise NotFound(id=change_id)
    if change.settled_at is not None:
        return
    zone_rules.settle(session, change, moved=moved, stayed=stayed, by=by, now=now)


def clocks_of(change: ZoneChange) -> tuple[ZoneInfo, ZoneInfo]:
    """Return the clock by which reservations were made, and that of now."""
    return zone_rules.clock_of(change.former_zone, change.former_rules), ZoneInfo(change.zone)


def _is_by_the_clock(series: Series, change: ZoneChange) -> bool:
    return series.zone == change.former_zone and series.created_at <= change.found_at
