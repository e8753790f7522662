"""Equity that members paid in, moved to those who left, and set off against what they still owe."""

from __future__ import annotations

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from flask_babel import force_locale
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DatabaseError

from app.documents.composer import TextComposer
from app.documents.making import make_files
from app.exports.postings import made_file
from app.extensions import db
from app.wording.equity import set_off_reason
from app.worker.settlement_job import send_statements
from billing.closing.periods import set_period_length
from billing.documents.drafts import drafts
from billing.equity.equity import EquityInput, enter_equity, equity_of
from billing.equity.settlements import preview_settlement, reverse_equity, settle
from billing.errors.equity_errors import (
    EquityMoveNotFound,
    EquityUsed,
    MembershipNotOver,
    NothingSetOff,
    NothingToSettle,
    StaleSettlement,
    TooMuchSetOff,
)
from billing.errors.money_errors import AlreadyReversed, LedgerClosed, WrongAmount, WrongPeriod, WrongText
from billing.events import DocumentSent
from billing.exports.ledger import whole_journal
from billing.fees.posting import enter_fee, reverse_fee
from billing.ledger import equity_entries
from billing.ledger.audit import broken_ledger
from billing.models import Balance, Document, EquityMove, Ledger
from billing.period_names import named_period
from billing.posting_exports.selection import preview_export
from billing.posting_exports.terms import DatevTermsInput, change_datev_terms
from billing.queries.balances import balance_lines, balance_of, made_of
from billing.queries.documents import document
from billing.queries.equity import equity_move
from billing.queries.ledger import trial_balance
from billing.queries.next_steps import not_invoiced
from booking.errors.schedule_errors import MemberNotFound
from booking.kernel.events import RecordedEvent
from booking.kernel.orm import table_of
from booking.kernel.transaction import write_transaction
from booking.models import Member
from tests.builders import SOMEBODY
from tests.conftest import MONDAY
from tests.integration.documents.documents_ring import TODAY, invoice
from tests.integration.money.harvester_pool import close, do
from tests.integration.money.test_money_audits import tamper
from tests.integration.money.test_who_bears_costs import leave
from tests.integration.schedule.test_quota_use import WAITS

pytestmark = pytest.mark.usefixtures("app_context")
PAID = date(2026, 2, 1)
LAST_DAY = TODAY - timedelta(days=30)


def paid(session, member_id, cents=100_000, **named):
    return do(session, enter_equity, EquityInput(member_id, PAID, cents, "Beitritt"), **named)


def settled(session, member_id, cents=None, *, digest=None, now=MONDAY):
    seen = digest or preview_settlement(session, member_id, cents, now=now).digest
    with write_transaction(session):
        writer = TextComposer(session)
        return settle(session, member_id, writer, digest=seen, set_off_cents=cents, by=SOMEBODY, now=now).id


def taken_back(session, move_id, reason="Wrong sum.", *, now=MONDAY):
    with write_transaction(session):
        return reverse_equity(session, move_id, reason, TextComposer(session), by=SOMEBODY, now=now).id


def sums(session):
    return {one.account.code: one.cents for one in trial_balance(session) if one.cents}


@pytest.fixture
def gone(session, charged_ring):
    """Anna owes 2,216.20 for uses of June, paid 1,000.00 in and has left."""
    paid(session, charged_ring.anna)
    leave(session, charged_ring.anna, LAST_DAY)
    return charged_ring.anna


def test_what_a_member_paid_in_is_apart_from_the_balance_and_taken_back_by_its_mirror(session, sample_ring):
    anna = sample_ring.anna
    made = paid(session, anna, form_key="once")
    assert paid(session, anna, form_key="once") == made
    assert (equity_of(session, anna).held_cents, balance_of(session, anna).cents) == (100_000, 0)
    assert sums(session) == {"equity": -100_000, "opening_balances": 100_000}
    view = equity_move(session, made)
    assert (view.day, view.posting_date, view.note) == (PAID, PAID, "Beitritt")

    back = taken_back(session, made)

    assert (equity_move(session, back).cents, equity_of(session, anna).cents, sums(session)) == (-100_000, 0, {})
    for move in (made, back):
        with pytest.raises(AlreadyReversed):
            taken_back(session, move)
    assert list(broken_ledger(session)) == []


