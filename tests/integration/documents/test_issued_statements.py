"""Statements as numbered documents: what the ledger has, once for the same days, refused by the database otherwise."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from io import BytesIO
from threading import Barrier

import pytest
from pypdf import PdfReader
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DatabaseError

from app.documents import runs
from app.documents.composer import TextComposer
from app.documents.making import make_files
from app.extensions import db
from billing.documents import runs as document_runs
from billing.documents.audit import broken_documents
from billing.documents.drafts import drafts
from billing.documents.runs import RunResult, members_of_run
from billing.documents.runs import sums_of as sums_of_invoices
from billing.documents.sending import unsent
from billing.errors.document_errors import NotCancellable, StatementIssued, StatementRefused
from billing.fees.posting import enter_fee
from billing.ledger.audit import broken_ledger
from billing.models import Document, DocumentFile, FailedFile, IssuedStatement, UninvoicedLine
from billing.queries.documents import document, documents, failed_files, pdf_of, xml_of
from billing.statements import issued_statements
from billing.statements.issued_statements import drafts_after, issue_statement, statement_drafts, sums_of
from booking.errors.schedule_errors import MemberNotFound
from booking.kernel.transaction import write_transaction
from booking.models import Member
from tests.builders import SOMEBODY
from tests.conftest import MONDAY
from tests.integration.documents.documents_ring import TODAY, charge_more, invoice, take_back
from tests.integration.money.harvester_pool import IN_JUNE
from tests.integration.money.test_money_audits import tamper

pytestmark = pytest.mark.usefixtures("app_context")
JUNE = date(2026, 6, 1), date(2026, 6, 30)
JULY = date(2026, 7, 1), date(2026, 7, 31)


def state(session, member_id, days=JUNE):
    with write_transaction(session):
        return issue_statement(session, member_id, days, TextComposer(session), on=TODAY, by=SOMEBODY, now=MONDAY)


def test_a_statement_is_numbered_in_its_own_range_and_says_what_the_ledger_has(session, charged_ring):
    (bill,) = invoice(session, charged_ring.anna)
    first = state(session, charged_ring.anna)
    second = state(session, charged_ring.anna, JULY)

    found = document(session, first)
    assert (found.row.number, document(session, second).row.number) == ("A-2026-00001", "A-2026-00002")
    assert (found.row.kind, found.row.gross_cents, found.row.stated_cents) == ("statement", 0, 221_620)
    stated = found.stated
    assert (stated.opening_cents, stated.closing_cents, stated.lines) == (0, 221_620, 2)
    assert stated.made_of == [["Nutzungsentgelte", 221_620]]
    assert [(row["cents"], row["balance"]) for row in stated.rows] == [(175_000, 175_000), (46_620, 221_620)]
    assert document(session, second).stated.opening_cents == 221_620
    assert found.record.buyer["town"] == "Murnau"
    with pytest.raises(NotCancellable):
        take_back(session, first)
    with pytest.raises(MemberNotFound):
        state(session, 99_999)
    # It claims nothing: what stands in invoices, and what is to be invoiced, is as before.
    assert session.scalar(select(UninvoicedLine.entry_id)) is None
    assert [row.id for row in documents(session, without="statement")[0]] == [bill]
    assert list(broken_documents(session)) == []
    assert list(broken_ledger(session)) == []


def test_the_same_days_are_stated_again_only_where_something_was_posted_since(session, charged_ring):
    state(session, charged_ring.anna)
    assert statement_drafts(session, JUNE) == {}
    with pytest.raises(StatementIssued) as refusal:
        state(session, charged_ring.anna)
    assert refusal.value.facts == {"number": "A-2026-00001"}

    charge_more(session, charged_ring.combine, charged_ring.anna, 200, IN_JUNE + timedelta(days=1))
    found = statement_drafts(session, JUNE)
    assert (found[charged_ring.anna].turn, sums_of(found.values(), JUNE).closing_cents) == (2, 249_620)
    again = state(session, charged_ring.anna)
    assert document(session, again).row.number == "A-2026-00002"
    assert [one.id for one in unsent(session)[0]] == [again]  # the first one is out of date
    assert list(broken_documents(session)) == []


@pytest.mark.of_sqlite
def test_of_many_who_have_nothing_to_state_all_are_asked_at_once(session, seven, charged, monkeypatch):
    asked = []
    monkeypatch.setattr(
        issued_statements, "statement_drafts", lambda _session, _days, member_ids: asked.append(member_ids) or {}
    )
    assert drafts_after(session, JUNE, 0, limit=2) == []
    assert asked == [seven[:2], seven[2:6]], "the last one owes nothing"


def test_days_whose_file_could_not_be_made_are_stated_again(session, charged_ring):
    first = state(session, charged_ring.anna)
    failed = {"reason": "no such sign", "attempts": 1, "failed_at": MONDAY, "next_attempt_at": MONDAY}
    with write_transaction(session):
        session.execute(insert(FailedFile).values(document_id=first, **failed))
        session.execute(update(Member).where(Member.id == charged_ring.anna).values(address_town="Uffing"))
    assert statement_drafts(session, JUNE)[charged_ring.anna].turn == 2
    assert [one.document_id for one in failed_files(session, limit=9)] == [first]
    again = document(session, state(session, charged_ring.anna))
    assert (again.row.number, again.record.buyer["town"]) == ("A-2026-00002", "Uffing")
    assert failed_files(session, limit=9) == ()
    assert statement_drafts(session, JUNE) == {}
    with pytest.raises(StatementIssued):
        state(session, charged_ring.anna)


def test_the_file_of_a_statement_has_the_same_bytes_again_and_no_e_invoice(session, charged_ring, plywood):
    with write_transaction(session):
        enter_fee(session, plywood, by=SOMEBODY, now=MONDAY)
    first = state(session, charged_ring.anna, (TODAY.replace(day=1), TODAY))
    assert make_files(session) == 1
    before = pdf_of(session, first)
    assert "Material, Plywood" in PdfReader(BytesIO(before)).pages[0].extract_text(), "a fee with its own text"
    assert xml_of(session, first) is None
    tamper(session, "billing_document_file", "sha256 = sha256")
    with write_transaction(session):
        session.execute(delete(DocumentFile))
    assert make_files(session) == 1
    assert pdf_of(session, first) == before


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"closing_cents": 221_621}, "billing_statement_posted"),
        ({"opening_cents": 1}, "billing_statement_posted"),
        ({"turn": 2}, "billing_statement_turn"),
    ],
)
def test_the_database_refuses_a_statement_that_the_ledger_does_not_have(session, charged_ring, changes, refused):
    row = {
        "document_id": 1,
        "member_id": charged_ring.anna,
        "first_day": JUNE[0],
        "last_day": JUNE[1],
        "turn": 1,
        "opening_cents": 0,
        "closing_cents": 221_620,
        "lines": 2,
        "made_of": [],
        "rows": [],
    }
    with pytest.raises(DatabaseError, match=refused), write_transaction(session):
        session.execute(insert(IssuedStatement), [row | changes])
    with pytest.raises(DatabaseError), write_transaction(session):  # without its document
        session.execute(insert(IssuedStatement), [row])


def test_the_database_refuses_to_change_a_statement_or_to_issue_one_that_states_nothing(session, charged_ring):
    first = state(session, charged_ring.anna)
    with pytest.raises(DatabaseError, match="append-only"), write_transaction(session):
        session.execute(update(IssuedStatement).values(closing_cents=0))
    names = [column.key for column in Document.__table__.columns]
    record = session.get(Document, first)
    row = {name: getattr(record, name) for name in names} | {"id": 2, "sequence": 2, "number": "A-2026-00002"}
    with pytest.raises(DatabaseError, match="billing_document_states"), write_transaction(session):
        session.execute(insert(Document), [row])
    (bill,) = invoice(session, charged_ring.anna)
    record = session.get(Document, bill)
    row = {name: getattr(record, name) for name in names} | {"id": 3, "sequence": 2, "number": "R-2026-00002"}
    empty = {"lines": 0, "vat_groups": 0, "net_cents": 0, "vat_cents": 0, "gross_cents": 0}
    with pytest.raises(DatabaseError, match="ck_billing_document_lines"), write_transaction(session):
        session.execute(insert(Document), [row | empty])


def test_days_to_come_are_not_stated_whoever_asks(session, charged_ring, monkeypatch):
    tomorrow = TODAY + timedelta(days=1)
    with pytest.raises(StatementRefused):
        state(session, charged_ring.anna, (JUNE[0], tomorrow))
    monkeypatch.setattr(issued_statements, "require_over", lambda *_days: None)
    with pytest.raises(DatabaseError, match="billing_statement_to_come"):
        state(session, charged_ring.anna, (JUNE[0], tomorrow))
    assert state(session, charged_ring.anna, (JUNE[0], TODAY))


def test_the_audit_finds_a_statement_that_was_changed_behind_the_guards(session, charged_ring):
    state(session, charged_ring.anna)
    tamper(session, "billing_statement", "made_of = '[[\"Use\", 1]]'")
    assert {finding.code for finding in broken_documents(session)} == {"document_sums", "document_hash"}


def test_who_carries_out_a_run_again_unsettles_nothing(session, charged_ring, monkeypatch):
    seen = sums_of(statement_drafts(session, JUNE).values(), JUNE).digest
    runs.confirm_statements(session, seen, JUNE, SOMEBODY)
    read_before = members_of_run(session, seen)
    assert runs.issue_statements(session, seen, JUNE, SOMEBODY) == RunResult(documents=1, changed=0)
    monkeypatch.setattr(document_runs, "members_of_run", lambda *_named: read_before)
    assert runs.issue_statements(session, seen, JUNE, SOMEBODY) == RunResult(documents=1, changed=0)


@pytest.mark.parametrize("kind", ["invoice", "statement"])
def test_others_issue_while_a_run_is_compared_and_what_they_issued_is_left_out(
    app, session, charged_ring, monkeypatch, kind
):
    issue, name = (invoice, "drafts") if kind == "invoice" else (state, "statement_drafts")
    read, others = getattr(runs, name), ThreadPoolExecutor()

    def issued_by_another():
        with app.app_context():
            issue(db.session(), charged_ring.anna)
            db.session.remove()

    def read_meanwhile(*wanted):
        found = read(*wanted)
        if len(wanted) == 2:  # of all members
            others.submit(issued_by_another).result(timeout=20)
        return found

    monkeypatch.setattr(runs, name, read_meanwhile)
    if kind == "invoice":
        seen = sums_of_invoices(drafts(session, TODAY).values()).digest
        assert runs.confirm_invoices(session, seen, TODAY, SOMEBODY) == 1
        result = runs.issue_invoices(session, seen, TODAY, SOMEBODY)
    else:
        seen = sums_of(statement_drafts(session, JUNE).values(), JUNE).digest
        assert runs.confirm_statements(session, seen, JUNE, SOMEBODY) == 1
        result = runs.issue_statements(session, seen, JUNE, SOMEBODY)
    assert result == RunResult(documents=0, changed=1)
    others.shutdown()


def test_of_two_treasurers_one_issues_a_statement(app, session, charged_ring):
    start_together = Barrier(2)

    def click(_number):
        with app.app_context():
            start_together.wait()
            try:
                return state(db.session(), charged_ring.anna)
            except StatementIssued as refusal:
                return refusal.code
            finally:
                db.session.remove()

    with ThreadPoolExecutor() as pool:
        results = list(pool.map(click, range(2)))
    assert sorted(map(str, results)) == ["1", "statement_issued"]
    assert session.scalar(select(DocumentFile.document_id)) is None
