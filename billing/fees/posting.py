"""Entering fees and taking them back. Each is posted in the ledger in the same transaction.

The functions that write flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from billing.documents.treatment import VAT_CODES
from billing.errors.fee_errors import FeeNotFound
from billing.errors.money_errors import AlreadyReversed, LedgerClosed, WrongAmount, WrongPeriod, WrongText
from billing.events import FeePosted
from billing.fees.stock import give_back
from billing.fees.working import QUANTITY_DECIMALS, PricedFee, Working
from billing.ledger.entries import post_fee
from billing.ledger.posting import lock_ledger
from billing.ledger.posting_days import today_of_ring
from billing.limits import (
    CENTS_MAX,
    NAME_LENGTH_MAX,
    NOTE_LENGTH_MAX,
    PRICE_MAX,
    TAX_CODE_LENGTH_MAX,
    require_between,
    require_day,
    require_text,
)
from billing.models import Fee
from booking import queries
from booking.errors.schedule_errors import MemberNotFound
from booking.kernel import events
from booking.kernel.events import Actor

DUES, MATERIAL, OTHER = "dues", "material", "other"
ENTERED_KINDS = (MATERIAL, OTHER)  # by hand; the others have a rule of their own
QUANTITY_MAX, UNIT_LENGTH_MAX = Decimal(1_000_000), 20


@dataclass(frozen=True, slots=True)
class FeeInput:
    """A fee to be entered. kind: one of ENTERED_KINDS; text: what it is for, as the member reads it.

    service_date: the day of supply. tax_code: a VAT code; None: what is said for other lines of documents.
    """

    kind: str
    member_id: int
    service_date: date
    text: str
    quantity: Decimal
    unit_price: Decimal
    unit: str = ""
    machine_id: int | None = None
    tax_code: str | None = None


def enter_fee(session: Session, wanted: FeeInput, *, by: Actor, now: datetime, form_key: str | None = None) -> Fee:
    """Enter a fee of a member: it is owed at once.

    form_key: idempotency key of the caller; a second call with the same key returns the fee of the first.

    Raises MemberNotFound, MachineNotFound, WrongAmount, WrongText, WrongPeriod (a day to come, too), LedgerClosed.
    """
    require_open(session)
    if form_key is not None and (posted := session.scalar(select(Fee).where(Fee.form_key == form_key))):
        return posted
    working = _checked(session, wanted, now)
    fee = Fee(
        kind=wanted.kind,
        member_id=wanted.member_id,
        machine_id=wanted.machine_id,
        service_from=wanted.service_date,
        service_until=wanted.service_date,
        text=wanted.text.strip(),
        tax_code=wanted.tax_code,
        form_key=form_key,
    )
    return append(session, fee, working, by=by, now=now)


def reverse_fee(session: Session, fee_id: int, reason: str, *, by: Actor, now: datetime) -> Fee:
    """Post the exact mirror of a fee, linked to it. Raises FeeNotFound, AlreadyReversed, LedgerClosed, WrongText."""
    require_open(session)
    original = session.get(Fee, fee_id, populate_existing=True)
    if original is None:
        raise FeeNotFound(id=fee_id)
    require_text("reason", reason, NOTE_LENGTH_MAX, shortest=1)
    if original.reverses_id is not None or session.scalar(select(exists().where(Fee.reverses_id == fee_id))):
        raise AlreadyReversed(id=fee_id)
    return append_mirror(session, original, reason.strip(), by=by, now=now)


def append_mirror(session: Session, original: Fee, reason: str, *, by: Actor, now: datetime) -> Fee:
    """Store the mirror of an effective fee, and post it. reason: "" where a job takes it back.

    The caller has called require_open(), and has seen that it was not taken back before.
    """
    reversal = Fee(
        kind=original.kind,
        member_id=original.member_id,
        machine_id=original.machine_id,
        reservation_id=original.reservation_id,
        number=None if original.number is None else original.number + 1,
        service_from=original.service_from,
        service_until=original.service_until,
        text=reason,
        cents=-original.cents,
        calculation=original.calculation,
        tax_code=original.tax_code,
        reverses_id=original.id,
        made_at=now,
        made_by=by.user_id,
    )
    session.add(reversal)
    session.flush()
    give_back(session, reversal, by=by, now=now)  # before its entry, which the database refuses without
    return _append(session, reversal, by=by, now=now)


def append(session: Session, fee: Fee, working: Working, *, by: Actor, now: datetime) -> Fee:
    """Store a fee with its working, and post it. The caller has called require_open(); the cents are above zero."""
    fee.cents, fee.calculation = working.cents, working.as_json()
    fee.made_at, fee.made_by = now, by.user_id
    return _append(session, fee, by=by, now=now)


def require_open(session: Session) -> None:
    """Lock the ledger: fees are posted one after another. Raises LedgerClosed."""
    if lock_ledger(session).state != "open":
        raise LedgerClosed


def last_fee(session: Session, reservation_id: int, kinds: Collection[str]) -> Fee | None:
    """Return the newest fee or reversal of some kinds of a reservation; None where it never had one."""
    statement = select(Fee).where(Fee.reservation_id == reservation_id, Fee.kind.in_(kinds))
    return session.scalars(statement.order_by(Fee.number.desc()).limit(1)).first()


def next_number(session: Session, reservation_id: int) -> int:
    """Return the number of the next fee of a reservation: an odd one, as the even one after a fee is its reversal's."""
    last = session.scalar(select(func.max(Fee.number)).where(Fee.reservation_id == reservation_id)) or 0
    return last + 1 + last % 2


