"""Verbs of managers on machines: enter, change, retire, bring back.

They flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from booking.charge_units import CHARGE_UNITS
from booking.errors.schedule_errors import MachineNotFound, RecordRefused, Violation
from booking.kernel import revisions
from booking.kernel.events import Actor
from booking.kernel.orm import table_of
from booking.machine_sorts import MACHINE, MACHINE_SORTS
from booking.models import HOLDING, Machine, MachineHours, Reservation, Status, Unit
from booking.offers import offers
from booking.places import machine_places, occupancies
from booking.places.place_assignment import NEVER
from booking.records import records, schedule_versions
from booking.rules.lending_rules import RULE_FIELDS, RULE_NAMES, MachineRules
from booking.times.opening_hours import Opening
from booking.timespan import TimeSpan

PLACES_MAX = 500
LENGTHS_MAX = {"slug": 60, "name": 120, "kind": 60, "description": 4_000, "location": 200}


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineInput(MachineRules):
    """What a manager enters of a machine, its rules included.

    charge_unit: a code of charge_units.py; sort: of machine_sorts.py.
    """

    slug: str
    name: str
    sort: str = MACHINE
    kind: str = ""
    description: str = ""
    location: str = ""
    induction_kind_id: int | None = None
    charge_unit: str = "hour"

    @property
    def rules(self) -> MachineRules:
        """The rules alone."""
        return MachineRules(**{name: getattr(self, name) for name in RULE_NAMES})

    @property
    def record(self) -> dict[str, Any]:
        """Everything but the rules, by column."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name not in RULE_NAMES}


def enter_machine(
    session: Session,
    workshop_id: int,
    data: MachineInput,
    *,
    places: int = 1,
    by: Actor,
    now: datetime,
    openings: Sequence[Opening] = (),
) -> int:
    """Add a machine with its places to a workshop and return its id. openings: as in change_machine().

    Raises RecordRefused.
    """
    wrong = check_machine(data, places) + records.check_openings(openings)
    records.refuse(wrong + records.check_unused(session, Machine.slug, data.slug))
    (new_id,) = records.new_ids(session, table_of(Machine))
    machine = Machine(id=new_id, workshop_id=workshop_id, rules=data.rules, **data.record)
    session.add(machine)
    session.flush()
    session.add_all(Unit(machine_id=machine.id, number=number) for number in range(1, places + 1))
    _set_openings(session, machine.id, openings)
    records.note(session, "machine", machine.id, "entered", by, now)
    return machine.id


def change_machine(
    session: Session,
    machine_id: int,
    data: MachineInput,
    *,
    places: int,
    by: Actor,
    now: datetime,
    revision: int | None = None,
    openings: Sequence[Opening] | None = None,
) -> None:
    """Change a machine; reservations already made keep the rules they were made under.

    openings: its own hours, in place of those of its workshop; empty: it follows the workshop; None: as they are.
    Raises MachineNotFound, StaleRevision, RecordRefused (also when places are taken away that are still held).
    """
    machine = _locked(session, machine_id, revision)
    wrong = check_machine(data, places) + records.check_openings(openings or ())
    records.refuse(wrong + records.check_unused(session, Machine.slug, data.slug, machine_id))
    changed = records.write(machine, data.record)
    changed += [name for name in RULE_NAMES if getattr(machine.rules, name) != getattr(data, name)]
    machine.rules = data.rules
    if machine_places.set_places(session, machine_id, places, now):
        changed.append("places")
    if openings is not None and _set_openings(session, machine_id, openings):
        changed.append("openings")
    if changed:
        _changed(session, machine, ",".join(changed), by, now)


def own_openings(session: Session, machine_id: int) -> tuple[Opening, ...]:
    """Return the opening hours that a machine has of its own; none where it follows its workshop."""
    columns = (MachineHours.weekday, MachineHours.opens_minute, MachineHours.closes_minute)
    rows = session.execute(select(*columns).where(MachineHours.machine_id == machine_id).order_by(*columns[:2]))
    return tuple((weekday, opens, closes) for weekday, opens, closes in rows)


def all_own_openings(session: Session) -> dict[int, list[Opening]]:
    """Return the own opening hours of all machines that have any, by machine."""
    found: dict[int, list[Opening]] = {}
    columns = (MachineHours.weekday, MachineHours.opens_minute, MachineHours.closes_minute)
    for machine_id, *opening in session.execute(select(MachineHours.machine_id, *columns).order_by(*columns)):
        found.setdefault(machine_id, []).append((opening[0], opening[1], opening[2]))
    return found


