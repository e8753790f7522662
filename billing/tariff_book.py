"""The tariffs of the machines: entered with the day from which they are valid, changed only while unused.

Verbs are given the session and the time, flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session, aliased

from billing import charges
from billing.errors import TariffInUse, TariffNotFound, WrongAmount
from billing.limits import AMOUNT_MAX, CENTS_MAX, NOTE_LENGTH_MAX, PRICE_MAX, require_between, require_day, require_text
from billing.models import Charge, Tariff
from billing.tariffs import BASES, USED
from booking import queries
from booking.announcements import RecordChanged
from booking.kernel import events, revisions
from booking.kernel.events import Actor

PRICE_DIGITS = 4  # a hundredth of a cent


@dataclass(frozen=True, slots=True)
class TariffEntry:
    """What a treasurer says about a tariff. Prices in euro per charge unit, amounts in small units.

    step_amount: use is rounded up to whole steps. minimum_amount: the least amount of a use.
    minimum_cents: the least price of a use. basis: see billing/tariffs.py.
    """

    valid_from: date
    member_price: Decimal
    guest_price: Decimal
    step_amount: int = 1
    minimum_amount: int = 0
    minimum_cents: int = 0
    basis: str = USED
    note: str = ""


def enter_tariff(
    session: Session, machine_id: int, entry: TariffEntry, *, by: Actor, now: datetime, reprice: bool = False
) -> Tariff:
    """Write a tariff of a machine into the book, in the unit in which the machine is charged.

    It ends the one before it on its first day. Slips that waited for a tariff are priced at once. Uses that
    are already priced within its validity are priced anew (reversal and new charge) when `reprice` says so.

    Raises MachineNotFound, WrongAmount, WrongPeriod, WrongText, TariffInUse (uses are priced already).
    """
    card = queries.machine_card(session, machine_id)
    _check(entry)
    affected = _priced_within(session, machine_id, entry.valid_from)
    if affected and not reprice:
        raise TariffInUse(charges=len(affected))
    tariff = Tariff(
        machine_id=machine_id,
        version=_next_version(session, machine_id, entry.valid_from),
        charge_unit=card.charge_unit,
        created_at=now,
    )
    _write(tariff, entry)
    session.add(tariff)
    _note_change(session, tariff, by, now)
    for usage_id in affected:
        charges.charge_for(session, usage_id, by=by, now=now)
    charges.charge_waiting(session, machine_id, entry.valid_from, by=by, now=now)
    return tariff


def change_tariff(
    session: Session, tariff_id: int, entry: TariffEntry, *, by: Actor, now: datetime, revision: int | None = None
) -> Tariff:
    """Change a tariff that has not priced anything yet.

    Raises TariffNotFound, StaleRevision, TariffInUse, WrongAmount, WrongPeriod, WrongText.
    """
    tariff = _unused(session, tariff_id, revision)
    _check(entry)
    if affected := _priced_within(session, tariff.machine_id, entry.valid_from):
        raise TariffInUse(charges=len(affected))
    if entry.valid_from != tariff.valid_from:
        tariff.version = _next_version(session, tariff.machine_id, entry.valid_from)
    _write(tariff, entry)
    tariff.revision += 1
    _note_change(session, tariff, by, now)
    charges.charge_waiting(session, tariff.machine_id, entry.valid_from, by=by, now=now)
    return tariff


def withdraw_tariff(session: Session, tariff_id: int, *, by: Actor, now: datetime, revision: int | None = None) -> None:
    """Take a tariff that has not priced anything out of the book.

    Raises TariffNotFound, StaleRevision, TariffInUse.
    """
    tariff = _unused(session, tariff_id, revision)
    session.delete(tariff)
    session.flush()
    events.record(session, RecordChanged("tariff", tariff_id, "withdrawn"), by=by, at=now)


def _check(entry: TariffEntry) -> None:
    require_day(entry.valid_from)
    for field, price in (("member_price", entry.member_price), ("guest_price", entry.guest_price)):
        require_between(field, price, Decimal(0), PRICE_MAX)
        if round(price, PRICE_DIGITS) != price:
            raise WrongAmount(field=field, lowest=Decimal(0), highest=PRICE_MAX, actual=price)
    require_between("step_amount", entry.step_amount, 1, AMOUNT_MAX)
    require_between("minimum_amount", entry.minimum_amount, 0, AMOUNT_MAX)
    require_between("minimum_cents", entry.minimum_cents, 0, CENTS_MAX)
    require_text("note", entry.note, NOTE_LENGTH_MAX)
    if entry.basis not in BASES:
        raise ValueError(f"no basis {entry.basis!r}")


def _write(tariff: Tariff, entry: TariffEntry) -> None:
    tariff.valid_from = entry.valid_from
    tariff.member_price, tariff.guest_price = entry.member_price, entry.guest_price
    tariff.step_amount, tariff.minimum_amount = entry.step_amount, entry.minimum_amount
    tariff.minimum_cents = entry.minimum_cents
    tariff.basis, tariff.note = entry.basis, entry.note.strip()


def _note_change(session: Session, tariff: Tariff, by: Actor, now: datetime) -> None:
    session.flush()
    events.record(session, RecordChanged("tariff", tariff.id), by=by, at=now)


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
    """The slips whose present charge lies between a day and the beginning of the next tariff."""
    reversal = aliased(Charge)
    next_from = session.scalar(
        select(func.min(Tariff.valid_from)).where(Tariff.machine_id == machine_id, Tariff.valid_from > valid_from)
    )
    wanted: list[ColumnElement[bool]] = [
        Charge.machine_id == machine_id,
        Charge.service_date >= valid_from,
        Charge.number % 2 == 1,  # no reversal; see slip_prices.py for why by the number
        ~exists().where(reversal.reverses_id == Charge.id),
    ]
    if next_from is not None:
        wanted.append(Charge.service_date < next_from)
    return list(session.scalars(select(Charge.usage_id).where(*wanted).order_by(Charge.usage_id)))
