"""What is used of a maintenance interval: by the meter's readings, or without a meter by the amounts of the slips."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from booking.models import Maintenance, UsageRecord
from booking.rules.maintenance_rate import is_due


def newest_reading(machine_id: Any, charge_unit: Any, *conditions: ColumnElement[bool]) -> Select[int | None]:
    """Return the statement of the newest reading of a machine's meter, in small units of a charge unit."""
    return (
        select(UsageRecord.reading_after)
        .where(
            UsageRecord.machine_id == machine_id,
            UsageRecord.charge_unit == charge_unit,
            UsageRecord.reading_after.is_not(None),
            *conditions,
        )
        .order_by(UsageRecord.handed_out_at.desc(), UsageRecord.id.desc())
        .limit(1)
    )


def summed_use(machine_id: Any, charge_unit: Any, since: Any) -> Select[int | None]:
    """Return the statement of the amount used since an instant, in small units of a charge unit."""
    return select(func.coalesce(func.sum(UsageRecord.used_amount), 0)).where(
        UsageRecord.machine_id == machine_id,
        UsageRecord.charge_unit == charge_unit,
        UsageRecord.handed_out_at >= since,
    )


def reading_until(session: Session, machine_id: int, charge_unit: str, until: datetime) -> int | None:
    """Return the newest reading of a machine's meter at an instant; None where there was none."""
    return session.scalar(newest_reading(machine_id, charge_unit, UsageRecord.handed_out_at < until))


def used_of(last_reading: int | None, reading: int | None, summed: int | None) -> int:
    """Return what is used of an interval: since its last reading, without one the sum of the slips."""
    return int(summed or 0) if last_reading is None else max((reading or 0) - last_reading, 0)


def is_due_now(session: Session, stored: Maintenance) -> bool:
    """Return whether so much of an interval is used that the managers are reminded."""
    machine_id, unit = stored.machine_id, stored.charge_unit
    reading = session.scalar(newest_reading(machine_id, unit))
    summed = session.scalar(summed_use(machine_id, unit, stored.counted_from)) or 0
    return is_due(used_of(stored.last_reading, reading, summed), stored.interval_amount)
