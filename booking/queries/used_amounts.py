"""How much a machine was used in a period."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Date, func, literal, select, union_all
from sqlalchemy.orm import Session

from booking.models import Machine, UsageRecord


@dataclass(frozen=True, slots=True)
class MachineUse:
    """How much a machine was used in some spans of days, in small units of the unit it is charged by now."""

    machine_id: int
    name: str
    slug: str
    charge_unit: str
    amounts: tuple[int, ...]  # in the order of the spans


def used_amount(session: Session, machine_id: int, charge_unit: str, first: date, last: date) -> int:
    """Return the use of a machine by day of service, in small units of charge_unit, without slips in others."""
    statement = select(func.coalesce(func.sum(UsageRecord.used_amount), 0)).where(
        UsageRecord.machine_id == machine_id,
        UsageRecord.service_date.between(first, last),
        UsageRecord.charge_unit == charge_unit,
    )
    return int(session.scalar(statement) or 0)


def used_amounts(
    session: Session, machine_ids: Collection[int], spans: Sequence[tuple[date, date]]
) -> tuple[MachineUse, ...]:
    """Return the use of machines in spans of days of service (first and last), by name, in one statement.

    Slips in other units than the present one of the machine are left out.
    """
    if not machine_ids or not spans:
        return ()
    numbered = union_all(
        *(
            select(literal(at).label("at"), literal(first, Date).label("first"), literal(last, Date).label("last"))
            for at, (first, last) in enumerate(spans)
        )
    ).subquery()
    used = (
        select(func.coalesce(func.sum(UsageRecord.used_amount), 0))
        .where(
            UsageRecord.machine_id == Machine.id,
            UsageRecord.charge_unit == Machine.charge_unit,
            UsageRecord.service_date.between(numbered.c.first, numbered.c.last),
        )
        .correlate(Machine, numbered)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Machine.id, Machine.name, Machine.slug, Machine.charge_unit, used)
        .join_from(Machine, numbered, literal(True))
        .where(Machine.id.in_(machine_ids))
        .order_by(Machine.name, Machine.id, numbered.c.at)
    ).all()
    each = len(spans)
    return tuple(
        MachineUse(machine_id, name, slug, unit, tuple(int(row[4]) for row in rows[at : at + each]))
        for at, (machine_id, name, slug, unit, _used) in enumerate(rows)
        if at % each == 0
    )
