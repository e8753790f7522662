"""Meters in the demo ring: the electricity of the cold store, divided by what the members' cells used."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from app.demo.base_data import BaseData
from app.demo.people import ANNA
from app.demo.simulation import ZONE
from billing.pools.costs import CostEntry, enter_cost
from billing.pools.keys import METER, KeyPart, KeyTerms
from billing.pools.meters import PER_UNIT, enter_meter
from billing.pools.pool_keys import enter_key
from billing.pools.pools import OWN_PREFIX, change_pool, enter_pool
from billing.pools.readings import ReadingEntry, enter_reading
from booking.kernel.events import Actor
from booking.times.wall_clock import local_day

POWER = "Strom"
# Member, number of the meter, what it showed at the beginning, at the middle and last, in kWh.
METERS = (
    (ANNA, "Zelle 1", (1_204, 1_655, 2_018)),
    ("M-003", "Zelle 2", (887, 1_240, 1_409)),
    ("M-009", "Zelle 3", (412, 580, 731)),
)
MISREAD = 5_801  # of the last meter at the middle, corrected afterwards
DAYS_BETWEEN = 91


def enter_meters(session: Session, base: BaseData, *, now: datetime) -> None:
    """Enter a pool whose costs meters divide, their readings, one of them corrected, and the bill that waits."""
    by, today = Actor(user_id=base.logins["karl@demo.example"]), local_day(now, ZONE)
    pool = enter_pool(session, base.machines["cold-store"], "Strom Kühlraum", {POWER: "use"}, by=by, now=now)
    key_id = enter_key(
        session, pool.id, "Nach Zählern", KeyTerms((KeyPart(METER),), meter_unit="kWh"), by=by, now=now
    ).id
    change_pool(session, pool.id, pool.name, {POWER: f"{OWN_PREFIX}{key_id}"}, by=by, now=now)
    last = today - timedelta(days=4)
    days = [last - timedelta(days=DAYS_BETWEEN * before) for before in (2, 1, 0)]
    for number, name, readings in METERS:
        meter = enter_meter(session, pool.id, base.members[number], name, by=by, now=now)
        if number == METERS[-1][0]:
            _read(session, meter.id, days[1], MISREAD, by, now)
        for day, reading in zip(days, readings, strict=True):
            _read(session, meter.id, day, reading, by, now)
    bill = CostEntry(last, "Stadtwerke Weilheim", POWER, 28_640, "ST-4471", "Strom, ein halbes Jahr")
    enter_cost(session, pool.id, bill, by=by, now=now)


def _read(session: Session, meter_id: int, day: date, reading: int, by: Actor, now: datetime) -> None:
    entry = ReadingEntry(day, reading * PER_UNIT)
    enter_reading(session, meter_id, entry, today=local_day(now, ZONE), by=by, now=now)
