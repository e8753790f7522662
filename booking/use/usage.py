"""Use of a machine: hand it out, take it back, or enter a use without reservation. Each makes a usage slip.

Amounts and readings are integers in the small unit of the machine's charge unit (see charge_units.py).
Verbs get the session, the actor and the time, flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.charge_units import CHARGE_UNITS, ChargeUnit
from booking.errors.schedule_errors import MachineNotFound, UsageRefused, Violation
from booking.events import reservation_events
from booking.kernel.events import Actor
from booking.members import induction_levels, members, second_persons
from booking.models import Machine, Reservation, UsageRecord
from booking.places import occupancies
from booking.records import catalogue
from booking.records.catalogue import MachineTerms
from booking.records.overruling import Overruling, record_overruled, refuse_unless_overruled
from booking.records.publish import publish
from booking.reservations import lifecycle, reservation_writer
from booking.reservations.lifecycle import Step
from booking.rules.persons import Person
from booking.timespan import TimeSpan
from booking.use import hand_out_conditions, operators, other_amounts, slip_facts, use_limits, use_times
from booking.use.operators import Runner
from booking.use.other_amounts import OtherAmount
from booking.use.use_limits import EnteredUse


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was read from the meter or counted, in small units; `amount` takes precedence over the reading.

    others, choices: what the use has beside it (other_amounts.py), where its price depends on more.
    """

    reading: int | None = None
    amount: int | None = None
    note: str = ""
    photo_id: int | None = None
    others: tuple[OtherAmount, ...] = ()
    choices: tuple[str, ...] = ()


def hand_out(
    session: Session,
    reservation_id: int,
    measured: Measurement,
    *,
    by: Actor,
    now: datetime,
    revision: int | None = None,
    overruling: Overruling | None = None,
    broken: Sequence[Violation] = (),
    operator: Person | None = None,
    supervisor: str = "",
    second: Person | None = None,
) -> UsageRecord:
    """Hand a machine out to the member who reserved it and open the usage slip.

    Possible from an hour before the reserved start until the end, while enough places of the machine are there and
    every condition of use holds (hand_out_conditions.py), which can be overruled. Before the start it takes the time
    from now on. broken: found by the caller. operator, supervisor, second: operators.runner(), second_persons.py.

    Raises ReservationNotFound, StaleRevision, WrongStatus, UsageRefused.
    """
    reservation = reservation_writer.lock(session, reservation_id, revision)
    lifecycle.require(reservation, Step.HAND_OUT, now)
    occupancies.lock_machines(session, [reservation.machine_id])
    machine = _machine(session, reservation.machine_id)
    terms = catalogue.lending_terms(session, machine.id)
    runner = operators.runner(session, reservation, terms, operator, supervisor, now)
    person, wrong = second_persons.at_hand_out(session, reservation, terms.policy, runner.person, second, now)
    found = [*broken, *hand_out_conditions.check_hand_out(session, reservation, terms, now), *runner.violations, *wrong]
    found += use_limits.check_reading(measured.reading, last_reading(session, machine.id))
    overruled = refuse_unless_overruled(UsageRefused, found, overruling, overrulable=hand_out_conditions.OVERRULABLE)
    use_times.take_time_before(session, reservation, terms.place_ids, now)
    reservation.second_person, reservation.second_user_id = person.name, person.user_id
    slip = _open_slip(session, reservation, machine, measured, runner, by, now)
    lifecycle.advance(reservation, Step.HAND_OUT, now)
    reservation_writer.save(session, reservation, now)
    publish(session, reservation_events.MachineHandedOut.of(slip), by=by, now=now)
    record_overruled(session, reservation, overruled, overruling, by=by, now=now)
    return slip


