"""The machines and under which terms they are lent; managers' changes to them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, String, bindparam, cast, func, select
from sqlalchemy.orm import Session

from booking.errors import MachineNotFound
from booking.kernel.orm import table_of
from booking.models import Machine, OpeningHours, Unit, Workshop
from booking.opening_hours import ALWAYS, WeeklyHours
from booking.rules import Policy

Opening = tuple[int, int, int]  # weekday 0-6, opens, closes: minutes of the local day

_machine, _workshop, _unit, _opening = map(table_of, (Machine, Workshop, Unit, OpeningHours))

_TERMS = (
    *(
        _machine.c[name]
        for name in (
            "id",
            "workshop_id",
            "name",
            "kind",
            "setup_min",
            "cleaning_min",
            "notice_hours",
            "horizon_days",
            "shortest_min",
            "longest_min",
            "step_min",
            "needs_approval",
            "decision_hours",
            "late_cancel_hours",
            "induction_kind_id",
            "is_open_always",
            "retired_at",
        )
    ),
    _workshop.c.timezone,
    _workshop.c.holidays_region,
    _workshop.c.is_closed_on_holidays,
)
_PLACES = (
    select(func.count())
    .where(_unit.c.machine_id == _machine.c.id, _unit.c.retired_at.is_(None))
    .correlate(_machine)
    .scalar_subquery()
)
_TERMS_OF_MACHINES = select(*_TERMS, _PLACES.label("places")).join(_workshop, _workshop.c.id == _machine.c.workshop_id)
_OPENING = (_opening.c.weekday, _opening.c.opens_minute, _opening.c.closes_minute)
_OPENINGS = select(_opening.c.workshop_id, *_OPENING).order_by(_opening.c.weekday, _opening.c.opens_minute)
_weekday, _opens, _closes = (cast(part, String) for part in _OPENING)
_OPENING_IN_A_TEXT = _weekday + "|" + _opens + "|" + _closes
# One machine is asked for with each request, so its opening hours come in the same row: "0|480|1080,1|480|1080".
_OPENINGS_IN_A_TEXT = (
    select(func.aggregate_strings(_OPENING_IN_A_TEXT, ","))
    .where(_opening.c.workshop_id == _workshop.c.id)
    .correlate(_workshop)
    .scalar_subquery()
)
_TERMS_OF_ONE = _TERMS_OF_MACHINES.add_columns(_OPENINGS_IN_A_TEXT.label("openings")).where(
    _machine.c.id == bindparam("machine_id")
)


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
    row = session.execute(_TERMS_OF_ONE, {"machine_id": machine_id}).one_or_none()
    if row is None:
        raise MachineNotFound(id=machine_id)
    return _terms(row, _hours_by(row, _read_openings(row.openings)))


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


@lru_cache(maxsize=256)
def _read_openings(text: str | None) -> tuple[Opening, ...]:
    parts = (part.split("|") for part in text.split(",")) if text else ()
    return tuple(sorted((int(weekday), int(opens), int(closes)) for weekday, opens, closes in parts))


def _hours_by(row: Any, openings: tuple[Opening, ...]) -> WeeklyHours:
    zone = ZoneInfo(row.timezone)
    if row.is_open_always:
        return WeeklyHours(zone, ALWAYS)
    return WeeklyHours(zone, openings, row.holidays_region if row.is_closed_on_holidays else "")
