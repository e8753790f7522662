"""Deposits: owed at hand-out on an account of their own, given back at hand-back or set off against the charge."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from unittest.mock import Mock

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import DatabaseError

from app.mail.models import Mail
from app.notifications import subscribers as mail_subscribers
from billing.closing.checklist import open_points
from billing.documents.drafts import drafts
from billing.errors.money_errors import WrongAmount, WrongPeriod
from billing.fees import deposits
from billing.fees.audit import broken_fees
from billing.fees.deposits import DepositEntry, deposit_on, set_deposit
from billing.fees.missed import fix_fee
from billing.fees.posting import reverse_fee
from billing.fees.terms import TermsEntry, set_terms
from billing.ledger.audit import broken_ledger
from billing.models import Fee, Ledger
from billing.period_names import named_period
from billing.queries.balances import balance_of, made_of
from billing.queries.fees import FeeFilter, deposit_of, fees
from billing.queries.ledger import trial_balance
from billing.queries.statements import statement
from billing.subscribers import FEES, SUBSCRIPTIONS
from billing.tariffs.tariffs import TariffEntry, enter_tariff
from booking import queries
from booking.kernel.deliveries import Failure, deliver
from booking.kernel.orm import table_of
from booking.kernel.transaction import write_transaction
from booking.models import Reservation
from booking.reservations.decisions import approve, report_no_show, take_back_no_show
from booking.use import usage
from booking.use.usage import Measurement
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY
from tests.integration.documents.documents_ring import able_to_issue
from tests.integration.money.test_allocations import do

TODAY = MONDAY.date()
START, END = MONDAY + timedelta(hours=1), MONDAY + timedelta(hours=3)


@pytest.fixture
def splitter(session, sample_ring):
    """A machine at 30.00 an hour that asks a deposit of 100.00."""
    do(session, set_deposit, sample_ring.splitter, DepositEntry(TODAY, 10_000))
    return sample_ring.splitter


def priced(session, machine_id):
    per_hour = {"member": Decimal(30), "guest": Decimal(30)}
    do(session, enter_tariff, machine_id, TariffEntry(TODAY - timedelta(days=30), per_hour))


def work(session, moment):
    """Deliver what waits, twice, as two workers would."""
    for _turn in range(2):
        for subscription in SUBSCRIPTIONS:
            with write_transaction(session):
                deliver(session, subscription, now=moment, limit=50)


def confirmed(session, machine_id, member_id):
    entered = reserve(session, machine_id, member_id, hours(MONDAY, 1, 3), now=MONDAY).id
    if session.get_one(Reservation, entered).status == "requested":
        with write_transaction(session):
            approve(session, entered, by=SOMEBODY, now=MONDAY)
    return entered


def out_without_worker(session, machine_id, member_id):
    entered = confirmed(session, machine_id, member_id)
    with write_transaction(session):
        usage.hand_out(session, entered, Measurement(), by=SOMEBODY, now=START)
    return entered


def handed_out(session, machine_id, member_id):
    entered = out_without_worker(session, machine_id, member_id)
    work(session, START)
    return entered


def handed_back(session, reservation_id, moment=END):
    with write_transaction(session):
        usage.hand_back(session, reservation_id, Measurement(), by=SOMEBODY, now=moment)
    work(session, moment)


def accounts(session, until=None):
    return {one.account.code: one.cents for one in trial_balance(session, until=until) if one.cents}


def is_sound(session):
    return not [*broken_ledger(session), *broken_fees(session)]


def test_a_deposit_is_held_while_the_machine_is_out(session, sample_ring, splitter):
    anna = sample_ring.anna
    priced(session, splitter)
    entered = handed_out(session, splitter, anna)
    assert (made_of(session, anna), accounts(session)) == (
        {"deposit": 10_000},
        {"receivables": 10_000, "deposits": -10_000},  # no income: the ring owes it
    )
    assert deposit_of(session, entered).reversed_by_id is None

    handed_back(session, entered)

    assert made_of(session, anna) == {"deposit": 0, "use": 6_000}
    assert accounts(session) == {"receivables": 6_000, "use_charges": -6_000}
    assert deposit_of(session, entered).reversed_by_id is not None
    assert statement(session, anna, date(2026, 1, 1), date(2026, 12, 31)).made_of == {"deposit": 0, "use": 6_000}
    assert [(one.kind, one.cents) for one in fees(session, FeeFilter())[0]] == [
        ("deposit", -10_000),
        ("deposit", 10_000),
    ]
    assert is_sound(session)


@pytest.mark.of_sqlite
def test_one_that_is_set_off_waits_for_the_charge(session, sample_ring, splitter):
    do(session, set_deposit, splitter, DepositEntry(TODAY, 10_000, is_set_off=True))
    entered = handed_out(session, splitter, sample_ring.anna)
    handed_back(session, entered)  # there is no tariff yet
    assert made_of(session, sample_ring.anna) == {"deposit": 10_000}
    year = named_period("2026")
    (held,) = [one for one in open_points(session, year) if one.code == "held"]
    assert (held.count, held.slips) == (1, (queries.slip_of_reservation(session, entered).id,))
    session.rollback()
    priced(session, splitter)
    work(session, END)
    assert made_of(session, sample_ring.anna) == {"deposit": 0, "use": 6_000}
    assert is_sound(session)
    assert "held" not in [one.code for one in open_points(session, year)]
    body = last_mail(session).body
    assert "was set off against it: €100.00." in body
    assert "The deposit with both its entries:" in body


@pytest.mark.of_sqlite
def test_one_whose_use_gets_no_price_is_taken_back_by_hand_and_once(session, sample_ring, splitter):
    do(session, set_deposit, splitter, DepositEntry(TODAY, 10_000, is_set_off=True))
    handed_back(session, handed_out(session, splitter, sample_ring.anna))
    (held,) = session.scalars(select(Fee)).all()
    do(session, reverse_fee, held.id, "No price.")
    assert made_of(session, sample_ring.anna) == {"deposit": 0}
    priced(session, splitter)
    work(session, END)
    assert made_of(session, sample_ring.anna) == {"deposit": 0, "use": 6_000}
    assert is_sound(session)


def last_mail(session):
    """Deliver to the subscribers of mails, and return what they queued last."""
    for subscription in mail_subscribers.SUBSCRIPTIONS:
        with write_transaction(session):
            deliver(session, subscription, now=END, limit=50)
    return session.scalars(select(Mail).where(Mail.subject.contains("eposit")).order_by(Mail.id.desc())).first()


@pytest.mark.of_sqlite
def test_a_return_is_posted_on_its_day_and_told_as_what_it_is(session, sample_ring, splitter):
    """Out in November, back in December: at the end of November the ring held it."""
    entered = handed_out(session, splitter, sample_ring.anna)
    handed_back(session, entered, END + timedelta(days=10))
    assert accounts(session, date(2026, 11, 30)) == {"receivables": 10_000, "deposits": -10_000}
    assert accounts(session) == {}
    told = last_mail(session)
    assert told.subject.endswith("Deposit given back: €100.00")
    assert "the machine is back" in told.body
    assert "no-show" not in told.body


@pytest.mark.of_sqlite
def test_uses_without_a_deposit_never_wait_for_the_ledger(session, sample_ring, splitter, monkeypatch):
    do(session, set_deposit, splitter, DepositEntry(TODAY, 0))
    monkeypatch.setattr(deposits, "lock_ledger", Mock(side_effect=AssertionError))
    entered = handed_out(session, splitter, sample_ring.anna)
    handed_back(session, entered)
    assert session.scalars(select(Failure.error)).all() == []


@pytest.mark.of_sqlite
def test_a_hand_out_that_is_delivered_after_the_hand_back_takes_nothing(session, sample_ring, splitter):
    entered = out_without_worker(session, splitter, sample_ring.anna)
    handed_back(session, entered)
    assert deposit_of(session, entered) is None


def test_a_no_show_that_was_taken_back_leaves_the_deposit_of_the_late_member(session, sample_ring, splitter):
    """The fee of the no-show is fixed, and the hand-out is delivered before the no-show is forgotten."""
    priced(session, splitter)
    do(session, set_terms, splitter, TermsEntry(TODAY, 100))
    anna, late = sample_ring.anna, START + timedelta(minutes=30)
    entered = confirmed(session, splitter, anna)
    with write_transaction(session):
        report_no_show(session, entered, by=SOMEBODY, now=late)
    work(session, late)
    with write_transaction(session):
        fix_fee(session, entered, by=FEES, now=END)
    with write_transaction(session):
        take_back_no_show(session, entered, by=SOMEBODY, now=late)
        usage.hand_out(session, entered, Measurement(), by=SOMEBODY, now=late)
    for subscription in reversed(SUBSCRIPTIONS):
        with write_transaction(session):
            deliver(session, subscription, now=late, limit=50)
    assert made_of(session, anna) == {"deposit": 10_000, "fee": 0}
    handed_back(session, entered)
    assert made_of(session, anna)["deposit"] == 0
    assert [number for (number,) in session.execute(select(Fee.number).order_by(Fee.number))] == [1, 2, 3, 4]
    assert is_sound(session)


@pytest.mark.of_sqlite
def test_a_deposit_stands_in_a_document_of_its_own_outside_vat(session, sample_ring, splitter):
    able_to_issue(session, sample_ring.anna)
    entered = handed_out(session, splitter, sample_ring.anna)
    (draft,) = drafts(session, TODAY)[sample_ring.anna].drafts
    assert [(line.fee_kind, line.cents, line.treatment.category) for line in draft.lines] == [("deposit", 10_000, "O")]
    handed_back(session, entered)
    assert sample_ring.anna not in drafts(session, TODAY)  # what goes back before it is invoiced needs no document


@pytest.mark.of_sqlite
def test_nothing_is_asked_without_terms_before_their_day_or_while_the_ledger_is_closed(session, sample_ring, splitter):
    tomorrow = TODAY + timedelta(days=1)
    do(session, set_deposit, splitter, DepositEntry(TODAY, 0))
    do(session, set_deposit, splitter, DepositEntry(tomorrow, 500))
    assert deposit_on(session, splitter, TODAY) is None
    assert deposit_on(session, splitter, tomorrow).cents == 500
    do(session, set_deposit, splitter, DepositEntry(TODAY, 100))
    with write_transaction(session):
        session.execute(update(Ledger).values(state="closed"))
    entered = handed_out(session, splitter, sample_ring.anna)
    handed_back(session, entered)
    assert balance_of(session, sample_ring.anna).cents == 0
    for wrong, error in (
        (DepositEntry(TODAY - timedelta(days=1), 1), WrongPeriod),
        (DepositEntry(date(2150, 1, 1), 1), WrongPeriod),
        (DepositEntry(TODAY, -1), WrongAmount),
    ):
        with pytest.raises(error):
            do(session, set_deposit, splitter, wrong)


def test_the_database_refuses_a_second_deposit_of_a_use(session, sample_ring, splitter):
    entered = handed_out(session, splitter, sample_ring.anna)
    fee = table_of(Fee)
    row = dict(session.execute(select(fee).where(fee.c.reservation_id == entered)).one()._mapping)
    del row["id"]
    with pytest.raises(DatabaseError, match=r"billing_fee_reservation|append-only"), write_transaction(session):
        session.execute(insert(fee).values(row))
    with pytest.raises(DatabaseError, match="ck_billing_fee_reservation"), write_transaction(session):
        session.execute(insert(fee).values(row | {"reservation_id": None, "number": None}))