def hand_back(
    session: Session,
    reservation_id: int,
    measured: Measurement,
    *,
    by: Actor,
    now: datetime,
    revision: int | None = None,
) -> UsageRecord:
    """Take a machine back and fill in the slip; the reservation then says when the use really was.

    The rest of the reserved span is free at once.

    Raises ReservationNotFound, StaleRevision, WrongStatus, UsageRefused (amount_missing, amount_negative,
    reading_backwards).
    """
    reservation = reservation_writer.lock(session, reservation_id, revision)
    lifecycle.require(reservation, Step.HAND_BACK, now)
    occupancies.lock_machines(session, [reservation.machine_id])
    slip = session.scalars(select(UsageRecord).where(UsageRecord.reservation_id == reservation.id)).one()
    unit = CHARGE_UNITS[slip.charge_unit]
    slip.used_amount = _measure(slip, unit, measured, now)
    slip.handed_back_at, slip.handed_back_by = now, by.user_id
    slip.reading_after = measured.reading
    slip.note_after, slip.photo_after_id = measured.note, measured.photo_id
    other_amounts.store(session, slip.id, measured.others, measured.choices)
    slip_facts.fix_price(session, slip)
    induction_levels.after_use(session, slip, by=by, now=now)
    slip.objection_until = slip_facts.objection_until(session, now)
    slip.revision += 1
    lifecycle.advance(reservation, Step.HAND_BACK, now)
    use_times.complete(session, reservation, slip.handed_out_at, now)
    reservation_writer.save(session, reservation, now)
    publish(session, reservation_events.MachineHandedBack.of(slip), by=by, now=now)
    return slip


def amount_by_now(session: Session, reservation_id: int, measured: Measurement, *, now: datetime) -> int:
    """Return the amount that hand_back() would enter now, in small units. Raises as that does, but for the step."""
    slip = session.scalars(select(UsageRecord).where(UsageRecord.reservation_id == reservation_id)).one()
    return _measure(slip, CHARGE_UNITS[slip.charge_unit], measured, now)


def _measure(slip: UsageRecord, unit: ChargeUnit, measured: Measurement, until: datetime) -> int:
    """Return the amount of a use that ends now. Raises UsageRefused."""
    UsageRefused.raise_for(_check_hand_back(slip, unit, measured))
    amount = _used_amount(slip, unit, measured, until)
    UsageRefused.raise_for(use_limits.check_time_out(slip, amount, until))
    return amount


@dataclass(frozen=True, slots=True)
class UnreservedUse:
    """A use without reservation, reported by a meter, a machine controller or a person.

    reading_before: of the meter, where `measured` has the one afterwards.
    """

    machine_id: int
    member_id: int
    span: TimeSpan
    measured: Measurement
    places: int = 1
    allow_overlap: bool = False
    reading_before: int | None = None


class Recorded(NamedTuple):
    """The slip of a reported use. is_new: False where the same use had been reported before."""

    slip: UsageRecord
    is_new: bool


def record_usage(session: Session, use: UnreservedUse, *, by: Actor, now: datetime) -> Recorded:
    """Store a finished slip for a use without reservation, or return the one of the same use that there is.

    Raises MachineNotFound, MemberNotFound, UseCovered, UseOverlaps unless allow_overlap, UsageRefused (places, and
    what booking/use/use_limits.py checks).
    """
    occupancies.lock_machines(session, [use.machine_id])
    terms = catalogue.lending_terms(session, use.machine_id)
    members.eligibility_of(session, use.member_id, None)
    slip = _finished_slip(session, use, terms, by, now)
    entered = EnteredUse(use.machine_id, use.member_id, use.span, use.places, slip.used_amount or 0)
    same = use_limits.same_slips(session, entered)
    if known := other_amounts.first_with(session, same, use.measured.others, use.measured.choices):
        return Recorded(known, is_new=False)
    if not use.allow_overlap:
        use_limits.refuse_overlap(session, entered, len(terms.place_ids))
    slip_facts.fix_price(session, slip)
    slip.objection_until = slip_facts.objection_until(session, now)
    session.add(slip)
    session.flush()
    other_amounts.store(session, slip.id, use.measured.others, use.measured.choices)
    induction_levels.after_use(session, slip, by=by, now=now)
    publish(session, reservation_events.MachineHandedBack.of(slip), by=by, now=now)
    return Recorded(slip, is_new=True)