def check_price(working: PricedFee) -> None:
    """Refuse numbers that a fee cannot have. Raises WrongAmount, WrongText."""
    check_decimals("quantity", working.quantity, QUANTITY_DECIMALS, QUANTITY_MAX)
    check_decimals("unit_price", working.unit_price, 4, PRICE_MAX)
    require_text("unit", working.unit, UNIT_LENGTH_MAX)
    require_between("fee_cents", working.cents, 1, CENTS_MAX)


def check_vat_code(code: str | None) -> None:
    """Refuse what is no VAT code; None: what is said for other lines of documents. Raises WrongText."""
    if code not in (None, *VAT_CODES):
        raise WrongText(field="tax_code", limit=TAX_CODE_LENGTH_MAX, actual=len(code or ""))


def _checked(session: Session, wanted: FeeInput, now: datetime) -> PricedFee:
    if wanted.kind not in ENTERED_KINDS:
        raise ValueError(f"no kind {wanted.kind!r}")
    if not queries.member_names(session, [wanted.member_id]):
        raise MemberNotFound(id=wanted.member_id)
    if wanted.machine_id is not None:
        queries.machine_card(session, wanted.machine_id)
    require_day("service_date", wanted.service_date)
    if wanted.service_date > today_of_ring(session, now):
        raise WrongPeriod(field="service_date", period_from=wanted.service_date, period_until=wanted.service_date)
    require_text("text", wanted.text, NAME_LENGTH_MAX, shortest=1)
    check_vat_code(wanted.tax_code)
    working = PricedFee(wanted.quantity, wanted.unit_price, wanted.unit.strip())
    check_price(working)
    return working


def check_decimals(field: str, number: Decimal, decimals: int, highest: Decimal) -> None:
    """Refuse a number that is not above zero, is too high or too fine. Raises WrongAmount."""
    least = Decimal(1).scaleb(-decimals)
    require_between(field, number, least, highest)
    if round(number, decimals) != number:
        raise WrongAmount(field=field, lowest=least, highest=highest, actual=number)


def _append(session: Session, fee: Fee, *, by: Actor, now: datetime) -> Fee:
    session.add(fee)
    session.flush()
    events.record(session, FeePosted.of(fee), by=by, at=now)
    post_fee(session, fee, by=by, now=now)
    return fee
