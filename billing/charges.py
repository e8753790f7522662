"""Pricing usage slips: a charge for each, and on a correction a reversal with a new charge.

Verbs are given the session and the time, flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from billing.errors import AlreadyCharged, NotHandedBack
from billing.events import UseCharged
from billing.models import Charge, Tariff, Unpriced
from billing.tariffs import Terms, Working, price_cents
from booking import queries
from booking.charge_units import CHARGE_UNITS
from booking.kernel import events
from booking.kernel.events import Actor
from booking.queries import UsageSlip

ONE_PER_SLIP = ("ix_billing_charge_usage_id", "billing_charge is append-only")  # PostgreSQL, SQLite


def charge_for(session: Session, usage_id: int, *, by: Actor, now: datetime) -> Charge | None:
    """Price a slip by the tariff of its day; again, when the slip or the tariff changed since.

    Idempotent: without a change the present charge is returned. None when no tariff of the machine is valid
    on the day of service in the slip's unit; the slip then waits in billing_unpriced.

    Raises NotFound, NotHandedBack, AlreadyCharged (another transaction priced the slip at this moment).
    """
    slip = queries.usage_slip(session, usage_id)
    if slip.used_amount is None:
        raise NotHandedBack(usage_id=usage_id)
    last = _last_row(session, usage_id)
    present = last if last is not None and last.reverses_id is None else None
    tariff = tariff_on(session, slip.machine_id, slip.service_date)
    if tariff is None or tariff.charge_unit != slip.charge_unit:
        if present is None:
            _note_unpriced(session, slip, now)
        return present

    working = price_cents(terms_of(tariff, slip.price_class), slip.used_amount, slip.booked_amount)
    if present is not None and _is_same(present, slip, tariff, working):
        return present
    number = last.number if last is not None else 0
    if present is not None:
        number += 1
        _append(session, _reversal(present, number, now), by, now)
    session.execute(delete(Unpriced).where(Unpriced.usage_id == usage_id))
    return _append(session, _charge(slip, tariff, working, number + 1, now), by, now)


def charge_waiting(session: Session, machine_id: int, since: date, *, by: Actor, now: datetime) -> int:
    """Price the slips of a machine that waited for a tariff. Returns how many were priced."""
    waiting = session.scalars(
        select(Unpriced.usage_id)
        .where(Unpriced.machine_id == machine_id, Unpriced.service_date >= since)
        .order_by(Unpriced.usage_id)
    ).all()
    return sum(charge_for(session, usage_id, by=by, now=now) is not None for usage_id in waiting)


def tariff_on(session: Session, machine_id: int, day: date) -> Tariff | None:
    """The tariff of a machine that is valid on a day: the last to begin, in its highest version."""
    return session.scalars(
        select(Tariff)
        .where(Tariff.machine_id == machine_id, Tariff.valid_from <= day)
        .order_by(Tariff.valid_from.desc(), Tariff.version.desc())
        .limit(1)
    ).first()


def terms_of(tariff: Tariff, price_class: str) -> Terms:
    """What a tariff says to a member or a guest."""
    return Terms(
        unit_price=tariff.guest_price if price_class == "guest" else tariff.member_price,
        small_per_unit=CHARGE_UNITS[tariff.charge_unit].small_per_unit,
        step_amount=tariff.step_amount,
        minimum_amount=tariff.minimum_amount,
        minimum_cents=tariff.minimum_cents,
        basis=tariff.basis,
    )


def _last_row(session: Session, usage_id: int) -> Charge | None:
    """The newest row of a slip, locked, so that two corrections at once follow each other."""
    return session.scalars(
        select(Charge).where(Charge.usage_id == usage_id).order_by(Charge.number.desc()).limit(1).with_for_update()
    ).first()


def _is_same(charge: Charge, slip: UsageSlip, tariff: Tariff, working: Working) -> bool:
    by_same = (charge.tariff_id, charge.member_id) == (tariff.id, slip.member_id)
    return by_same and Working.of_facts(charge.working) == working


def _charge(slip: UsageSlip, tariff: Tariff, working: Working, number: int, now: datetime) -> Charge:
    return Charge(
        usage_id=slip.id,
        number=number,
        member_id=slip.member_id,
        machine_id=slip.machine_id,
        tariff_id=tariff.id,
        service_date=slip.service_date,
        charged_amount=working.charged_amount,
        cents=working.cents,
        working=working.as_facts() | {"charge_unit": slip.charge_unit, "price_class": slip.price_class},
        created_at=now,
    )


def _reversal(charge: Charge, number: int, now: datetime) -> Charge:
    return Charge(
        usage_id=charge.usage_id,
        number=number,
        member_id=charge.member_id,
        machine_id=charge.machine_id,
        tariff_id=charge.tariff_id,
        service_date=charge.service_date,
        charged_amount=-charge.charged_amount,
        cents=-charge.cents,
        working=charge.working,
        reverses_id=charge.id,
        created_at=now,
    )


def _append(session: Session, charge: Charge, by: Actor, now: datetime) -> Charge:
    usage_id = charge.usage_id
    session.add(charge)
    try:
        session.flush()
    except IntegrityError as error:
        if not any(name in str(error.orig) for name in ONE_PER_SLIP):
            raise
        raise AlreadyCharged(usage_id=usage_id) from error
    announced = UseCharged(
        charge.id, usage_id, charge.member_id, charge.machine_id, charge.cents, reverses_id=charge.reverses_id
    )
    events.record(session, announced, by=by, at=now)
    return charge


def _note_unpriced(session: Session, slip: UsageSlip, now: datetime) -> None:
    if session.get(Unpriced, slip.id) is None:
        session.add(
            Unpriced(usage_id=slip.id, machine_id=slip.machine_id, service_date=slip.service_date, noted_at=now)
        )
        session.flush()
