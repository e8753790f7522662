"""How much a machine was used in a period."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from weakref import WeakKeyDictionary

from sqlalchemy import Date, Engine, func, literal, select, union_all
from sqlalchemy.orm import Session

from booking.kernel.transaction import is_writing
from booking.models import Machine, UsageRecord

Span = tuple[date, date]  # first and last day of service


@dataclass(frozen=True, slots=True)
class MachineUse:
    """How much a machine was used in some spans of days, in small units of the unit it is charged by now."""

    machine_id: int
    name: str
    slug: str
    charge_unit: str
    amounts: tuple[int, ...]  # in the order of the spans


@dataclass(frozen=True, slots=True)
class _Kept:
    """How much a machine was used, at a version of its schedule: each slip that comes or changes raises it."""

    version: int
    charge_unit: str
    amounts: Mapping[Span, int]


# Each process keeps what was asked last of each machine: years of slips are added up once, not for each look.
_KEPT: WeakKeyDictionary[Engine, dict[int, _Kept]] = WeakKeyDictionary()


def used_amount(session: Session, machine_id: int, charge_unit: str, first: date, last: date) -> int:
    """Return the use of a machine by day of service, in small units of charge_unit, without slips in others."""
    statement = select(func.coalesce(func.sum(UsageRecord.used_amount), 0)).where(
        UsageRecord.machine_id == machine_id,
        UsageRecord.service_date.between(first, last),
        UsageRecord.charge_unit == charge_unit,
    )
    return int(session.scalar(statement) or 0)


def used_amounts(session: Session, machine_ids: Collection[int], spans: Sequence[Span]) -> tuple[MachineUse, ...]:
    """Return the use of machines in spans of days of service, by name, in two statements at most.

    Slips in other units than the present one of the machine are left out.
    """
    if not machine_ids or not spans:
        return ()
    columns = Machine.id, Machine.name, Machine.slug, Machine.charge_unit, Machine.schedule_version
    wanted = select(*columns).where(Machine.id.in_(machine_ids)).order_by(Machine.name, Machine.id)
    machines = session.execute(wanted).all()
    kept = {} if is_writing(session) else _KEPT.setdefault(session.get_bind().engine, {})
    amounts = {row.id: _kept_amounts(kept.get(row.id), row.schedule_version, row.charge_unit) for row in machines}
    unread = [each for each, of_machine in amounts.items() if any(span not in of_machine for span in spans)]
    amounts |= _read(session, unread, spans)
    for row in machines:
        kept[row.id] = _Kept(row.schedule_version, row.charge_unit, amounts[row.id])
    return tuple(
        MachineUse(row.id, row.name, row.slug, row.charge_unit, tuple(amounts[row.id][span] for span in spans))
        for row in machines
    )


def _kept_amounts(kept: _Kept | None, version: int, charge_unit: str) -> Mapping[Span, int]:
    is_present = kept is not None and (kept.version, kept.charge_unit) == (version, charge_unit)
    return kept.amounts if kept is not None and is_present else {}


def _read(session: Session, machine_ids: Sequence[int], spans: Sequence[Span]) -> dict[int, Mapping[Span, int]]:
    """Add up the slips of machines in spans, in one statement."""
    if not machine_ids:
        return {}
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
        select(Machine.id, numbered.c.at, used)
        .join_from(Machine, numbered, literal(True))
        .where(Machine.id.in_(machine_ids))
    )
    found: dict[int, dict[Span, int]] = {each: {} for each in machine_ids}
    for machine_id, at, amount in rows:
        found[machine_id][spans[at]] = int(amount)
    return dict(found)