def amount_of_use(session: Session, use: UnreservedUse, *, by: Actor, now: datetime) -> int:
    """Return the amount that record_usage() would enter, in small units. Raises what that would, but for overlaps."""
    return _finished_slip(session, use, catalogue.lending_terms(session, use.machine_id), by, now).used_amount or 0


def _finished_slip(session: Session, use: UnreservedUse, terms: MachineTerms, by: Actor, now: datetime) -> UsageRecord:
    machine = _machine(session, use.machine_id)
    unit = CHARGE_UNITS[machine.charge_unit]
    slip = UsageRecord(
        machine_id=machine.id,
        member_id=use.member_id,
        charge_unit=unit.code,
        handed_out_at=use.span.start,
        handed_out_by=by.user_id,
        handed_back_at=use.span.end,
        handed_back_by=by.user_id,
        reading_before=use.reading_before,
        reading_after=use.measured.reading,
        note_after=use.measured.note,
        places=use.places,
    )
    violations = use_limits.check_reading(use.reading_before, None, "reading_before")
    violations += _check_hand_back(slip, unit, use.measured) + use_limits.check_span(use.span, terms, now)
    if not 1 <= use.places <= len(terms.place_ids):
        violations.append(Violation("places", "places", limit=len(terms.place_ids), actual=use.places))
    UsageRefused.raise_for(violations)
    slip.used_amount = _used_amount(slip, unit, use.measured, use.span.end)
    UsageRefused.raise_for(use_limits.check_time(slip.used_amount, unit, use.span.seconds, use.places))
    return slip


def last_reading(session: Session, machine_id: int) -> int | None:
    """Return the newest reading of a machine's meter, in small units; None before the first."""
    return session.scalar(
        select(UsageRecord.reading_after)
        .where(UsageRecord.machine_id == machine_id, UsageRecord.reading_after.is_not(None))
        .order_by(UsageRecord.handed_out_at.desc(), UsageRecord.id.desc())
        .limit(1)
    )


def _open_slip(
    session: Session,
    reservation: Reservation,
    machine: Machine,
    measured: Measurement,
    runner: Runner,
    by: Actor,
    now: datetime,
) -> UsageRecord:
    slip = UsageRecord(
        reservation_id=reservation.id,
        machine_id=machine.id,
        member_id=reservation.member_id,
        charge_unit=machine.charge_unit,
        handed_out_at=now,
        handed_out_by=by.user_id,
        reading_before=measured.reading,
        booked_amount=slip_facts.booked_amount(reservation, CHARGE_UNITS[machine.charge_unit]),
        places=reservation.places,
        operator_name=runner.person.name,
        operator_user_id=runner.person.user_id,
        supervisor_name=runner.supervisor,
        second_person=reservation.second_person,
        second_user_id=reservation.second_user_id,
        note_before=measured.note,
        photo_before_id=measured.photo_id,
    )
    slip_facts.fix_price(session, slip)
    session.add(slip)
    return slip


def _check_hand_back(slip: UsageRecord, unit: ChargeUnit, measured: Measurement) -> list[Violation]:
    violations = use_limits.check_amount(measured.amount) + other_amounts.check_other_amounts(measured.others)
    violations += use_limits.check_reading(measured.reading, slip.reading_before)
    can_be_counted = unit.from_clock or measured.amount is not None
    has_both_readings = measured.reading is not None and slip.reading_before is not None
    if not can_be_counted and not has_both_readings:
        violations.append(Violation("amount_missing", "amount"))
    return violations


def _used_amount(slip: UsageRecord, unit: ChargeUnit, measured: Measurement, until: datetime) -> int:
    if measured.amount is not None:
        return measured.amount
    if measured.reading is not None and slip.reading_before is not None:
        return measured.reading - slip.reading_before
    seconds = int((until - slip.handed_out_at).total_seconds())
    return seconds * (slip.places if unit.places_count else 1)


def _machine(session: Session, machine_id: int) -> Machine:
    if (machine := session.get(Machine, machine_id)) is None:
        raise MachineNotFound(id=machine_id)
    return machine
