"""Verbs on maintenance by the meter: set an interval, change it, note it as done, end it, and remind of it.

Verbs get the session, the actor and the time, flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import MachineNotFound, NotFound, Violation
from booking.events import maintenance_events
from booking.kernel import events, revisions
from booking.kernel.claims import insert_if_absent
from booking.kernel.events import Actor
from booking.machines import maintenance_use
from booking.models import Machine, Maintenance, MaintenanceDone, MaintenanceReminder, Workshop
from booking.places import occupancies
from booking.records import records
from booking.times.opening_hours import instant_of
from booking.times.wall_clock import local_day
from booking.use import use_limits

NAME_LENGTH_MAX, NOTE_LENGTH_MAX, INTERVALS_MAX = 100, 1_000, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """When maintenance was done, and the reading of the meter then, in small units; None: as it was read that day."""

    done_on: date
    reading: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceInput:
    """What is entered of an interval. interval_amount: in small units. last: when it was done last."""

    name: str
    interval_amount: int
    last: Done


def set_interval(session: Session, machine_id: int, data: MaintenanceInput, *, by: Actor, now: datetime) -> int:
    """Enter a maintenance interval of a machine and return its id.

    Raises MachineNotFound, also of a retired machine; RecordRefused.
    """
    occupancies.lock_machines(session, [machine_id])
    machine = session.get(Machine, machine_id, populate_existing=True)
    if machine is None or machine.retired_at is not None:
        raise MachineNotFound(id=machine_id)
    violations = _check(data) + _check_done(session, machine, data.last, now)
    violations += _check_name(session, machine_id, data.name)
    records.refuse(violations + _check_count(session, machine_id))
    reading, counted_from = _base(session, machine, machine.charge_unit, data.last, now)
    stored = Maintenance(
        machine_id=machine_id,
        name=data.name.strip(),
        interval_amount=data.interval_amount,
        charge_unit=machine.charge_unit,
        last_done_on=data.last.done_on,
        last_reading=reading,
        counted_from=counted_from,
    )
    session.add(stored)
    session.flush()
    _record(session, maintenance_events.MaintenanceSet, stored, by, now)
    return stored.id


def change_interval(
    session: Session,
    maintenance_id: int,
    name: str,
    interval_amount: int,
    *,
    by: Actor,
    now: datetime,
    revision: int | None = None,
) -> None:
    """Change the name or the length of an interval. One that is not due afterwards is reminded of again.

    Raises NotFound, StaleRevision, RecordRefused.
    """
    stored = _locked(session, maintenance_id, revision)
    violations = _check_texts(name, interval_amount) + _check_name(session, stored.machine_id, name, stored.id)
    records.refuse(violations)
    if not records.write(stored, {"name": name.strip(), "interval_amount": interval_amount}):
        return
    stored.revision += 1
    session.flush()
    if not maintenance_use.is_due_now(session, stored):
        _forget_reminder(session, stored)
    _record(session, maintenance_events.MaintenanceChanged, stored, by, now)


def note_done(
    session: Session, maintenance_id: int, done: Done, *, by: Actor, now: datetime, revision: int | None = None
) -> None:
    """Note that maintenance was done: the interval begins again at the reading of that time.

    Raises NotFound, StaleRevision, RecordRefused (done_in_future, done_before_last, reading_backwards, ...).
    """
    stored = _locked(session, maintenance_id, revision)
    machine = session.get_one(Machine, stored.machine_id)
    violations = _check_done(session, machine, done, now)
    if done.done_on < stored.last_done_on:
        violations.append(Violation("done_before_last", "done_on", limit=stored.last_done_on, actual=done.done_on))
    violations += use_limits.check_reading(done.reading, stored.last_reading)
    records.refuse(violations)
    reading, stored.counted_from = _base(session, machine, stored.charge_unit, done, now)
    stored.last_done_on, stored.last_reading = done.done_on, reading
    stored.done_count += 1
    stored.revision += 1
    session.add(
        MaintenanceDone(
            maintenance_id=stored.id,
            number=stored.done_count,
            done_on=done.done_on,
            reading=reading,
            note=done.note.strip(),
            recorded_at=now,
            recorded_by=by.user_id,
        )
    )
    session.flush()
    event = maintenance_events.MaintenanceDone(
        machine_id=stored.machine_id, maintenance_id=stored.id, done_on=done.done_on.isoformat()
    )
    events.record(session, event, by=by, at=now)


def end_interval(
    session: Session, maintenance_id: int, *, by: Actor, now: datetime, revision: int | None = None
) -> None:
    """End an interval; what was done stays recorded. Raises NotFound, StaleRevision."""
    stored = _locked(session, maintenance_id, revision)
    stored.ended_at = now
    stored.revision += 1
    session.flush()
    _record(session, maintenance_events.MaintenanceEnded, stored, by, now)


def remind(session: Session, maintenance_id: int, *, by: Actor, now: datetime) -> int:
    """Claim the reminder of an interval that is due and record its event; return 0 where somebody was first."""
    stored = session.get(Maintenance, maintenance_id, with_for_update=True, populate_existing=True)
    if stored is None or stored.ended_at is not None or not maintenance_use.is_due_now(session, stored):
        return 0
    claim = {"maintenance_id": stored.id, "done_count": stored.done_count, "reminded_at": now}
    if not insert_if_absent(session, MaintenanceReminder, **claim):
        return 0
    _record(session, maintenance_events.MaintenanceDue, stored, by, now)
    return 1


def _locked(session: Session, maintenance_id: int, revision: int | None) -> Maintenance:
    machine_id = session.scalar(select(Maintenance.machine_id).where(Maintenance.id == maintenance_id))
    if machine_id is None:
        raise NotFound(id=maintenance_id)
    occupancies.lock_machines(session, [machine_id])
    stored = revisions.locked(session, Maintenance, maintenance_id, missing=NotFound, revision=revision)
    if stored.ended_at is not None:
        raise NotFound(id=maintenance_id)
    return stored


def _forget_reminder(session: Session, stored: Maintenance) -> None:
    reminder = session.get(MaintenanceReminder, (stored.id, stored.done_count))
    if reminder is not None:
        session.delete(reminder)
        session.flush()


def _base(session: Session, machine: Machine, unit: str, done: Done, now: datetime) -> tuple[int | None, datetime]:
    """Return the reading from which an interval counts (None without a meter), and the instant.

    Of an earlier day its end counts: the machine was used again the day after.
    """
    zone = _zone(session, machine)
    is_today = done.done_on >= local_day(now, zone)
    counted_from = now if is_today else instant_of(done.done_on + timedelta(days=1), 0, zone)
    if done.reading is not None:
        return done.reading, counted_from
    return maintenance_use.reading_until(session, machine.id, unit, counted_from), counted_from


def _zone(session: Session, machine: Machine) -> ZoneInfo:
    return ZoneInfo(session.get_one(Workshop, machine.workshop_id).timezone)


def _check(data: MaintenanceInput) -> list[Violation]:
    return _check_texts(data.name, data.interval_amount)


def _check_texts(name: str, interval_amount: int) -> list[Violation]:
    """Return missing, at_most, interval_not_positive and amount_too_large."""
    found: list[Violation] = []
    if not name.strip():
        found.append(Violation("missing", "name"))
    if len(name) > NAME_LENGTH_MAX:
        found.append(Violation("at_most", "name", limit=NAME_LENGTH_MAX, actual=len(name)))
    if interval_amount <= 0:
        found.append(Violation("interval_not_positive", "interval", actual=interval_amount))
    elif interval_amount > use_limits.AMOUNT_MAX:
        found.append(Violation("amount_too_large", "interval", limit=use_limits.AMOUNT_MAX, actual=interval_amount))
    return found


def _check_done(session: Session, machine: Machine, done: Done, now: datetime) -> list[Violation]:
    """Return day_too_early, done_in_future (limit: today), at_most of the note, and what is wrong with the reading."""
    found = records.check_day("done_on", done.done_on)
    today = local_day(now, _zone(session, machine))
    if not found and done.done_on > today:
        found.append(Violation("done_in_future", "done_on", limit=today, actual=done.done_on))
    if len(done.note) > NOTE_LENGTH_MAX:
        found.append(Violation("at_most", "note", limit=NOTE_LENGTH_MAX, actual=len(done.note)))
    return found + use_limits.check_reading(done.reading, None)


def _check_name(session: Session, machine_id: int, name: str, own_id: int = 0) -> list[Violation]:
    """Return already_used for the name of another interval of the machine."""
    same = exists().where(
        Maintenance.machine_id == machine_id,
        Maintenance.name == name.strip(),
        Maintenance.ended_at.is_(None),
        Maintenance.id != own_id,
    )
    return [Violation("already_used", "name", actual=name.strip())] if session.scalar(select(same)) else []


def _check_count(session: Session, machine_id: int) -> list[Violation]:
    statement = select(func.count()).where(Maintenance.machine_id == machine_id, Maintenance.ended_at.is_(None))
    count = session.scalar(statement) or 0
    return [] if count < INTERVALS_MAX else [Violation("too_many_intervals", "name", limit=INTERVALS_MAX)]


def _record(
    session: Session, kind: type[maintenance_events.MaintenanceEvent], stored: Maintenance, by: Actor, now: datetime
) -> None:
    events.record(session, kind(machine_id=stored.machine_id, maintenance_id=stored.id), by=by, at=now)
