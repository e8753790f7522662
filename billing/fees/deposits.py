"""Deposits: owed when a machine is handed out, given back when it comes back, or set off against its charge.

A deposit is a fee of its own kind on an account of its own, a liability of the ring: it is no income, and outside VAT.
What the member gets back is its exact mirror. The functions that write flush and never commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from billing.errors.money_errors import WrongPeriod
from billing.fees.posting import append, append_mirror, last_fee, next_number
from billing.fees.working import PricedFee
from billing.ledger.posting import lock_ledger
from billing.ledger.posting_days import today_of_ring
from billing.limits import CENTS_MAX, require_between, require_day
from billing.models import DepositTerms, Fee
from booking import queries
from booking.events.reservation_events import RecordChanged
from booking.kernel import events
from booking.kernel.events import Actor
from booking.times.wall_clock import local_day

DEPOSIT, OUTSIDE = "deposit", "outside"


@dataclass(frozen=True, slots=True)
class DepositEntry:
    """What a machine asks at hand-out from a day on; 0 cents: nothing. is_set_off: against the charge of the use."""

    valid_from: date
    cents: int
    is_set_off: bool = False


def set_deposit(session: Session, machine_id: int, entry: DepositEntry, *, by: Actor, now: datetime) -> DepositTerms:
    """Enter the deposit of a machine, or replace the one that begins on the same day.

    Raises MachineNotFound, WrongPeriod (the day is over), WrongAmount.
    """
    queries.machine_card(session, machine_id)
    require_day("valid_from", entry.valid_from)
    if entry.valid_from < today_of_ring(session, now):
        raise WrongPeriod(field="valid_from", period_from=entry.valid_from, period_until=entry.valid_from)
    require_between("cents", entry.cents, 0, CENTS_MAX)
    key = (machine_id, entry.valid_from)
    row = session.get(DepositTerms, key, with_for_update=True, populate_existing=True)
    if row is None:
        row = DepositTerms(machine_id=machine_id, valid_from=entry.valid_from)
        session.add(row)
    row.cents, row.is_set_off = entry.cents, entry.is_set_off
    session.flush()
    events.record(session, RecordChanged(table="deposit_terms", record_id=machine_id), by=by, at=now)
    return row


def deposit_on(session: Session, machine_id: int, day: date) -> DepositEntry | None:
    """Return what a machine asks when it is handed out on a day; None where it asks nothing."""
    statement = select(DepositTerms).where(DepositTerms.machine_id == machine_id, DepositTerms.valid_from <= day)
    row = session.scalars(statement.order_by(DepositTerms.valid_from.desc()).limit(1)).first()
    return None if row is None or not row.cents else DepositEntry(row.valid_from, row.cents, row.is_set_off)


def deposit_history(session: Session, machine_id: int) -> tuple[DepositEntry, ...]:
    """Return all that a machine asked, the newest first."""
    statement = select(DepositTerms).where(DepositTerms.machine_id == machine_id)
    rows = session.scalars(statement.order_by(DepositTerms.valid_from.desc()))
    return tuple(DepositEntry(row.valid_from, row.cents, row.is_set_off) for row in rows)


def take_deposit(session: Session, usage_id: int, *, by: Actor, now: datetime) -> Fee | None:
    """Post the deposit of a use whose machine was handed out; None where nothing is asked, or the ledger is not open.

    Idempotent: a use has one deposit at a time, which the numbers of the fees of its reservation ensure. None as well
    where the machine came back before the event of its hand-out was delivered: nothing would give the deposit back.
    """
    slip = queries.usage_slip(session, usage_id)
    if slip.reservation_id is None or slip.handed_back_at is not None:
        return None
    day = local_day(slip.handed_out_at, queries.machine_card(session, slip.machine_id).zone)
    asked = deposit_on(session, slip.machine_id, day)
    if asked is None or lock_ledger(session).state != "open":
        return None
    if last_fee(session, slip.reservation_id, (DEPOSIT,)) is not None:
        return None  # taken already, also where it was given back since
    fee = Fee(
        kind=DEPOSIT,
        member_id=slip.member_id,
        machine_id=slip.machine_id,
        reservation_id=slip.reservation_id,
        number=next_number(session, slip.reservation_id),
        service_from=day,
        service_until=day,
        text="",
        tax_code=OUTSIDE,
    )
    return append(session, fee, PricedFee(Decimal(1), Decimal(asked.cents).scaleb(-2)), by=by, now=now)


def give_back_deposit(
    session: Session, reservation_id: int | None, *, is_priced: bool, by: Actor, now: datetime
) -> Fee | None:
    """Post the mirror of a deposit that is held for a reservation; None where there is none, or it is held on.

    is_priced: whether the use has its charge. One that is set off waits for that; every other one goes back at
    hand-back.
    """
    if reservation_id is None or _held(session, reservation_id) is None or lock_ledger(session).state != "open":
        return None
    held = _held(session, reservation_id)  # again, as nobody else gives it back now
    if held is None or (not is_priced and held.machine_id and is_set_off(session, held.machine_id, held.service_from)):
        return None
    return append_mirror(session, held, "", by=by, now=now)


def held_for(session: Session, until: date) -> Sequence[int]:
    """Return the reservations until a day for which a deposit is held."""
    back = aliased(Fee)
    is_held = Fee.kind == DEPOSIT, Fee.reverses_id.is_(None), ~exists().where(back.reverses_id == Fee.id)
    found = session.scalars(select(Fee.reservation_id).where(*is_held, Fee.service_from <= until).order_by(Fee.id))
    return [one for one in found if one is not None]


def is_set_off(session: Session, machine_id: int, day: date) -> bool:
    """Return whether a deposit of a machine that was handed out on a day is set off against the charge."""
    asked = deposit_on(session, machine_id, day)
    return asked is not None and asked.is_set_off


def _held(session: Session, reservation_id: int) -> Fee | None:
    last = last_fee(session, reservation_id, (DEPOSIT,))
    return None if last is None or last.reverses_id is not None else last