def test_what_equity_cannot_be_is_refused_and_nothing_is_stored(session, sample_ring):
    anna = sample_ring.anna
    for wanted, error in (
        (EquityInput(4711, PAID, 1), MemberNotFound),
        (EquityInput(anna, PAID, 0), WrongAmount),
        (EquityInput(anna, PAID, 1_000_000_001), WrongAmount),
        (EquityInput(anna, TODAY + timedelta(days=1), 1), WrongPeriod),
        (EquityInput(anna, date(1989, 1, 1), 1), WrongPeriod),
        (EquityInput(anna, PAID, 1, "x" * 1_001), WrongText),
    ):
        with pytest.raises(error):
            do(session, enter_equity, wanted)
    with pytest.raises(EquityMoveNotFound):
        taken_back(session, 1)
    with pytest.raises(WrongText):
        taken_back(session, paid(session, anna), " ")
    leave(session, anna, PAID - timedelta(days=1))
    with pytest.raises(WrongPeriod):
        paid(session, anna)
    with write_transaction(session):
        session.execute(update(Ledger).values(state="closed"))
    with pytest.raises(LedgerClosed):
        paid(session, sample_ring.bernd)


def test_who_left_is_settled_with_in_one_entry_that_a_statement_tells(session, gone):
    seen = preview_settlement(session, gone, now=MONDAY)
    assert (seen.owed_cents, dict(seen.made_of), seen.equity_cents) == (221_620, {"use": 221_620}, 100_000)
    assert (seen.moved_cents, seen.set_off_cents, seen.owed_after_cents, seen.equity_after_cents) == (
        100_000,
        100_000,
        121_620,
        0,
    )
    waiting = not_invoiced(session)

    made = settled(session, gone, digest=seen.digest)
    assert settled(session, gone, digest=seen.digest) == made, "a second click, or a second treasurer"

    assert made_of(session, gone) == {"use": 221_620, "set_off": -100_000}
    assert balance_of(session, gone).cents == 121_620
    assert sums(session) == {"receivables": 121_620, "use_charges": -221_620, "opening_balances": 100_000}
    ((line, *_uses), _more) = balance_lines(session, gone)
    assert (line.equity_id, line.topic, line.posting_date) == (made, "set_off", TODAY)
    view = equity_move(session, made)
    (moved,) = session.scalars(select(EquityMove.id).where(EquityMove.kind == "leaving")).all()
    assert equity_move(session, moved).posting_date == LAST_DAY
    stated = document(session, view.document_id).stated
    assert (stated.first_day, stated.last_day, stated.closing_cents) == (date(2026, 1, 1), TODAY, 121_620)
    assert ["Verrechnet mit dem Geschäftsguthaben", -100_000] in stated.made_of
    assert stated.rows[-1]["text"] == (
        "Verrechnet mit Ihrem Auseinandersetzungsguthaben von 1.000,00\xa0€; davon bleiben 0,00\xa0€"
    )
    # What is set off is no service: it is in no invoice, and what is not invoiced stays as it was.
    assert not_invoiced(session) == waiting
    assert sum(one.cents for one in drafts(session, TODAY)[gone].drafts[0].lines) == 221_620
    invoice(session, gone)
    assert session.scalar(select(Balance.invoiced_cents).where(Balance.member_id == gone)) == 121_620
    assert list(broken_ledger(session)) == []


def test_what_closed_periods_take_no_more_is_posted_today_with_its_own_day(session, sample_ring):
    """The equity never leaves on a day before that on which it came."""
    anna, paid_on, last_day = sample_ring.anna, date(2026, 2, 1), date(2026, 10, 20)
    do(session, set_period_length, "month")
    do(session, enter_equity, EquityInput(sample_ring.bernd, date(2026, 1, 31), 1))
    for month in ("2026-01", "2026-02"):
        close(session, month)
    made = do(session, enter_equity, EquityInput(anna, paid_on, 100_000))
    leave(session, anna, last_day)
    leaving = settled(session, anna)
    taken = taken_back(session, leaving)
    for move_id, day in ((made, paid_on), (leaving, last_day), (taken, last_day)):
        view = equity_move(session, move_id)
        assert (view.day, view.posting_date) == (day, TODAY)
    (line,) = (one for one in whole_journal(session).rows if one[-2] == leaving and one[5] == "equity")
    assert line[1:4] == (TODAY, last_day, last_day)
    assert list(broken_ledger(session)) == []


