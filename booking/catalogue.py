"""The machines and under which terms they are lent; managers' changes to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from booking.errors import MachineNotFound
from booking.models import Machine, OpeningHours, Unit, Workshop
from booking.opening_hours import ALWAYS, WeeklyHours
from booking.rules import Policy

Opening = tuple[int, int, int]  # weekday 0-6, opens, closes: minutes of the local day

_TERMS = (
    Machine.id,
    Machine.workshop_id,
    Machine.name,
    Machine.kind,
    Machine.setup_min,
    Machine.cleaning_min,
    Machine.notice_hours,
    Machine.horizon_days,
    Machine.shortest_min,
    Machine.longest_min,
    Machine.step_min,
    Machine.needs_approval,
    Machine.decision_hours,
    Machine.late_cancel_hours,
    Machine.induction_kind_id,
    Machine.is_open_always,
    Machine.retired_at,
    Workshop.timezone,
    Workshop.holidays_region,
    Workshop.is_closed_on_holidays,
)
_PLACES = (
    select(func.count())
    .where(Unit.machine_id == Machine.id, Unit.retired_at.is_(None))
    .correlate(Machine)
    .scalar_subquery()
)
_TERMS_OF_MACHINES = select(*_TERMS, _PLACES.label("places")).join(Workshop, Workshop.id == Machine.workshop_id)
_OPENINGS = select(
    OpeningHours.workshop_id, OpeningHours.weekday, OpeningHours.opens_minute, OpeningHours.closes_minute
).order_by(OpeningHours.weekday, OpeningHours.opens_minute)


@dataclass(frozen=True, slots=True)
class Terms:
    """A bookable machine, its workshop and its rules."""

    machine_id: int
    workshop_id: int
    name: str
    kind: str
    is_retired: bool
    policy: Policy


def bookable_machine(session: Session, machine_id: int) -> Terms:
    """The terms of a machine that may be reserved. Raises MachineNotFound, also when it was retired."""
    terms = lending_terms(session, machine_id)
    if terms.is_retired:
        raise MachineNotFound(id=machine_id)
    return terms


def lending_terms(session: Session, machine_id: int) -> Terms:
    """The terms of any machine, also of a retired one. Raises MachineNotFound."""
    row = session.execute(_TERMS_OF_MACHINES.where(Machine.id == machine_id)).one_or_none()
    if row is None:
        raise MachineNotFound(id=machine_id)
    return _terms(row, _hours(session, row))


def terms_of_many(session: Session, *conditions: ColumnElement[bool]) -> list[Terms]:
    """The terms of all bookable machines that meet conditions on Machine and Workshop, in two statements."""
    rows = session.execute(
        _TERMS_OF_MACHINES.where(Machine.retired_at.is_(None), *conditions).order_by(Machine.name, Machine.id)
    ).all()
    openings: dict[int, list[Opening]] = {}
    for workshop_id, weekday, opens, closes in session.execute(_OPENINGS):
        openings.setdefault(workshop_id, []).append((weekday, opens, closes))
    return [_terms(row, _hours_by(row, tuple(openings.get(row.workshop_id, ())))) for row in rows]


def _terms(row: Any, hours: WeeklyHours) -> Terms:
    policy = Policy(
        hours=hours,
        setup_min=row.setup_min,
        cleaning_min=row.cleaning_min,
        notice_hours=row.notice_hours,
        horizon_days=row.horizon_days,
        shortest_min=row.shortest_min,
        longest_min=row.longest_min,
        step_min=row.step_min,
        needs_approval=row.needs_approval,
        decision_hours=row.decision_hours,
        late_cancel_hours=row.late_cancel_hours,
        induction_kind_id=row.induction_kind_id,
        places=row.places,
    )
    return Terms(row.id, row.workshop_id, row.name, row.kind, is_retired=row.retired_at is not None, policy=policy)


def _hours(session: Session, row: Any) -> WeeklyHours:
    if row.is_open_always:
        return _hours_by(row, ())
    openings = session.execute(_OPENINGS.where(OpeningHours.workshop_id == row.workshop_id)).all()
    return _hours_by(row, tuple((weekday, opens, closes) for _, weekday, opens, closes in openings))


def _hours_by(row: Any, openings: tuple[Opening, ...]) -> WeeklyHours:
    zone = ZoneInfo(row.timezone)
    if row.is_open_always:
        return WeeklyHours(zone, ALWAYS)
    return WeeklyHours(zone, openings, row.holidays_region if row.is_closed_on_holidays else "")
