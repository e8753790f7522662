"""The uses of a machine in a time, with all that a price depends on."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.models import UsageRecord


class SeasonUse(NamedTuple):
    """A use that is over; amounts in small units of charge_unit. A tuple, because there are thousands."""

    id: int
    member_id: int
    service_date: date
    price_class: str
    charge_unit: str
    handed_out_at: datetime
    handed_back_at: datetime
    booked_amount: int | None
    used_amount: int
    places: int


def season_uses(session: Session, machine_id: int, since: date, until: date, *, at_most: int) -> list[SeasonUse]:
    """Return the newest uses of a machine with a day of service in a time, both days included, the oldest first."""
    rows = session.execute(
        select(
            UsageRecord.id,
            UsageRecord.member_id,
            UsageRecord.service_date,
            UsageRecord.price_class,
            UsageRecord.charge_unit,
            UsageRecord.handed_out_at,
            UsageRecord.handed_back_at,
            UsageRecord.booked_amount,
            UsageRecord.used_amount,
            UsageRecord.places,
        )
        .where(
            UsageRecord.machine_id == machine_id,
            UsageRecord.service_date.between(since, until),
            UsageRecord.used_amount.is_not(None),
        )
        .order_by(UsageRecord.service_date.desc(), UsageRecord.id.desc())
        .limit(at_most)
    )
    return [SeasonUse._make(row) for row in reversed(rows.all())]
