"""Managers' verbs on machines: enter, change, retire, bring back.

Given the session and the time, they flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from booking import changes, occupancies, photos, records
from booking.charge_units import CHARGE_UNITS
from booking.errors import MachineNotFound, RecordRefused, Violation
from booking.kernel import revisions
from booking.kernel.events import Actor
from booking.models import HOLDING, Machine, Occupancy, Reservation, Unit

PLACES_MAX = 500
LENGTH_MINUTES_MAX = 366 * 24 * 60
LOWEST = {
    "setup_min": 0,
    "cleaning_min": 0,
    "notice_hours": 0,
    "late_cancel_hours": 0,
    "horizon_days": 1,
    "shortest_min": 1,
    "step_min": 1,
    "decision_hours": 1,
}


@dataclass(frozen=True, slots=True)
class MachineInput:
    """What a manager enters of a machine. Units in the names; see booking/models/machine.py."""

    slug: str
    name: str
    kind: str = ""
    description: str = ""
    location: str = ""
    setup_min: int = 0
    cleaning_min: int = 0
    notice_hours: int = 0
    horizon_days: int = 365
    shortest_min: int = 30
    longest_min: int = 14 * 24 * 60
    step_min: int = 15
    is_open_always: bool = False
    needs_approval: bool = False
    decision_hours: int = 48
    late_cancel_hours: int = 24
    induction_kind_id: int | None = None
    charge_unit: str = "hour"


def enter_machine(
    session: Session, workshop_id: int, facts: MachineInput, *, places: int = 1, by: Actor, now: datetime
) -> int:
    """Add a machine with its places to a workshop and return its id. Raises RecordRefused."""
    records.refuse(check_machine(facts, places) + records.check_unused(session, Machine.slug, facts.slug))
    machine = Machine(workshop_id=workshop_id, **asdict(facts))
    session.add(machine)
    session.flush()
    session.add_all(Unit(machine_id=machine.id, number=number) for number in range(1, places + 1))
    records.note(session, "machine", machine.id, "entered", by, now)
    return machine.id


def change_machine(
    session: Session,
    machine_id: int,
    facts: MachineInput,
    *,
    places: int,
    by: Actor,
    now: datetime,
    revision: int | None = None,
) -> None:
    """Change a machine; reservations already made keep the rules they were made under.

    Raises MachineNotFound, StaleRevision, RecordRefused (also when places are taken away that are still held).
    """
    machine = _locked(session, machine_id, revision)
    records.refuse(check_machine(facts, places) + records.check_unused(session, Machine.slug, facts.slug, machine_id))
    changed = records.write(machine, asdict(facts))
    if _set_places(session, machine_id, places, now):
        changed.append("places")
    if changed:
        _changed(session, machine, ",".join(changed), by, now)


def show_photo(session: Session, machine_id: int, content: bytes, media_type: str, *, by: Actor, now: datetime) -> None:
    """Give a machine its picture, already re-encoded and small. Raises MachineNotFound."""
    machine = _locked(session, machine_id, None)
    machine.photo_id = photos.keep(session, content, media_type, now=now)
    _changed(session, machine, "photo", by, now)


def retire(session: Session, machine_id: int, *, by: Actor, now: datetime, revision: int | None = None) -> None:
    """Lend a machine no more. Its history stays; reservations yet to come must be ended first.

    Raises MachineNotFound, StaleRevision, RecordRefused (rule still_reserved, actual: how many).
    """
    machine = _locked(session, machine_id, revision)
    waiting = session.scalar(
        select(func.count())
        .select_from(Reservation)
        .where(Reservation.machine_id == machine_id, Reservation.status.in_(HOLDING))
    )
    if waiting:
        raise RecordRefused([Violation("still_reserved", "machine", actual=waiting)])
    machine.retired_at = now
    _changed(session, machine, "retired_at", by, now)


def bring_back(session: Session, machine_id: int, *, by: Actor, now: datetime, revision: int | None = None) -> None:
    """Lend a retired machine again. Raises MachineNotFound, StaleRevision."""
    machine = _locked(session, machine_id, revision)
    machine.retired_at = None
    _changed(session, machine, "retired_at", by, now)


def check_machine(facts: MachineInput, places: int) -> list[Violation]:
    """What is wrong with the facts themselves; limits in the unit of the field's name.

    missing, at_least, at_most, unknown_unit, places (limit: the most a machine may have).
    """
    violations = [
        Violation("at_least", field, limit=limit, actual=getattr(facts, field))
        for field, limit in (*LOWEST.items(), ("longest_min", facts.shortest_min))
        if getattr(facts, field) < limit
    ]
    if facts.longest_min > LENGTH_MINUTES_MAX:
        violations.append(Violation("at_most", "longest_min", limit=LENGTH_MINUTES_MAX, actual=facts.longest_min))
    if facts.charge_unit not in CHARGE_UNITS:
        violations.append(Violation("unknown_unit", "charge_unit", actual=facts.charge_unit))
    if not 1 <= places <= PLACES_MAX:
        violations.append(Violation("places", "places", limit=PLACES_MAX, actual=places))
    return violations + records.check_filled(facts, ("slug", "name"))


def _set_places(session: Session, machine_id: int, places: int, now: datetime) -> bool:
    """Add places at the end, or retire the last ones. Returns whether anything changed."""
    units = session.scalars(
        select(Unit).where(Unit.machine_id == machine_id).order_by(Unit.number).with_for_update()
    ).all()
    active = [unit for unit in units if unit.retired_at is None]
    _retire_places(session, active[places:], places, now)
    _add_places(session, machine_id, units, places - len(active), now)
    return len(active) != places


def _retire_places(session: Session, surplus: Sequence[Unit], places: int, now: datetime) -> None:
    for unit in surplus:
        if session.scalar(select(exists().where(Occupancy.unit_id == unit.id, Occupancy.occupied_until > now))):
            raise RecordRefused([Violation("place_held", "places", limit=unit.number, actual=places)])
        unit.retired_at = now
    session.flush()


def _add_places(session: Session, machine_id: int, units: Sequence[Unit], count: int, now: datetime) -> None:
    """So many places more: retired ones come back first, then the numbers go on."""
    if count <= 0:
        return
    returning = [unit for unit in units if unit.retired_at is not None][:count]
    for unit in returning:
        unit.retired_at = None
    numbers = range(len(units) + 1, len(units) + 1 + count - len(returning))
    new = [Unit(machine_id=machine_id, number=number) for number in numbers]
    session.add_all(new)
    session.flush()
    occupancies.take_new_places(session, machine_id, [unit.id for unit in (*returning, *new)], now)


def _locked(session: Session, machine_id: int, revision: int | None) -> Machine:
    # Whoever is about to reserve it decides by its rules before or after the change, never by half of each.
    occupancies.lock_machine(session, machine_id)
    return revisions.locked(session, Machine, machine_id, missing=MachineNotFound, revision=revision)


def _changed(session: Session, machine: Machine, what: str, by: Actor, now: datetime) -> None:
    machine.revision += 1
    session.flush()
    records.note(session, "machine", machine.id, what, by, now)
    changes.machine_renamed(session, machine.id)
