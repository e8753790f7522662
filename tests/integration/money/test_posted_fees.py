"""Fees that are no use of a machine: posted with their source, taken back by their mirror, proved by their working."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import DatabaseError

from billing.closing.periods import close_period, preview_closing
from billing.documents.drafts import drafts
from billing.errors.fee_errors import FeeNotFound, NobodyOwesDues, StaleDues
from billing.errors.money_errors import (
    AlreadyReversed,
    LedgerClosed,
    WrongAmount,
    WrongPeriod,
    WrongText,
)
from billing.fees.audit import broken_fees
from billing.fees.dues import DuesInput, post_dues, preview_dues
from billing.fees.posting import enter_fee, reverse_fee
from billing.ledger.audit import broken_ledger
from billing.models import Entry, Fee, Ledger
from billing.queries.balances import balance_lines, balance_of, made_of
from billing.queries.fees import FeeFilter, fee, fee_totals, fees
from billing.queries.ledger import trial_balance
from booking.errors.schedule_errors import MemberNotFound
from booking.kernel.transaction import write_transaction
from booking.models import Member
from tests.conftest import MONDAY
from tests.integration.documents.documents_ring import TODAY, able_to_issue
from tests.integration.money.harvester_pool import do
from tests.integration.money.test_money_audits import tamper


@pytest.fixture
def yearly():
    classes = frozenset({"member"})
    return DuesInput(date(2026, 1, 1), date(2026, 12, 31), TODAY, 6_000, classes, "Dues 2026", "outside")


def broken(session):
    return [*broken_ledger(session), *broken_fees(session)]


def test_a_fee_is_owed_at_once_and_taken_back_by_its_mirror(session, sample_ring, plywood):
    anna = sample_ring.anna
    made = do(session, enter_fee, plywood, form_key="once")
    assert do(session, enter_fee, plywood, form_key="once") == made
    # 2.5 x 12.99 = 32.475, rounded once, half up.
    assert (balance_of(session, anna).cents, made_of(session, anna)) == (3_248, {"material": 3_248})
    ((line,), _more) = balance_lines(session, anna)
    assert (line.fee_id, line.service_from) == (made, TODAY)
    assert {one.account.code: one.cents for one in trial_balance(session) if one.cents} == {
        "receivables": 3_248,
        "materials": -3_248,
    }
    assert fee(session, made).working.cents == 3_248
    assert broken(session) == []

    back = do(session, reverse_fee, made, "Wrong member.")

    reversal = fee(session, back)
    assert (reversal.cents, reversal.text, balance_of(session, anna).cents) == (-3_248, "Wrong member.", 0)
    for fee_id in (made, back):
        with pytest.raises(AlreadyReversed):
            do(session, reverse_fee, fee_id, "Again.")
    assert broken(session) == []
    assert fee_totals(session, FeeFilter(member_text="anna")) == (2, 0)
    assert [one.id for one in fees(session, FeeFilter(kind="material", since=TODAY))[0]] == [back, made]
    assert fees(session, FeeFilter(kind="dues"))[0] == ()


def test_what_a_fee_cannot_be_is_refused_and_nothing_is_stored(session, plywood):
    tomorrow = TODAY + timedelta(days=1)
    for change, error in (
        ({"member_id": 4711}, MemberNotFound),
        ({"quantity": Decimal(0)}, WrongAmount),
        ({"quantity": Decimal("0.0001")}, WrongAmount),
        ({"unit_price": Decimal("0.00001")}, WrongAmount),
        ({"unit_price": Decimal("0.001"), "quantity": Decimal(1)}, WrongAmount),  # a tenth of a cent
        ({"unit_price": Decimal(-1)}, WrongAmount),
        ({"quantity": Decimal(1_000_000), "unit_price": Decimal(1_000_000)}, WrongAmount),
        ({"text": " "}, WrongText),
        ({"tax_code": "20"}, WrongText),
        ({"service_date": tomorrow}, WrongPeriod),
        ({"service_date": date(1989, 1, 1)}, WrongPeriod),
    ):
        with pytest.raises(error):
            do(session, enter_fee, replace(plywood, **change))
    with pytest.raises(FeeNotFound):
        do(session, reverse_fee, 1, "Why not.")
    with write_transaction(session):
        session.execute(update(Ledger).values(state="closed"))
    with pytest.raises(LedgerClosed):
        do(session, enter_fee, plywood)
    assert fee_totals(session, FeeFilter()) == (0, 0)


def test_dues_reach_everybody_once(session, sample_ring, yearly):
    with write_transaction(session):
        session.execute(update(Member).where(Member.id == sample_ring.bernd).values(joined_on=date(2027, 1, 1)))
    first = preview_dues(session, yearly)
    assert (first.member_ids, first.total_cents, first.left_out) == ((sample_ring.anna,), 6_000, 0)
    with write_transaction(session):
        session.execute(update(Member).where(Member.id == sample_ring.bernd).values(joined_on=date(2026, 7, 1)))
    with pytest.raises(StaleDues):
        do(session, post_dues, yearly, digest=first.digest)
    do(session, post_dues, yearly, digest=preview_dues(session, yearly).digest)
    owed = {member_id: balance_of(session, member_id).cents for member_id in (sample_ring.anna, sample_ring.bernd)}
    assert set(owed.values()) == {6_000}
    for again in (yearly, replace(yearly, period_from=date(2026, 12, 31), period_until=date(2027, 6, 30))):
        with pytest.raises(NobodyOwesDues):
            do(session, post_dues, again)

    ((of_anna,), _more) = fees(session, FeeFilter(member_id=sample_ring.anna))
    do(session, reverse_fee, of_anna.id, "Half a year only.")
    half = replace(yearly, cents=3_000)
    assert (preview_dues(session, half).member_ids, preview_dues(session, half).left_out) == ((sample_ring.anna,), 1)
    with pytest.raises(NobodyOwesDues):
        preview_dues(session, replace(yearly, price_classes=frozenset({"guest"})))
    assert {line.account.code for line in trial_balance(session) if line.cents} == {"receivables", "dues"}
    assert broken(session) == []


def test_fees_are_invoiced_with_the_vat_that_is_said(session, sample_ring, plywood, yearly):
    able_to_issue(session, sample_ring.anna)
    do(session, enter_fee, plywood)
    assert drafts(session, TODAY)[sample_ring.anna].problems == ("vat_code",)
    able_to_issue(session, sample_ring.anna, other_code="standard")
    with write_transaction(session):
        session.execute(update(Member).where(Member.id == sample_ring.bernd).values(left_on=date(2025, 1, 1)))
    do(session, post_dues, yearly)
    found = drafts(session, date(2026, 12, 31))[sample_ring.anna]
    assert found.problems == ()
    assert [(line.fee_text, line.treatment.category, line.cents) for one in found.drafts for line in one.lines] == [
        ("Plywood", "S", 3_248),
        ("Dues 2026", "O", 6_000),
    ]


def test_a_fee_of_a_closed_period_is_dated_today(session, plywood):
    old = replace(plywood, service_date=date(2025, 6, 1))
    do(session, enter_fee, old)
    seen = preview_closing(session, "2025", now=MONDAY).digest
    do(session, close_period, "2025", digest=seen, accepts_open=True)
    do(session, enter_fee, old)
    dates = [line.posting_date for line in balance_lines(session, plywood.member_id)[0]]
    assert dates == [TODAY, date(2025, 6, 1)]


def test_the_database_refuses_what_is_no_fee_and_every_change(session, sample_ring, plywood):
    made = do(session, enter_fee, plywood)
    row = {
        "kind": "other",
        "member_id": sample_ring.anna,
        "service_from": TODAY,
        "service_until": TODAY,
        "text": "x",
        "cents": 100,
        "calculation": {},
        "made_at": MONDAY,
    }
    for wrong in (
        {"cents": 0},
        {"cents": -100},
        {"kind": "gift"},
        {"kind": "no_show"},
        {"reverses_id": made},
        {"service_until": date(2020, 1, 1)},
    ):
        with pytest.raises(DatabaseError), write_transaction(session):
            session.execute(insert(Fee).values(row | wrong))
    with pytest.raises(DatabaseError, match="append-only"), write_transaction(session):
        session.execute(update(Fee).values(cents=1))
    sources = {"fee_id": made, "charge_id": None, "lines": 2, "sha256": "0", "posted_at": MONDAY}
    days = {"posting_date": TODAY, "service_from": TODAY, "service_until": TODAY}
    for wrong in ({"id": 2, "fee_id": None}, {"id": 2}):  # no source; a source that has an entry
        with pytest.raises(DatabaseError), write_transaction(session):
            session.execute(insert(Entry).values(sources | days | wrong))


def test_the_audit_finds_a_fee_that_was_changed(session, plywood):
    made = do(session, enter_fee, plywood)
    do(session, reverse_fee, made, "Wrong.")
    tamper(session, "billing_fee", "cents = 1 WHERE reverses_id IS NULL")
    assert [found.code for found in broken_fees(session)] == ["fee_working", "fee_mirror"]
