"""What a member was charged, by machine and month of service."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import extract, func, select
from sqlalchemy.orm import Session

from billing.allocations.periods import Period
from billing.models import Charge


@dataclass(frozen=True, slots=True)
class MachineMonth:
    """A member's charges for one machine in one month of service, reversals included. count: of both."""

    year: int
    month: int
    machine_id: int
    count: int
    cents: int


def machine_months(session: Session, member_id: int, days: Period) -> tuple[MachineMonth, ...]:
    """Return what a member was charged from one day of service to another, both included, in one statement."""
    year, month = extract("year", Charge.service_date), extract("month", Charge.service_date)
    rows = session.execute(
        select(year, month, Charge.machine_id, func.count(), func.sum(Charge.cents))
        .where(Charge.member_id == member_id, Charge.service_date.between(*days))
        .group_by(year, month, Charge.machine_id)
        .order_by(year, month, Charge.machine_id)
    )
    return tuple(
        MachineMonth(int(of), int(in_month), machine_id, count, int(cents))
        for of, in_month, machine_id, count, cents in rows
    )
