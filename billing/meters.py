"""Meters of members, whose readings divide costs: what each showed on a day, and what it counted in a period.

Between two readings nothing is guessed: what a meter counted belongs to the day on which it was read. The functions
that write flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.cost_errors import MeterNotFound, ReadingRefused
from billing.errors import NameTaken
from billing.limits import AMOUNT_MAX, NAME_LENGTH_MAX, require_between, require_day, require_text
from billing.models import Meter, MeterReading
from billing.pools import locked_pool
from booking import queries
from booking.errors import MemberNotFound, Violation
from booking.events import RecordChanged
from booking.kernel import events
from booking.kernel.events import Actor

PER_UNIT = 1_000  # readings are counted in thousandths of the unit
READING_MAX = AMOUNT_MAX * PER_UNIT


@dataclass(frozen=True, slots=True)
class ReadingEntry:
    """What a meter showed on a day, in thousandths. restart: of the new meter, where it was changed on that day."""

    read_on: date
    reading: int
    restart: int | None = None


@dataclass(frozen=True, slots=True)
class Consumption:
    """What meters counted in a period: member id -> thousandths. unread: members with a meter not read in it."""

    by_member: dict[int, int]
    unread: frozenset[int]


def enter_meter(session: Session, pool_id: int, member_id: int, name: str, *, by: Actor, now: datetime) -> Meter:
    """Enter a member's meter. Raises PoolNotFound, MemberNotFound, NameTaken, WrongText."""
    locked_pool(session, pool_id)
    require_text("name", name, NAME_LENGTH_MAX, shortest=1)
    if not queries.member_names(session, [member_id]):
        raise MemberNotFound(id=member_id)
    # A file of readings names a meter in any case: Z-1 and z-1 would be one.
    names = session.scalars(select(Meter.name).where(Meter.pool_id == pool_id))
    if name.strip().casefold() in {one.casefold() for one in names}:
        raise NameTaken(name=name)
    meter = Meter(pool_id=pool_id, member_id=member_id, name=name.strip())
    session.add(meter)
    session.flush()
    events.record(session, RecordChanged(table="meter", record_id=meter.id), by=by, at=now)
    return meter


def enter_reading(
    session: Session, meter_id: int, entry: ReadingEntry, *, today: date, by: Actor, now: datetime
) -> MeterReading:
    """Enter what a meter showed on a day, or correct what was entered for that day.

    today: by the clock of the ring. Raises MeterNotFound, WrongAmount, WrongPeriod, ReadingRefused.
    """
    meter = session.get(Meter, meter_id)
    if meter is None:
        raise MeterNotFound(id=meter_id)
    locked_pool(session, meter.pool_id)  # once for all meters of a file, so that two files never wait for each other
    require_day(entry.read_on)
    for value in (entry.reading, entry.restart or 0):
        require_between("reading", value, 0, READING_MAX)
    if entry.read_on > today:
        raise ReadingRefused([Violation("reading_in_future", "read_on")])
    _require_order(session, meter_id, entry)
    wanted = MeterReading.meter_id == meter_id, MeterReading.read_on == entry.read_on
    row = session.scalars(select(MeterReading).where(*wanted)).one_or_none()
    if row is None:
        row = MeterReading(meter_id=meter_id, read_on=entry.read_on)
        session.add(row)
    row.reading, row.restart = entry.reading, entry.restart
    row.entered_at, row.entered_by = now, by.user_id
    session.flush()
    events.record(session, RecordChanged(table="meter", record_id=meter.id, what="reading"), by=by, at=now)
    return row


def consumption(session: Session, pool_id: int, first: date, last: date) -> Consumption:
    """Return what the meters of a pool counted from one day to another, both included, by the readings that there are.

    What a meter showed last before the first day is where the period begins; without it the first reading in it.
    """
    meters = session.execute(select(Meter.id, Meter.member_id).where(Meter.pool_id == pool_id).order_by(Meter.id)).all()
    statement = select(MeterReading).join(Meter, Meter.id == MeterReading.meter_id)
    statement = statement.where(Meter.pool_id == pool_id, MeterReading.read_on <= last)
    readings: dict[int, list[MeterReading]] = {}
    for one in session.scalars(statement.order_by(MeterReading.meter_id, MeterReading.read_on)):
        readings.setdefault(one.meter_id, []).append(one)
    counted: dict[int, int] = {}
    unread = set()
    for meter_id, member_id in meters:
        found = readings.get(meter_id, [])
        counted[member_id] = counted.get(member_id, 0) + _counted(found, first)
        if not any(one.read_on >= first for one in found):
            unread.add(member_id)
    return Consumption(counted, frozenset(unread))


def _counted(readings: Iterable[MeterReading], first: date) -> int:
    """Return what a meter counted from a day on. readings: in order; a change of the meter restarts the next one."""
    shown: int | None = None
    counted = 0
    for one in readings:
        if shown is not None and one.read_on >= first:
            counted += one.reading - shown
        shown = one.reading if one.restart is None else one.restart
    return counted


def _require_order(session: Session, meter_id: int, entry: ReadingEntry) -> None:
    of_meter = select(MeterReading).where(MeterReading.meter_id == meter_id)
    before = of_meter.where(MeterReading.read_on < entry.read_on).order_by(MeterReading.read_on.desc())
    after = of_meter.where(MeterReading.read_on > entry.read_on).order_by(MeterReading.read_on)
    last, following = session.scalars(before.limit(1)).first(), session.scalars(after.limit(1)).first()
    shown = entry.reading if entry.restart is None else entry.restart
    if last is not None and entry.reading < (low := last.reading if last.restart is None else last.restart):
        raise ReadingRefused([Violation("reading_below_last", "reading", limit=low, actual=entry.reading)])
    if following is not None and following.reading < shown:
        raise ReadingRefused([Violation("reading_above_next", "reading", limit=following.reading, actual=shown)])
