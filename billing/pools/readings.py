"""Readings of meters: entering, correcting and withdrawing them.

Each is a row that stays (MeterReadingEntry); what holds of a day is its last one. The functions that write flush and
never commit: call them inside write_transaction().
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from billing.errors.cost_errors import MeterNotFound, ReadingNotFound, ReadingRefused
from billing.limits import require_between, require_day
from billing.models import Allocation, Meter, MeteredAllocation, MeterReading, MeterReadingEntry
from billing.pools.meters import READING_MAX
from billing.pools.pools import locked_pool
from booking.errors.schedule_errors import Violation
from booking.events.reservation_events import RecordChanged
from booking.kernel import events
from booking.kernel.events import Actor


@dataclass(frozen=True, slots=True)
class ReadingEntry:
    """What a meter showed on a day, in thousandths. restart: of the new meter, where it was changed on that day."""

    read_on: date
    reading: int
    restart: int | None = None

    @property
    def shown(self) -> int:
        """What the next reading is compared with."""
        return self.reading if self.restart is None else self.restart


def enter_reading(
    session: Session, meter_id: int, entry: ReadingEntry, *, today: date, by: Actor, now: datetime
) -> MeterReading:
    """Enter what a meter showed on a day, or correct what was entered for that day; the same again changes nothing.

    today: by the clock of the ring. Raises MeterNotFound, WrongAmount, WrongPeriod, ReadingRefused.
    """
    meter = _locked_meter(session, meter_id)
    require_day("read_on", entry.read_on)
    for value in (entry.reading, entry.restart or 0):
        require_between("reading", value, 0, READING_MAX)
    if entry.read_on > today:
        raise ReadingRefused([Violation("reading_in_future", "read_on")])
    row = _reading(session, meter_id, entry.read_on)
    if row is not None and (row.reading, row.restart) == (entry.reading, entry.restart):
        return row
    _require_unused(session, meter, entry.read_on)
    _require_order(session, meter_id, entry)
    if row is None:
        row = MeterReading(meter_id=meter_id, read_on=entry.read_on)
        session.add(row)
    row.reading, row.restart = entry.reading, entry.restart
    row.entered_at, row.entered_by = now, by.user_id
    _record(session, meter_id, entry.read_on, entry, by, now)
    return row


def withdraw_reading(session: Session, meter_id: int, read_on: date, *, by: Actor, now: datetime) -> None:
    """Withdraw what was entered for a day, as if the meter had not been read on it.

    Raises MeterNotFound, ReadingNotFound, ReadingRefused.
    """
    meter = _locked_meter(session, meter_id)
    row = _reading(session, meter_id, read_on)
    if row is None:
        raise ReadingNotFound(id=meter_id, day=read_on)
    _require_unused(session, meter, read_on)
    last, following = _neighbours(session, meter_id, read_on)
    if last is not None and following is not None and following.reading < _shown(last):
        wrong = Violation("reading_holds_change", "read_on", limit=_shown(last), actual=following.reading)
        raise ReadingRefused([wrong])
    session.delete(row)
    _record(session, meter_id, read_on, None, by, now)


def _locked_meter(session: Session, meter_id: int) -> Meter:
    meter = session.get(Meter, meter_id)
    if meter is None:
        raise MeterNotFound(id=meter_id)
    locked_pool(session, meter.pool_id)  # once for all meters of a file, so that two files never wait for each other
    return meter


def _reading(session: Session, meter_id: int, read_on: date) -> MeterReading | None:
    wanted = MeterReading.meter_id == meter_id, MeterReading.read_on == read_on
    return session.scalars(select(MeterReading).where(*wanted)).one_or_none()


def _record(
    session: Session, meter_id: int, read_on: date, entry: ReadingEntry | None, by: Actor, now: datetime
) -> None:
    of_day = MeterReadingEntry.meter_id == meter_id, MeterReadingEntry.read_on == read_on
    last = session.scalar(select(func.max(MeterReadingEntry.number)).where(*of_day)) or 0
    made = MeterReadingEntry(meter_id=meter_id, read_on=read_on, number=last + 1, entered_at=now, entered_by=by.user_id)
    if entry is not None:
        made.reading, made.restart = entry.reading, entry.restart
    session.add(made)
    session.flush()
    events.record(session, RecordChanged(table="meter", record_id=meter_id, what="reading"), by=by, at=now)


def _require_unused(session: Session, meter: Meter, read_on: date) -> None:
    """Refuse to change what an effective allocation divided by: what is in its period, or the last before it."""
    mirror = aliased(Allocation)
    nearer = (
        MeterReading.meter_id == meter.id,
        MeterReading.read_on > read_on,
        MeterReading.read_on < Allocation.period_from,
    )
    statement = (
        select(Allocation.id, Allocation.period_until)
        .join(MeteredAllocation, MeteredAllocation.allocation_id == Allocation.id)
        .where(Allocation.pool_id == meter.pool_id, Allocation.period_until >= read_on)
        .where(~exists().where(mirror.reverses_id == Allocation.id), ~exists().where(*nearer))
        .order_by(Allocation.period_until.desc(), Allocation.id)
    )
    used = session.execute(statement.limit(1)).one_or_none()
    if used is not None:
        raise ReadingRefused([Violation("reading_used", "read_on", limit=used.period_until, actual=used.id)])


def _require_order(session: Session, meter_id: int, entry: ReadingEntry) -> None:
    last, following = _neighbours(session, meter_id, entry.read_on)
    if last is not None and entry.reading < (low := _shown(last)):
        raise ReadingRefused([Violation("reading_below_last", "reading", limit=low, actual=entry.reading)])
    if following is not None and following.reading < entry.shown:
        wrong = Violation("reading_above_next", "reading", limit=following.reading, actual=entry.shown)
        raise ReadingRefused([wrong])


def _neighbours(session: Session, meter_id: int, read_on: date) -> tuple[MeterReading | None, MeterReading | None]:
    of_meter = select(MeterReading).where(MeterReading.meter_id == meter_id)
    before = of_meter.where(MeterReading.read_on < read_on).order_by(MeterReading.read_on.desc())
    after = of_meter.where(MeterReading.read_on > read_on).order_by(MeterReading.read_on)
    return session.scalars(before.limit(1)).first(), session.scalars(after.limit(1)).first()


def _shown(row: MeterReading) -> int:
    return row.reading if row.restart is None else row.restart
