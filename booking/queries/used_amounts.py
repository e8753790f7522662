"""How much a machine was used in a period."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from booking.models import UsageRecord


def used_amount(session: Session, machine_id: int, charge_unit: str, first: date, last: date) -> int:
    """Return the use of a machine by day of service, in small units of charge_unit, without slips in others."""
    statement = select(func.coalesce(func.sum(UsageRecord.used_amount), 0)).where(
        UsageRecord.machine_id == machine_id,
        UsageRecord.service_date.between(first, last),
        UsageRecord.charge_unit == charge_unit,
    )
    return int(session.scalar(statement) or 0)
