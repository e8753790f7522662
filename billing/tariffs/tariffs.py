"""Entering tariffs: each is valid from a day on, and can be changed only while it has priced nothing.

The functions that write flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session, aliased

from billing.charges import charges
from billing.errors.money_errors import TariffInUse, TariffNotFound
from billing.ledger.posting import lock_ledger
from billing.limits import (
    AMOUNT_MAX,
    CENTS_MAX,
    NOTE_LENGTH_MAX,
    PRICE_MAX,
    require_between,
    require_day,
    require_text,
)
from billing.models import Charge, Tariff, TariffPrice
from billing.prices.price_vat import VatTerms
from billing.prices.pricing import BASES, USED
from billing.prices.tariff_parts import NO_PARTS, TariffParts, checked, require_price
from billing.tariff_terms import set_parts
from billing.tariff_vat import require_vat, ring_taxation, vat_terms
from booking import queries
from booking.events.reservation_events import RecordChanged
from booking.kernel import events, revisions
from booking.kernel.events import Actor


@dataclass(frozen=True, slots=True)
class TariffEntry:
    """The content of a tariff. Prices by price class, in euro per charge unit; amounts in small units.

    Uses of a member whose class has no price stay unpriced. step_amount: use is rounded up to whole steps.
    minimum_amount: the smallest amount charged for a use. minimum_cents: the lowest price of a use. basis: see
    billing/prices/pricing.py. parts: lines, tiers, surcharges. cap_day_cents: the most that a member pays for a day.
    tax_code: of the VAT of its charges; None: no tax is computed. price_includes_vat: else that VAT is added.
    """

    valid_from: date
    prices: Mapping[str, Decimal]
    step_amount: int = 1
    minimum_amount: int = 0
    minimum_cents: int = 0
    basis: str = USED
    note: str = ""
    parts: TariffParts = NO_PARTS
    cap_day_cents: int | None = None
    tax_code: str | None = None
    price_includes_vat: bool = True


def enter_tariff(
    session: Session,
    machine_id: int,
    entry: TariffEntry,
    *,
    by: Actor,
    now: datetime,
    reprice: bool = False,
) -> Tariff:
    """Enter a tariff of a machine, in the charge unit of the machine.

    The previous tariff ends the day before. Unpriced slips are priced at once, uses priced already within the new
    validity again (reversal and new charge) if `reprice` is true.

    Raises MachineNotFound, WrongAmount, WrongPeriod, WrongText, WrongTiers, SameName, TariffInUse (it priced uses),
    VatUnknown.
    """
    card = queries.machine_card(session, machine_id)
    parts = check_entry(entry, card.charge_unit)
    entry_vat(session, entry)
    lock_ledger(session)  # whoever prices a slip at this moment is seen, or sees this tariff
    affected = _priced_within(session, machine_id, entry.valid_from)
    if affected and not reprice:
        raise TariffInUse(charges=len(affected))
    tariff = Tariff(
        machine_id=machine_id,
        version=_next_version(session, machine_id, entry.valid_from),
        charge_unit=card.charge_unit,
        created_at=now,
    )
    _assign(tariff, entry)
    session.add(tariff)
    session.flush()
    _set_content(session, tariff, entry.prices, parts)
    _record_change(session, tariff, by, now)
    for usage_id in affected:
        charges.charge_for(session, usage_id, by=by, now=now)
    charges.charge_unpriced(session, machine_id, entry.valid_from, by=by, now=now)
    return tariff


def change_tariff(
    session: Session, tariff_id: int, entry: TariffEntry, *, by: Actor, now: datetime, revision: int | None = None
) -> Tariff:
    """Change a tariff that has not priced a use yet.

    Raises TariffNotFound, StaleRevision, TariffInUse, WrongAmount, WrongPeriod, WrongText, WrongTiers, SameName,
    VatUnknown.
    """
    lock_ledger(session)  # before the tariff, as whoever prices a slip
    tariff = _unused(session, tariff_id, revision)
    parts = check_entry(entry, tariff.charge_unit)
    entry_vat(session, entry)
    if affected := _priced_within(session, tariff.machine_id, entry.valid_from):
        raise TariffInUse(charges=len(affected))
    since = min(tariff.valid_from, entry.valid_from)  # where it begins later, the tariff before it may price what waits
    if entry.valid_from != tariff.valid_from:
        tariff.version = _next_version(session, tariff.machine_id, entry.valid_from)
    _assign(tariff, entry)
    _set_content(session, tariff, entry.prices, parts)
    tariff.revision += 1
    _record_change(session, tariff, by, now)
    charges.charge_unpriced(session, tariff.machine_id, since, by=by, now=now)
    return tariff


def withdraw_tariff(session: Session, tariff_id: int, *, by: Actor, now: datetime, revision: int | None = None) -> None:
    """Delete a tariff that has not priced a use yet. What it left without a price may get one by the tariff before it.

    Raises TariffNotFound, StaleRevision, TariffInUse.
    """
    lock_ledger(session)  # before the tariff, as whoever prices a slip
    tariff = _unused(session, tariff_id, revision)
    machine_id, since = tariff.machine_id, tariff.valid_from
    _set_content(session, tariff, {}, NO_PARTS)
    session.delete(tariff)
    session.flush()
    events.record(session, RecordChanged(table="tariff", record_id=tariff_id, what="withdrawn"), by=by, at=now)
    charges.charge_unpriced(session, machine_id, since, by=by, now=now)


def check_entry(entry: TariffEntry, charge_unit: str) -> TariffParts:
    """Return the parts of a tariff in order. Raises WrongAmount, WrongPeriod, WrongText, WrongTiers, SameName."""
    require_day("valid_from", entry.valid_from)
    if not entry.prices:
        raise ValueError("a tariff without a price")
    for price_class, price in entry.prices.items():
        require_price(f"prices.{price_class}", price, Decimal(0), PRICE_MAX)
    require_between("step_amount", entry.step_amount, 1, AMOUNT_MAX)
    require_between("minimum_amount", entry.minimum_amount, 0, AMOUNT_MAX)
    require_between("minimum_cents", entry.minimum_cents, 0, CENTS_MAX)
    require_text("note", entry.note, NOTE_LENGTH_MAX)
    if entry.cap_day_cents is not None:
        require_between("cap_day_cents", entry.cap_day_cents, 1, CENTS_MAX)
    require_vat(entry.tax_code, is_included=entry.price_includes_vat)
    if entry.basis not in BASES:
        raise ValueError(f"no basis {entry.basis!r}")
    return checked(entry.parts, charge_unit, entry.prices)


def entry_vat(session: Session, entry: TariffEntry) -> VatTerms | None:
    """Return the VAT on the first day of a tariff. Raises VatUnknown where it is to be added and not known."""
    if entry.tax_code is None:
        return None
    taxation = ring_taxation(session)
    return vat_terms(taxation, entry.tax_code, entry.valid_from, is_included=entry.price_includes_vat)


def _assign(tariff: Tariff, entry: TariffEntry) -> None:
    tariff.valid_from = entry.valid_from
    tariff.step_amount, tariff.minimum_amount = entry.step_amount, entry.minimum_amount
    tariff.minimum_cents, tariff.cap_day_cents = entry.minimum_cents, entry.cap_day_cents
    tariff.basis, tariff.note = entry.basis, entry.note.strip()
    tariff.tax_code, tariff.price_includes_vat = entry.tax_code, entry.price_includes_vat


def _set_content(session: Session, tariff: Tariff, prices: Mapping[str, Decimal], parts: TariffParts) -> None:
    """Replace the prices and parts of a tariff."""
    _set_prices(session, tariff.id, prices)
    set_parts(session, tariff, parts)


def _set_prices(session: Session, tariff_id: int, prices: Mapping[str, Decimal]) -> None:
    stored = {row.price_class: row for row in session.scalars(select(TariffPrice).filter_by(tariff_id=tariff_id))}
    for price_class, price in prices.items():
        row = stored.pop(price_class, None)
        if row is None:
            session.add(TariffPrice(tariff_id=tariff_id, price_class=price_class, price=price))
        else:
            row.price = price
    for row in stored.values():
        session.delete(row)
    session.flush()


def _record_change(session: Session, tariff: Tariff, by: Actor, now: datetime) -> None:
    session.flush()
    events.record(session, RecordChanged(table="tariff", record_id=tariff.id), by=by, at=now)


def _unused(session: Session, tariff_id: int, revision: int | None) -> Tariff:
    tariff = revisions.locked(session, Tariff, tariff_id, missing=TariffNotFound, revision=revision)
    priced = session.scalar(select(func.count()).select_from(Charge).where(Charge.tariff_id == tariff_id))
    if priced:
        raise TariffInUse(charges=priced)
    return tariff


def _next_version(session: Session, machine_id: int, valid_from: date) -> int:
    of_the_day = select(func.max(Tariff.version)).where(
        Tariff.machine_id == machine_id, Tariff.valid_from == valid_from
    )
    return (session.scalar(of_the_day) or 0) + 1


def _priced_within(session: Session, machine_id: int, valid_from: date) -> list[int]:
    """Return the slips whose effective charge is dated between a day and the start of the next tariff."""
    reversal = aliased(Charge)
    next_from = session.scalar(
        select(func.min(Tariff.valid_from)).where(Tariff.machine_id == machine_id, Tariff.valid_from > valid_from)
    )
    wanted: list[ColumnElement[bool]] = [
        Charge.machine_id == machine_id,
        Charge.service_date >= valid_from,
        Charge.number % 2 == 1,  # no reversal; see queries/charges.py for the reason
        ~exists().where(reversal.reverses_id == Charge.id),
    ]
    if next_from is not None:
        wanted.append(Charge.service_date < next_from)
    in_order = (Charge.service_date, Charge.usage_id)  # what an earlier use took of a cap is known before a later one
    return list(session.scalars(select(Charge.usage_id).where(*wanted).order_by(*in_order)))
