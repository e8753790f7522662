"""Maintenance intervals with what is used of them, in one statement whatever the number of machines."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import NotFound
from booking.machines.maintenance_use import newest_reading, summed_use, used_of
from booking.models import Machine, Maintenance, MaintenanceDone, MaintenanceReminder, UsageRecord, Workshop
from booking.rules.maintenance_rate import RATE_DAYS, due_day, is_due, rate_days
from booking.times.wall_clock import local_day


@dataclass(frozen=True, slots=True)
class MaintenanceView:
    """An interval of a machine; amounts and readings in the small unit of charge_unit.

    last_reading: when it was done last; None for a machine without a meter. reading: the newest one. used: since it was
    done. due_on: the day at the present rate of use; None where that cannot be said.
    """

    id: int
    revision: int
    machine_id: int
    machine_slug: str
    machine_name: str
    is_retired: bool
    workshop_id: int
    zone: ZoneInfo
    name: str
    interval_amount: int
    charge_unit: str
    last_done_on: date
    last_reading: int | None
    reading: int | None
    used: int
    due_on: date | None

    @property
    def is_due(self) -> bool:
        """Whether the managers are reminded."""
        return is_due(self.used, self.interval_amount)

    @property
    def is_over(self) -> bool:
        """Whether the interval is used up."""
        return self.used >= self.interval_amount


@dataclass(frozen=True, slots=True)
class DoneView:
    """One maintenance that was done. reading: in the small unit; None without a meter."""

    number: int
    done_on: date
    reading: int | None
    note: str


def maintenance(session: Session, maintenance_id: int, *, now: datetime) -> MaintenanceView:
    """Return one interval that has not ended. Raises NotFound."""
    found = _views(session, _statement(now).where(Maintenance.id == maintenance_id), now)
    if not found:
        raise NotFound(id=maintenance_id)
    return found[0]


def maintenances(
    session: Session,
    *,
    now: datetime,
    workshop_ids: Collection[int] | None = None,
    machine_id: int | None = None,
    limit: int = 50,
    offset: int = 0,
) -> tuple[MaintenanceView, ...]:
    """Return the intervals of the machines of some workshops (None: all), or of one machine, by machine."""
    statement = _statement(now)
    if workshop_ids is not None:
        statement = statement.where(Machine.workshop_id.in_(workshop_ids))
    if machine_id is not None:
        statement = statement.where(Maintenance.machine_id == machine_id)
    ordered = statement.order_by(Machine.name, Machine.id, Maintenance.id)
    return _views(session, ordered.limit(limit).offset(offset), now)


def unreminded(session: Session, *, now: datetime) -> tuple[int, ...]:
    """Return the intervals of which the managers are to be reminded: due, and not reminded of since they were done."""
    was_reminded = exists().where(
        MaintenanceReminder.maintenance_id == Maintenance.id, MaintenanceReminder.done_count == Maintenance.done_count
    )
    statement = _statement(now).where(Machine.retired_at.is_(None), ~was_reminded).order_by(Maintenance.id)
    return tuple(view.id for view in _views(session, statement, now) if view.is_due)


def done_list(session: Session, maintenance_id: int, *, limit: int = 10) -> tuple[DoneView, ...]:
    """Return what was done, the newest first."""
    columns = (MaintenanceDone.number, MaintenanceDone.done_on, MaintenanceDone.reading, MaintenanceDone.note)
    rows = session.execute(
        select(*columns)
        .where(MaintenanceDone.maintenance_id == maintenance_id)
        .order_by(MaintenanceDone.number.desc())
        .limit(limit)
    )
    return tuple(DoneView(*row) for row in rows)


def _statement(now: datetime) -> Select[*tuple[Any, ...]]:
    of_it = (Maintenance.machine_id, Maintenance.charge_unit)
    first_use = select(func.min(UsageRecord.handed_out_at)).where(UsageRecord.machine_id == Maintenance.machine_id)
    read = (
        newest_reading(*of_it),
        summed_use(*of_it, Maintenance.counted_from),
        summed_use(*of_it, now - timedelta(days=RATE_DAYS)),
        first_use,
    )
    return (
        select(
            Maintenance,
            Machine.slug,
            Machine.name,
            Machine.retired_at,
            Machine.workshop_id,
            Workshop.timezone,
            *(one.correlate(Maintenance).scalar_subquery() for one in read),
        )
        .join(Machine, Machine.id == Maintenance.machine_id)
        .join(Workshop, Workshop.id == Machine.workshop_id)
        .where(Maintenance.ended_at.is_(None))
    )


def _views(session: Session, statement: Select[*tuple[Any, ...]], now: datetime) -> tuple[MaintenanceView, ...]:
    return tuple(_view(row, now) for row in session.execute(statement))


def _view(row: Any, now: datetime) -> MaintenanceView:
    stored, slug, name, retired_at, workshop_id, timezone, reading, summed, recent, first_use = row
    zone = ZoneInfo(timezone)
    today = local_day(now, zone)
    used = used_of(stored.last_reading, reading, summed)
    days = rate_days(None if first_use is None else local_day(first_use, zone), today)
    return MaintenanceView(
        id=stored.id,
        revision=stored.revision,
        machine_id=stored.machine_id,
        machine_slug=slug,
        machine_name=name,
        is_retired=retired_at is not None,
        workshop_id=workshop_id,
        zone=zone,
        name=stored.name,
        interval_amount=stored.interval_amount,
        charge_unit=stored.charge_unit,
        last_done_on=stored.last_done_on,
        last_reading=stored.last_reading,
        reading=reading,
        used=used,
        due_on=due_day(today, stored.interval_amount - used, int(recent), days),
    )
