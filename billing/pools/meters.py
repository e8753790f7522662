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

from billing.errors.money_errors import NameTaken
from billing.limits import AMOUNT_MAX, NAME_LENGTH_MAX, require_text
from billing.models import Meter, MeterReading
from billing.pools.pools import locked_pool
from booking import queries
from booking.errors.schedule_errors import MemberNotFound
from booking.events.reservation_events import RecordChanged
from booking.kernel import events
from booking.kernel.events import Actor

PER_UNIT = 1_000  # readings are counted in thousandths of the unit
READING_MAX = AMOUNT_MAX * PER_UNIT


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
