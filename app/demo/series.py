"""The series of the demo ring: on one machine, on whichever of two equal ones is free, and one that waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta

from sqlalchemy.orm import Session

from app.demo.base_data import DEMO, BaseData
from app.demo.machines import MILL, TWIN_OF, TWINS_NAME
from app.demo.people import ANNA, BERND
from app.demo.simulation import Process, at
from booking.errors.schedule_errors import DomainError
from booking.reservations import reservations
from booking.reservations.wishes import Wish
from booking.series import series
from booking.series.series import OnConflict
from booking.series.series_wishes import SeriesWish
from booking.times.recurrence import Frequency, RecurrenceRule
from booking.timespan import TimeSpan

TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = range(1, 5)
IN_DAYS = 7  # when the first week of a series begins


def enter_series(session: Session, base: BaseData, now: datetime) -> Iterator[Process]:
    """Yield the processes that enter them."""
    yield _thursdays(session, base, now - timedelta(hours=6))
    yield _at_lasers(session, base, now - timedelta(hours=7))
    yield _at_mill(session, base, now - timedelta(hours=5))


def _thursdays(session: Session, base: BaseData, asked_at: datetime) -> Process:
    """Enter Anna's Thursdays for her farm shop."""
    yield asked_at
    rule = RecurrenceRule(Frequency.WEEKLY, weekdays=(THURSDAY,), count=6)
    start, length = datetime.combine(_first(base, THURSDAY), time(8)), timedelta(hours=3)
    ids = base.machines["cutting-room"], base.members[ANNA]
    wish = SeriesWish(*ids, rule, start, length, purpose="Wurst für den Hofladen")
    _enter(session, wish, "hofladen", asked_at)


def _at_lasers(session: Session, base: BaseData, asked_at: datetime) -> Process:
    """Enter Bernd's Wednesdays and Fridays at a laser cutter; once somebody else has the first one."""
    yield asked_at
    first, machine_id = _first(base, WEDNESDAY), base.machines[TWIN_OF]
    start = at(first + timedelta(days=7), 9)
    taken = Wish(machine_id, base.members["M-018"], TimeSpan(start, start + timedelta(hours=3)), purpose="Intarsien")
    with suppress(DomainError), session.begin_nested():  # taken already, which does as well
        reservations.request_reservation(session, taken, by=DEMO, now=asked_at, uid="intarsien@ringbuch")
    wish = SeriesWish(
        machine_id,
        base.members[BERND],
        RecurrenceRule(Frequency.WEEKLY, weekdays=(WEDNESDAY, FRIDAY), count=4),
        datetime.combine(first, time(9)),
        timedelta(hours=2),
        purpose="Beschläge gravieren",
        group_id=base.groups[TWINS_NAME],
    )
    _enter(session, wish, "beschlaege", asked_at)


def _at_mill(session: Session, base: BaseData, asked_at: datetime) -> Process:
    """Request the Tuesdays of somebody who may run the mill, for the workshop to decide."""
    yield asked_at
    number = min(base.inducted[MILL] - {ANNA, BERND})
    start = datetime.combine(_first(base, TUESDAY) + timedelta(days=7), time(13))
    rule, length = RecurrenceRule(Frequency.WEEKLY, weekdays=(TUESDAY,), count=4), timedelta(hours=3)
    wish = SeriesWish(base.machines["cnc-mill"], base.members[number], rule, start, length, purpose="Treppenwangen")
    _enter(session, wish, "treppen", asked_at)


def _first(base: BaseData, weekday: int) -> date:
    day = base.today + timedelta(days=IN_DAYS)
    return day + timedelta(days=(weekday - day.weekday()) % 7)


def _enter(session: Session, wish: SeriesWish, name: str, asked_at: datetime) -> None:
    """Enter a series; dates that others have are left out."""
    with suppress(DomainError), session.begin_nested():  # another day may leave no date
        series.create(session, wish, on_conflict=OnConflict.SKIP, by=DEMO, now=asked_at, uid=f"{name}@ringbuch")