def _set_openings(session: Session, machine_id: int, openings: Sequence[Opening]) -> bool:
    """Replace the own hours of a machine; return whether they changed."""
    wanted = tuple(sorted(set(openings)))
    if wanted == own_openings(session, machine_id):
        return False
    session.execute(delete(MachineHours).where(MachineHours.machine_id == machine_id))
    session.add_all(
        MachineHours(machine_id=machine_id, weekday=weekday, opens_minute=opens, closes_minute=closes)
        for weekday, opens, closes in wanted
    )
    session.flush()
    return True


def show_photo(
    session: Session,
    machine_id: int,
    content: bytes,
    media_type: str,
    *,
    by: Actor,
    now: datetime,
    thumb: bytes | None = None,
    card: bytes | None = None,
) -> None:
    """Set the picture of a machine, already re-encoded and small. Raises MachineNotFound."""
    machine = _locked(session, machine_id, None)
    machine.photo_id = records.store_photo(session, content, media_type, now=now, thumb=thumb, card=card)
    _changed(session, machine, "photo", by, now)


def retire(session: Session, machine_id: int, *, by: Actor, now: datetime, revision: int | None = None) -> None:
    """Stop lending a machine. Its history stays; what is out or reserved from now on must be ended first.

    What is offered to who waits for it is withdrawn.

    Raises MachineNotFound, StaleRevision, RecordRefused (rule still_reserved, actual: how many).
    """
    machine = _locked(session, machine_id, revision)
    waiting = session.scalar(
        select(func.count())
        .select_from(Reservation)
        .where(
            Reservation.machine_id == machine_id,
            Reservation.status.in_(HOLDING),
            or_(Reservation.ends_at > now, Reservation.status == Status.IN_USE),
        )
    )
    if waiting:
        raise RecordRefused([Violation("still_reserved", "machine", actual=waiting)])
    machine.retired_at = now
    _changed(session, machine, "retired_at", by, now)
    offers.withdraw_overlapping(session, machine_id, [TimeSpan(now, NEVER)], by=by, now=now)


def bring_back(session: Session, machine_id: int, *, by: Actor, now: datetime, revision: int | None = None) -> None:
    """Lend a retired machine again; who waits is offered its time. Raises MachineNotFound, StaleRevision."""
    machine = _locked(session, machine_id, revision)
    if machine.retired_at is not None:
        machine_places.note_free(session, [machine_id], now)
    machine.retired_at = None
    _changed(session, machine, "retired_at", by, now)


def check_machine(data: MachineInput, places: int) -> list[Violation]:
    """Return what is wrong with the input itself; limits in the unit of the field's name.

    missing, at_least, at_most (characters too), slug_form, unknown_unit, unknown_sort,
    places (limit: the most a machine may have).
    """
    violations = list(_outside_of_range(data))
    if data.notice_hours > data.horizon_days * 24:  # nothing could ever be reserved
        violations.append(Violation("at_most", "notice_hours", limit=data.horizon_days * 24, actual=data.notice_hours))
    if data.longest_min < data.shortest_min:
        violations.append(Violation("at_least", "longest_min", limit=data.shortest_min, actual=data.longest_min))
    if data.charge_unit not in CHARGE_UNITS:
        violations.append(Violation("unknown_unit", "charge_unit", actual=data.charge_unit))
    if data.sort not in MACHINE_SORTS:
        violations.append(Violation("unknown_sort", "sort", actual=data.sort))
    if not 1 <= places <= PLACES_MAX:
        violations.append(Violation("places", "places", limit=PLACES_MAX, actual=places))
    violations += records.check_filled(data, ("slug", "name")) + records.check_lengths(data, LENGTHS_MAX)
    return violations + records.check_slug(data)


def _outside_of_range(data: MachineInput) -> Iterator[Violation]:
    for rule in RULE_FIELDS:
        value, limits = getattr(data, rule.name), rule.range
        if limits is not None and value < limits.least:
            yield Violation("at_least", rule.name, limit=limits.least, actual=value)
        elif limits is not None and value > limits.highest:
            yield Violation("at_most", rule.name, limit=limits.highest, actual=value)


def _locked(session: Session, machine_id: int, revision: int | None) -> Machine:
    # A reservation in progress is checked against the rules before or after the change, never against a mix.
    occupancies.lock_machines(session, [machine_id])
    return revisions.locked(session, Machine, machine_id, missing=MachineNotFound, revision=revision)


def _changed(session: Session, machine: Machine, what: str, by: Actor, now: datetime) -> None:
    machine.revision += 1
    session.flush()
    records.note(session, "machine", machine.id, what, by, now)
    schedule_versions.bump_for_renamed_machine(session, machine.id)
