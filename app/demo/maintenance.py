"""Maintenance by the meter in the demo ring: nearly due of one machine in each workshop, with time left of another."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.demo.base_data import DEMO
from app.demo.simulation import ZONE
from booking.charge_units import CHARGE_UNITS
from booking.machine_sorts import MACHINE
from booking.machines import maintenance
from booking.machines.maintenance import Done, MaintenanceInput
from booking.models import Machine, UsageRecord
from booking.times.wall_clock import local_day

DAYS_AGO = 60
NEARLY_DUE_PERCENT, EARLY_PERCENT = 94, 45


def enter_maintenance(session: Session, *, now: datetime) -> None:
    """Enter an interval of each of the two machines of a workshop with the most uses since it was done last."""
    since = now - timedelta(days=DAYS_AGO)
    used = func.sum(UsageRecord.used_amount)
    rows = session.execute(
        select(Machine.id, Machine.workshop_id, Machine.charge_unit, used)
        .join(UsageRecord, UsageRecord.machine_id == Machine.id)
        .where(
            UsageRecord.handed_out_at >= since,
            UsageRecord.charge_unit == Machine.charge_unit,
            Machine.charge_unit.in_(("hour", "ha", "km")),
            Machine.retired_at.is_(None),
            Machine.sort == MACHINE,
        )
        .group_by(Machine.id, Machine.workshop_id, Machine.charge_unit)
        .order_by(func.count().desc(), Machine.id)
    )
    percents: defaultdict[int, list[int]] = defaultdict(lambda: [EARLY_PERCENT, NEARLY_DUE_PERCENT])
    for machine_id, workshop_id, unit, amount in list(rows):
        if not percents[workshop_id]:
            continue
        whole, percent = CHARGE_UNITS[unit].small_per_unit, percents[workshop_id].pop()
        interval = max(int(amount or 0) * 100 // percent // whole, 1) * whole
        last = Done(done_on=local_day(since, ZONE))
        entered = MaintenanceInput(name="Reinigen und abschmieren", interval_amount=interval, last=last)
        maintenance.set_interval(session, machine_id, entered, by=DEMO, now=now)
