"""A closure of the demo ring that repeats: the slaughter line is cleaned each week, when nobody has reserved it."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, time, timedelta

from sqlalchemy.orm import Session

from app.demo.base_data import DEMO, BaseData
from app.demo.simulation import ZONE
from booking.closures import closure_series
from booking.errors.schedule_errors import SlotTaken
from booking.times import recurrence
from booking.times.series_times import SeriesTimes

MACHINE, REASON = "slaughter-line", "Grundreinigung"
WEEKS, LENGTH = 8, timedelta(hours=2)


def enter_repeated_closure(session: Session, base: BaseData, *, now: datetime) -> None:
    """Close the machine on the first day of the coming week on which it is free in each of the weeks."""
    for days in range(1, 8):
        wall = datetime.combine(base.today + timedelta(days=days), time(6))
        times = SeriesTimes(recurrence.parse(f"FREQ=WEEKLY;COUNT={WEEKS}", wall, ZONE), ZONE, wall, LENGTH)
        with suppress(SlotTaken), session.begin_nested():
            machine_id = base.machines[MACHINE]
            closure_series.close_repeatedly(session, machine_id, times, REASON, by=DEMO, now=now)
            return
