"""The uses of one machine that an allocation counts: many rows, few columns, no names."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.models import Machine, UsageRecord, Workshop
from booking.opening_hours import MINUTES_OF_A_DAY, instant_of
from booking.queries.slips import IS_DISPUTED


class CountedUse(NamedTuple):
    """A slip's part in a division. used_amount in small units, None while the machine is out.

    A tuple, because a season of a large ring has some hundred thousand of them.
    """

    usage_id: int
    member_id: int
    service_date: date
    charge_unit: str
    used_amount: int | None
    is_disputed: bool


def counted_uses(session: Session, machine_id: int, since: date, until: date) -> tuple[CountedUse, ...]:
    """The uses of a machine whose day of service lies within two days, both included; in order of their slips."""
    name = session.scalar(
        select(Workshop.timezone).join(Machine, Machine.workshop_id == Workshop.id).where(Machine.id == machine_id)
    )
    if name is None:
        return ()
    zone = ZoneInfo(name)
    rows = session.execute(
        select(
            UsageRecord.id,
            UsageRecord.member_id,
            UsageRecord.handed_out_at,
            UsageRecord.charge_unit,
            UsageRecord.used_amount,
            IS_DISPUTED,
        )
        .where(
            UsageRecord.machine_id == machine_id,
            UsageRecord.handed_out_at >= instant_of(since, 0, zone),
            UsageRecord.handed_out_at < instant_of(until, MINUTES_OF_A_DAY, zone),
        )
        .order_by(UsageRecord.id)
    )
    return tuple(
        CountedUse(usage_id, member_id, out_at.astimezone(zone).date(), unit, used, bool(is_disputed))
        for usage_id, member_id, out_at, unit, used, is_disputed in rows
    )
