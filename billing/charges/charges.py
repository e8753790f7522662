"""Pricing usage slips: one charge per slip; a correction is a reversal with a new charge.

The functions that write flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from billing.charges.slip_prices import price_of_slip, priced_after
from billing.errors.money_errors import AlreadyCharged, NotHandedBack
from billing.events import UseCharged
from billing.ledger.entries import post_charge
from billing.ledger.posting import lock_ledger
from billing.models import Charge, Tariff, Unpriced
from billing.prices.pricing import PriceCalculation
from billing.prices.slip_pricing import CHOSEN
from billing.prices.working import LINE
from billing.tariff_terms import parts_of, terms_of, waits_for_vat
from booking import queries
from booking.charge_units import CHARGE_UNITS
from booking.kernel import events
from booking.kernel.events import Actor
from booking.kernel.orm import table_of
from booking.queries import UsageSlip
from booking.queries.other_amounts import NOTHING_BESIDE, beside_amounts

ONE_PER_SLIP = ("ix_billing_charge_usage_id", "billing_charge is append-only")  # PostgreSQL, SQLite


def charge_for(session: Session, usage_id: int, *, by: Actor, now: datetime) -> Charge | None:
    """Price a slip by the tariff of its day, or again if the slip or the tariff has changed since.

    Idempotent: without a change the present charge is returned. Returns None if no tariff of the machine is valid
    on the day of service in the slip's unit, it has no price for the class of the slip, or no line for what the slip
    has; the slip is then entered in billing_unpriced. A charge stays without such a tariff, but is reversed when the
    slip got another class, other amounts or variants: nobody pays for what is not on the slip. Later slips whose price
    depends on this one (cap of a day, free amount of a month) are priced again.

    Raises NotFound, NotHandedBack, AlreadyCharged (another transaction priced the slip at this moment).
    """
    made, changed = _charge_one(session, usage_id, by, now)
    if changed is not None:
        for later_id in priced_after(session, changed):
            _charge_one(session, later_id, by, now)
    return made


def _charge_one(session: Session, usage_id: int, by: Actor, now: datetime) -> tuple[Charge | None, Charge | None]:
    """Return the charge of a slip, and the one that was posted now if later slips may depend on it."""
    lock_ledger(session)  # before the rows of the slip, as each use case that posts; what is read then is the newest
    slip = queries.usage_slip(session, usage_id)
    if slip.used_amount is None:
        raise NotHandedBack(usage_id=usage_id)
    last = _last_row(session, usage_id)
    present = last if last is not None and last.reverses_id is None else None
    priced = _priced(session, slip)
    if priced is None:
        return _without_price(session, slip, present, by, now)
    tariff, calculation, looks_back = priced
    session.execute(delete(Unpriced).where(Unpriced.usage_id == usage_id))
    if present is not None and _is_same(present, slip, tariff, calculation):
        return present, None
    number = last.number if last is not None else 0
    if present is not None:
        number += 1
        _append(session, _reversal(present, number, now), by, now)
    made = _append(session, new_charge(slip, tariff, calculation, number + 1, now), by, now)
    return made, made if looks_back else None


def _priced(session: Session, slip: UsageSlip) -> tuple[Tariff, PriceCalculation, bool] | None:
    """Return the tariff and the price of a slip, and whether others depend on it; None where there is no price."""
    tariff = tariff_on(session, slip.machine_id, slip.service_date, for_charge=True)
    if tariff is None or tariff.charge_unit != slip.charge_unit:
        return None
    terms = terms_of(session, tariff, slip.price_class, slip.service_date)
    calculation = None if terms is None else price_of_slip(session, slip, tariff, terms)
    return None if terms is None or calculation is None else (tariff, calculation, terms.looks_back)


def _without_price(
    session: Session, slip: UsageSlip, present: Charge | None, by: Actor, now: datetime
) -> tuple[Charge | None, Charge | None]:
    """Note a slip that no tariff prices; reverse its charge if that is of another class or another amount."""
    reversal = None
    if present is not None and not _is_of_slip(session, present, slip):
        reversal = _append(session, _reversal(present, present.number + 1, now), by, now)
        present = None
    if present is None or waits_for_rate(session, slip):  # with a charge: priced again when the rate is entered
        _note_unpriced(session, slip, now)
    return present, reversal


def waits_for_rate(session: Session, slip: UsageSlip) -> bool:
    """Return whether the tariff of a slip adds a VAT whose rate on its day is not known."""
    tariff = tariff_on(session, slip.machine_id, slip.service_date)
    return tariff is not None and waits_for_vat(session, tariff, slip.service_date)


def _is_of_slip(session: Session, charge: Charge, slip: UsageSlip) -> bool:
    """Return whether a charge is for the class, the amounts and the variants that its slip has now."""
    priced = PriceCalculation.from_json(charge.calculation)
    if (charge.price_class, priced.used_amount) != (slip.price_class, slip.used_amount):
        return False
    beside = beside_amounts(session, [slip.id]).get(slip.id, NOTHING_BESIDE)
    charged = {
        one.name: one.used_amount
        for one in priced.lines
        if one.kind == LINE and not CHARGE_UNITS[one.charge_unit].from_clock
    }
    if {name: amount for name, amount in charged.items() if amount} != {
        one.name: one.amount for one in beside.amounts if one.amount
    }:
        return False
    if not priced.charged_amount and not priced.lines:
        return True  # a use of nothing costs nothing, whatever was chosen: no variant stands in its working
    parts = parts_of(session, [charge.tariff_id])[charge.tariff_id]
    variants = {one.name for one in parts.adjustments if one.applies == CHOSEN}
    return variants.intersection(one.name for one in priced.lines) == set(beside.choices)


def charge_unpriced(session: Session, machine_id: int, since: date, *, by: Actor, now: datetime) -> int:
    """Price the unpriced slips of a machine from a day on and return how many got a price."""
    unpriced = session.scalars(
        select(Unpriced.usage_id)
        .where(Unpriced.machine_id == machine_id, Unpriced.service_date >= since)
        .order_by(Unpriced.service_date, Unpriced.usage_id)  # as they depend on each other: none is priced twice
    ).all()
    return sum(charge_for(session, usage_id, by=by, now=now) is not None for usage_id in unpriced)


def charge_waiting_for_vat(session: Session, *, by: Actor, now: datetime) -> int:
    """Price what had no price because a rate of VAT, or how the ring is taxed, was not entered; return how many."""
    lock_ledger(session)  # whoever found no rate a moment ago has noted its slip, or reads the rate after this
    wanted = select(Unpriced.machine_id).where(Tariff.machine_id == Unpriced.machine_id, ~Tariff.price_includes_vat)
    machine_ids = session.scalars(wanted.distinct().order_by(Unpriced.machine_id)).all()
    return sum(charge_unpriced(session, machine_id, date.min, by=by, now=now) for machine_id in machine_ids)


def tariff_on(session: Session, machine_id: int, day: date, *, for_charge: bool = False) -> Tariff | None:
    """Return the tariff of a machine that is valid on a day: the latest one, in its highest version.

    for_charge: lock it, so that neither it nor its prices change before the charge is posted.
    """
    statement = (
        select(Tariff)
        .where(Tariff.machine_id == machine_id, Tariff.valid_from <= day)
        .order_by(Tariff.valid_from.desc(), Tariff.version.desc())
        .limit(1)
    )
    if for_charge:
        locked = statement.with_for_update(read=True, key_share=True)
        statement = locked.execution_options(populate_existing=True)
    return session.scalars(statement).first()


def _last_row(session: Session, usage_id: int) -> Charge | None:
    """Return the newest row of a slip, locked, so that concurrent corrections are serialised."""
    return session.scalars(
        select(Charge).where(Charge.usage_id == usage_id).order_by(Charge.number.desc()).limit(1).with_for_update()
    ).first()


def _is_same(charge: Charge, slip: UsageSlip, tariff: Tariff, calculation: PriceCalculation) -> bool:
    charged_by = (charge.tariff_id, charge.member_id, charge.price_class)
    has_same_parties = charged_by == (tariff.id, slip.member_id, slip.price_class)
    return has_same_parties and PriceCalculation.from_json(charge.calculation) == calculation


def new_charge(slip: UsageSlip, tariff: Tariff, calculation: PriceCalculation, number: int, now: datetime) -> Charge:
    """Return the charge of a slip, not added yet."""
    return Charge(
        usage_id=slip.id,
        number=number,
        member_id=slip.member_id,
        machine_id=slip.machine_id,
        tariff_id=tariff.id,
        service_date=slip.service_date,
        price_class=slip.price_class,
        charge_unit=slip.charge_unit,
        charged_amount=calculation.charged_amount,
        cents=calculation.cents,
        added_vat_cents=calculation.added_vat_cents,
        calculation=calculation.as_json(),
        tax_code=tariff.tax_code,
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
        price_class=charge.price_class,
        charge_unit=charge.charge_unit,
        charged_amount=-charge.charged_amount,
        cents=-charge.cents,
        added_vat_cents=-charge.added_vat_cents,
        calculation=charge.calculation,
        tax_code=charge.tax_code,
        reverses_id=charge.id,
        created_at=now,
    )


def insert_first(session: Session, charges: Sequence[Charge]) -> None:
    """Insert the first charges of slips in their order, and give each its id; they stay outside the session.

    Raises AlreadyCharged (another transaction priced a slip at this moment).
    """
    table = table_of(Charge)
    names = [column.name for column in table.c if column.name != "id"]
    rows = [{name: getattr(one, name) for name in names} for one in charges]
    usage_ids = [one.usage_id for one in charges]
    try:
        session.connection().execute(insert(table), rows)
    except IntegrityError as error:
        if not _is_doubled(error):
            raise
        raise AlreadyCharged(usage_id=usage_ids[0]) from error
    wanted = select(Charge.usage_id, Charge.id).where(Charge.usage_id.in_(usage_ids), Charge.number == 1)
    ids = {row.usage_id: row.id for row in session.execute(wanted)}
    for one in charges:
        one.id = ids[one.usage_id]


def _is_doubled(error: IntegrityError) -> bool:
    """Return whether the database refused a second effective charge of a slip."""
    return any(name in str(error.orig) for name in ONE_PER_SLIP)


def _append(session: Session, charge: Charge, by: Actor, now: datetime) -> Charge:
    usage_id = charge.usage_id
    session.add(charge)
    try:
        session.flush()
    except IntegrityError as error:
        if not _is_doubled(error):
            raise
        raise AlreadyCharged(usage_id=usage_id) from error
    events.record(session, UseCharged.of(charge), by=by, at=now)
    post_charge(session, charge, by=by, now=now)
    return charge


def _note_unpriced(session: Session, slip: UsageSlip, now: datetime) -> None:
    if session.get(Unpriced, slip.id) is None:
        session.add(
            Unpriced(usage_id=slip.id, machine_id=slip.machine_id, service_date=slip.service_date, noted_at=now)
        )
        session.flush()
