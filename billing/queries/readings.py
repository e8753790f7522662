"""Views of the readings of a meter: what holds of each day, and what was entered for it before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from billing.models import Meter, MeterReading, MeterReadingEntry
from billing.queries.allocations import AllocationView
from billing.queries.pool_keys import ReadingView
from booking.kernel.views import columns_of


@dataclass(frozen=True, slots=True)
class EnteredReading:
    """What was entered for a day, in thousandths. reading: None where it was withdrawn."""

    read_on: date
    number: int
    reading: int | None
    restart: int | None
    entered_at: datetime
    entered_by: int | None


@dataclass(frozen=True, slots=True)
class DayReading:
    """What holds of a day, and what was entered before, the newest first. counted: since the reading before it."""

    holds: EnteredReading
    before: tuple[EnteredReading, ...]
    counted: int | None


def day_readings(
    session: Session, meter_id: int, *, limit: int, offset: int = 0
) -> tuple[tuple[DayReading, ...], bool]:
    """Return a page of the days for which something was entered, the newest first, and whether there are more."""
    entry = MeterReadingEntry
    days = select(entry.read_on).where(entry.meter_id == meter_id).distinct().order_by(entry.read_on.desc())
    found = list(session.scalars(days.limit(limit + 1).offset(offset)))
    wanted = select(*columns_of(EnteredReading, entry)).where(entry.meter_id == meter_id)
    wanted = wanted.where(entry.read_on.in_(found[:limit])).order_by(entry.read_on.desc(), entry.number.desc())
    by_day: dict[date, list[EnteredReading]] = {}
    for row in session.execute(wanted):
        by_day.setdefault(row.read_on, []).append(EnteredReading(*row))
    shown = [tuple(entries) for entries in by_day.values()]
    counted = _counted(session, meter_id, found[:limit])
    return tuple(DayReading(of[0], of[1:], counted.get(of[0].read_on)) for of in shown), len(found) > limit


def reading_of(session: Session, meter_id: int, day: date) -> ReadingView | None:
    """Return what holds of a day, None where the meter was not read on it."""
    wanted = MeterReading.meter_id == meter_id, MeterReading.read_on == day
    row = session.execute(select(*columns_of(ReadingView, MeterReading)).where(*wanted)).one_or_none()
    return None if row is None else ReadingView(*row)


def used_readings(session: Session, allocation: AllocationView, member_id: int) -> tuple[tuple[str, ReadingView], ...]:
    """Return the readings by which an allocation divided, each with the number of the meter of a member.

    Of each meter the last one before the period and those in it. None of one that was reversed: readings may have been
    corrected since.
    """
    if allocation.reverses_id or allocation.reversed_by_id:
        return ()
    of_member = Meter.pool_id == allocation.pool_id, Meter.member_id == member_id
    earlier = aliased(MeterReading)
    before = (
        select(func.max(earlier.read_on))
        .where(earlier.meter_id == Meter.id, earlier.read_on < allocation.period_from)
        .scalar_subquery()
    )
    first = func.coalesce(before, allocation.period_from)
    wanted = (
        select(Meter.name, *columns_of(ReadingView, MeterReading))
        .join(Meter, Meter.id == MeterReading.meter_id)
        .where(*of_member, MeterReading.read_on.between(first, allocation.period_until))
        .order_by(Meter.name, Meter.id, MeterReading.read_on)
    )
    return tuple((name, ReadingView(*values)) for name, *values in session.execute(wanted))


def _counted(session: Session, meter_id: int, days: list[date]) -> dict[date, int]:
    """Return what the meter counted until each day since the reading before it."""
    if not days:
        return {}
    of_meter = select(MeterReading).where(MeterReading.meter_id == meter_id)
    first = session.scalars(
        of_meter.where(MeterReading.read_on < days[-1]).order_by(MeterReading.read_on.desc()).limit(1)
    )
    within = of_meter.where(MeterReading.read_on.in_(days)).order_by(MeterReading.read_on)
    rows = [*first, *session.scalars(within)]
    return {
        later.read_on: later.reading - (earlier.reading if earlier.restart is None else earlier.restart)
        for earlier, later in pairwise(rows)
    }