def test_the_adviser_gets_the_entries_of_equity_without_a_tax_key(session, gone):
    made = settled(session, gone)
    with write_transaction(session):
        change_datev_terms(session, DatevTermsInput(29_098, 55_003, standard_key="3"), by=SOMEBODY, now=MONDAY)
    _name, content = made_file(session, preview_export(session, "datev", named_period("2026")), "csv", now=MONDAY)
    rows = list(csv.reader(io.StringIO(content.decode("cp1252")), delimiter=";"))[2:]
    assert [tuple(row[at] for at in (0, 1, 6, 7, 8, 13)) for row in rows if row[0] == "1000,00"] == [
        ("1000,00", "S", "9000", "0810", "", "Geschäftsguthaben Anna"),
        ("1000,00", "S", "0810", "0811", "", "Geschäftsguthaben Anna"),
        ("1000,00", "H", str(10_000 + gone), "0811", "", "Verrechnet mit dem Geschäftsguthaben Anna"),
    ]
    journal = [row for row in whole_journal(session).rows if made in row[-2:-1]]
    assert [(row[4], row[5], row[11]) for row in journal] == [
        ("0811", "equity_left", 100_000),
        ("1400", "receivables", -100_000),
    ]
    with force_locale("en"):
        assert set_off_reason(equity_move(session, made)) == (
            "Set off against your equity of €1,000.00, owed to you since your membership ended; €0.00 of it is left"
        )


def test_the_statement_is_sent_once_when_its_file_is_made(session, gone):
    with write_transaction(session):
        session.get_one(Member, gone).email = "anna@example.org"
    made = settled(session, gone)
    document_id = equity_move(session, made).document_id
    assert send_statements(session) == 0, "its file is not made yet"
    make_files(session)

    assert (send_statements(session), send_statements(session)) == (1, 0)

    sent = session.scalars(select(RecordedEvent.facts).where(RecordedEvent.type == DocumentSent.type)).all()
    assert [(one["document_id"], one["way"]) for one in sent] == [(document_id, "mail")]


def test_a_late_correction_is_set_off_by_a_second_settlement_and_each_is_taken_back(session, gone):
    first = settled(session, gone, 40_000)
    late = settled(session, gone, 14_353)

    assert (equity_of(session, gone).left_cents, balance_of(session, gone).cents) == (45_647, 167_267)
    assert [equity_move(session, one).left_cents for one in (first, late)] == [60_000, 45_647]
    next_year = MONDAY + timedelta(days=70)
    back = taken_back(session, late, "Paid meanwhile.", now=next_year)  # the year of the set-off is still open
    assert (equity_of(session, gone).left_cents, balance_of(session, gone).cents) == (60_000, 181_620)
    view = equity_move(session, back)
    assert (view.day, view.posting_date) == (TODAY, next_year.date())
    stated = document(session, view.document_id).stated
    assert (stated.first_day, stated.last_day, stated.closing_cents) == (date(2027, 1, 1), view.posting_date, 181_620)
    assert [row["text"] for row in stated.rows] == ["Verrechnung zurückgenommen: Paid meanwhile."]
    with pytest.raises(EquityUsed):  # 600.00 are left of the 1,000.00 that moved
        taken_back(session, session.scalar(select(EquityMove.id).where(EquityMove.kind == "leaving")))
    with pytest.raises(EquityUsed):
        taken_back(session, session.scalar(select(EquityMove.id).where(EquityMove.kind == "paid_in")))
    assert list(broken_ledger(session)) == []


def test_a_settlement_that_cannot_be_is_refused(session, charged_ring, gone):
    bernd = charged_ring.bernd
    with pytest.raises(MemberNotFound):
        preview_settlement(session, 4711, now=MONDAY)
    paid(session, bernd)
    for last_day in (None, TODAY, TODAY + timedelta(days=1)):
        leave(session, bernd, last_day)
        with pytest.raises(MembershipNotOver):
            preview_settlement(session, bernd, now=MONDAY)
    leave(session, bernd, LAST_DAY)
    for cents in (-1, 1):
        with pytest.raises(TooMuchSetOff):
            preview_settlement(session, bernd, cents, now=MONDAY)
    seen = preview_settlement(session, gone, now=MONDAY).digest
    taken_back(session, session.scalar(select(EquityMove.id).where(EquityMove.member_id == gone)))
    paid(session, gone, 50_000)
    with pytest.raises(StaleSettlement):
        settled(session, gone, digest=seen)
    settled(session, gone, 0)
    with pytest.raises(NothingSetOff) as refusal:
        preview_settlement(session, gone, 0, now=MONDAY)
    assert refusal.value.facts == {"most_cents": 50_000, "actual_cents": 0}
    settled(session, bernd)  # owes nothing: the equity moves alone, and no statement is needed
    assert session.scalar(select(Document.id)) is None
    with pytest.raises(NothingToSettle):
        preview_settlement(session, bernd, now=MONDAY)


