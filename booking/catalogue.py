"""The machines and under which terms they are lent; managers' changes to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from booking.errors import MachineNotFound
from booking.models import Machine, OpeningHours, Unit, Workshop
from booking.opening_hours import ALWAYS, WeeklyHours
from booking.rules import Policy

_TERMS = (
    Machine.id,
    Machine.workshop_id,
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


@dataclass(frozen=True, slots=True)
class Terms:
    """A bookable machine, its workshop and its rules."""

    machine_id: int
    workshop_id: int
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
    places = (
        select(func.count())
        .where(Unit.machine_id == Machine.id, Unit.retired_at.is_(None))
        .correlate(Machine)
        .scalar_subquery()
    )
    row = session.execute(
        select(*_TERMS, places.label("places"))
        .join(Workshop, Workshop.id == Machine.workshop_id)
        .where(Machine.id == machine_id)
    ).one_or_none()
    if row is None:
        raise MachineNotFound(id=machine_id)
    policy = Policy(
        hours=_hours(session, row),
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
    return Terms(row.id, row.workshop_id, is_retired=row.retired_at is not None, policy=policy)


def _hours(session: Session, row: Any) -> WeeklyHours:
    zone = ZoneInfo(row.timezone)
    if row.is_open_always:
        return WeeklyHours(zone, ALWAYS)
    return weekly_hours(
        session,
        row.workshop_id,
        zone,
        row.holidays_region if row.is_closed_on_holidays else "",
    )


def weekly_hours(session: Session, workshop_id: int, zone: ZoneInfo, holidays_region: str) -> WeeklyHours:
    """The opening hours of a workshop; holidays_region "" when it stays open on holidays."""
    openings = session.execute(
        select(OpeningHours.weekday, OpeningHours.opens_minute, OpeningHours.closes_minute)
        .where(OpeningHours.workshop_id == workshop_id)
        .order_by(OpeningHours.weekday, OpeningHours.opens_minute)
    ).all()
    return WeeklyHours(zone, tuple((w, o, c) for w, o, c in openings), holidays_region)