def test_a_settlement_waits_for_what_is_taken_back_at_that_moment_and_is_stale_then(
    app, session, gone, plywood, database_kind
):
    paid(session, gone, 1_000_000)  # more than what is owed, all of which would be set off
    fee_id = do(session, enter_fee, plywood)
    seen = preview_settlement(session, gone, now=MONDAY)
    assert (seen.set_off_cents, seen.owed_after_cents) == (224_868, 0)
    session.rollback()

    def settle_as_seen():
        with app.app_context():
            settled(db.session(), gone, digest=seen.digest)

    with ThreadPoolExecutor(1) as pool:
        with write_transaction(session):
            reverse_fee(session, fee_id, "Brought back.", by=SOMEBODY, now=MONDAY)
            settling = pool.submit(settle_as_seen)
            while database_kind == "postgresql" and not session.scalar(text(WAITS)):
                assert not settling.done()
        with pytest.raises(StaleSettlement):
            settling.result()
    assert (balance_of(session, gone).cents, equity_of(session, gone).held_cents) == (221_620, 1_100_000)
    assert list(broken_ledger(session)) == []


@pytest.fixture
def raw(session):
    """raw(move, lines) stores a change of equity with its entry by hand, as nobody should."""

    def store(member_id, kind, cents, *, held, left, number, day=TODAY, reverses=None):
        ids = {"member_id": member_id, "number": number, "kind": kind, "day": day, "reverses_id": reverses}
        values = ids | {"cents": cents, "held_cents": held, "left_cents": left, "note": ""}
        with write_transaction(session):
            session.execute(insert(table_of(EquityMove)).values(**values, made_at=MONDAY))

    return store


def test_the_database_refuses_what_no_settlement_may_do(session, charged_ring, gone, raw):
    bernd = charged_ring.bernd
    paid(session, bernd)
    for refusal, member_id, kind, cents, values in (
        ("sum", gone, "paid_in", 1, {"held": 100_002, "left": 0, "number": 2}),
        ("sum", gone, "paid_in", 1, {"held": 100_001, "left": 0, "number": 3}),
        ("not_negative", gone, "set_off", 1, {"held": 100_000, "left": -1, "number": 2}),
        ("left", bernd, "leaving", 1, {"held": 99_999, "left": 1, "number": 2}),
        ("to_come", gone, "paid_in", 1, {"held": 100_001, "left": 0, "number": 2, "day": TODAY + timedelta(days=3)}),
        ("mirrors", gone, "paid_in", -1, {"held": 99_999, "left": 0, "number": 2, "reverses": 1, "day": PAID}),
    ):
        with pytest.raises(DatabaseError, match=f"billing_equity_move_{refusal}"):
            raw(member_id, kind, cents, **values)
    settled(session, gone, 0)
    for left_on in (None, TODAY, TODAY + timedelta(days=1)):  # the equity moved while the membership was over
        leave(session, gone, left_on)
        with pytest.raises(DatabaseError, match="billing_equity_move_left"):
            raw(gone, "set_off", 1, held=0, left=99_999, number=3)
    leave(session, gone, TODAY - timedelta(days=1))
    raw(gone, "set_off", 1, held=0, left=99_999, number=3)
    for change in (update(EquityMove).values(cents=1), delete(EquityMove)):
        with pytest.raises(DatabaseError, match="billing_equity_move is append-only"), write_transaction(session):
            session.execute(change)


def test_the_database_refuses_an_entry_beyond_what_is_owed_or_of_other_lines(session, gone, monkeypatch):
    with write_transaction(session):
        session.execute(update(Balance).where(Balance.member_id == gone).values(cents=100))
    seen = preview_settlement(session, gone, now=MONDAY)
    assert seen.set_off_cents == 100
    monkeypatch.setattr(
        "billing.equity.settlements.balance_of", lambda *_of: Balance(member_id=gone, cents=101, lines=1)
    )
    with pytest.raises(DatabaseError, match="billing_entry_not_owed"):
        settled(session, gone)
    monkeypatch.undo()
    monkeypatch.setitem(equity_entries.ACCOUNTS, "set_off", ("equity", "receivables"))
    with pytest.raises(DatabaseError, match="billing_entry_of_equity"):
        settled(session, gone)


def test_the_audit_finds_equity_that_the_ledger_does_not_have(session, gone):
    settled(session, gone)
    tamper(session, "billing_equity_move", "held_cents = 1")
    assert ("equity", {"account": "equity"}) in [(one.code, one.facts) for one in broken_ledger(session)]
    tamper(session, "billing_posting", "topic = 'use' WHERE topic = 'set_off'")
    assert "invoiced" in [one.code for one in broken_ledger(session)]
