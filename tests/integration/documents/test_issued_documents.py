"""Documents: numbered without gaps, each line of the ledger in one effective document, never changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import DatabaseError

from app.documents.composer import TextComposer
from billing.documents import numbering
from billing.documents.audit import broken_documents
from billing.documents.drafts import drafts
from billing.documents.issuing import cancel, issue
from billing.errors.document_errors import AlreadyCancelled, DocumentNotFound, NotCancellable, NotIssuable
from billing.models import Document, DocumentLine, DocumentNumber, Entry, UninvoicedLine
from billing.models.party import RING
from billing.parties.party import set_regime
from billing.parties.vat_rates import RateInput, enter_rate
from billing.prices.tariff_parts import AdjustmentEntry, TariffParts
from billing.queries.documents import document, documents
from billing.tariffs.tariffs import TariffEntry, enter_tariff
from booking.kernel.transaction import write_transaction
from tests.builders import SOMEBODY
from tests.conftest import MONDAY
from tests.integration.documents.documents_ring import (
    PER_HECTARE,
    TODAY,
    able_to_issue,
    charge_more,
    charge_use,
    invoice,
    take_back,
)
from tests.integration.money.harvester_pool import do
from tests.integration.money.test_money_audits import tamper

pytestmark = pytest.mark.usefixtures("app_context")


def test_what_is_owed_becomes_an_invoice_once(session, charged_ring):
    (first,) = invoice(session, charged_ring.anna)

    found = document(session, first)
    assert (found.row.number, found.row.gross_cents) == ("R-2026-00001", 221_620)
    assert [(group.net_cents, group.vat_cents) for group in found.groups] == [(186_235, 35_385)]
    assert [(line.quantity, line.unit, line.service_from) for line in found.lines] == [
        ("12.50", "ha", date(2026, 6, 15)),
        ("3.33", "ha", date(2026, 6, 15)),
    ]
    assert sum(line.net_cents for line in found.lines) == 186_235
    assert found.record.buyer["town"] == "Murnau"
    assert found.record.due_on == date(2026, 12, 7)
    assert invoice(session, charged_ring.anna) == ()
    assert invoice(session, charged_ring.bernd) == ()
    assert list(broken_documents(session)) == []


def test_the_working_on_an_invoice_has_every_line_of_a_price(session, sample_ring):
    able_to_issue(session, sample_ring.anna)
    parts = TariffParts(adjustments=(AdjustmentEntry("Operator", "per_unit", Decimal(30)),))
    with write_transaction(session):
        enter_tariff(session, sample_ring.combine, replace(PER_HECTARE, parts=parts), by=SOMEBODY, now=MONDAY)
    charge_more(session, sample_ring.combine, sample_ring.anna, 200)

    (first,) = invoice(session, sample_ring.anna)

    _used, hectares, operator, price = document(session, first).lines[0].working
    assert ("280" in hectares[1], "60" in operator[1], "340" in price[1]) == (True, True, True)
    assert "Operator" in operator[0]


def test_a_cancellation_mirrors_an_invoice_and_frees_its_lines(session, charged_ring):
    (first,) = invoice(session, charged_ring.anna)
    back = take_back(session, first)

    found = document(session, back)
    assert (found.row.number, found.row.gross_cents, found.row.cancels_id) == ("S-2026-00001", -221_620, first)
    assert document(session, first).row.cancelled_by_id == back
    with pytest.raises(AlreadyCancelled) as refusal:
        take_back(session, first)
    assert refusal.value.facts == {"number": "R-2026-00001", "by": "S-2026-00001"}
    with pytest.raises(NotCancellable):
        take_back(session, back)
    with pytest.raises(DocumentNotFound):
        take_back(session, 99)

    (again,) = invoice(session, charged_ring.anna)
    assert document(session, again).row.number == "R-2026-00002"
    assert session.scalar(select(func.max(DocumentLine.turn))) == 3
    assert list(broken_documents(session)) == []


def test_a_charge_and_its_reversal_that_nobody_saw_stand_in_no_document(session, charged_ring):
    dearer = TariffEntry(PER_HECTARE.valid_from, prices={"member": Decimal(150), "guest": Decimal(160)})
    do(session, enter_tariff, charged_ring.combine, dearer, reprice=True)

    (first,) = invoice(session, charged_ring.anna)
    assert len(document(session, first).lines) == 2
    do(session, enter_tariff, charged_ring.combine, PER_HECTARE, reprice=True)

    (second,) = invoice(session, charged_ring.anna)
    assert [line.gross_cents for line in document(session, second).lines] == [-187_500, 175_000, -49_950, 46_620]
    assert document(session, second).record.texts["title"] == "Abrechnung mit Guthaben"


def test_a_reversal_is_taxed_as_what_it_takes_back_was_invoiced(session, charged_ring):
    (first,) = invoice(session, charged_ring.anna)
    with write_transaction(session):
        session.execute(text("UPDATE billing_document_terms SET use_code = 'reduced'"))
    dearer = TariffEntry(PER_HECTARE.valid_from, prices={"member": Decimal(150), "guest": Decimal(160)})
    do(session, enter_tariff, charged_ring.combine, dearer, reprice=True)

    (second,) = invoice(session, charged_ring.anna)
    assert [(str(line.percent), line.gross_cents) for line in document(session, second).lines] == [
        ("19.00", -175_000),
        ("7.00", 187_500),
        ("19.00", -46_620),
        ("7.00", 49_950),
    ]
    credit = document(session, second).groups[0]
    assert (credit.net_cents, credit.vat_cents) == tuple(
        -each for each in (document(session, first).row.net_cents, document(session, first).row.vat_cents)
    )
    take_back(session, first)  # what the second one credits is invoiced again as it is credited
    (third,) = invoice(session, charged_ring.anna)
    assert {str(line.percent) for line in document(session, third).lines} == {"19.00"}
    take_back(session, second)
    take_back(session, third)
    (fourth,) = invoice(session, charged_ring.anna)
    assert {str(line.percent) for line in document(session, fourth).lines} == {"7.00"}
    assert list(broken_documents(session)) == []


def test_what_is_outside_vat_gets_a_document_of_its_own(session, charged_ring):
    with write_transaction(session):
        session.execute(text("UPDATE billing_document_terms SET use_code = 'outside'"))
    (first,) = invoice(session, charged_ring.anna)
    found = document(session, first)
    assert [(group.category, group.vat_cents) for group in found.groups] == [("O", 0)]
    assert found.record.texts["notes"] == ["Nicht steuerbar: kein Leistungsaustausch im Sinne des UStG."]


@pytest.mark.parametrize(
    ("regime", "percent", "note"),
    [
        ("small", "0.00", "Steuerfrei nach § 19 UStG (Kleinunternehmer)."),
        ("outside", "0.00", "Nicht steuerbar: kein Leistungsaustausch im Sinne des UStG."),
        ("flat_rate", "7.80", "Umsatzsteuer nach dem Durchschnittssatz für Landwirte, § 24 UStG."),
    ],
)
def test_the_regime_of_the_ring_decides(session, sample_ring, regime, percent, note):
    able_to_issue(session, sample_ring.anna, regime=regime)
    do(session, enter_rate, RateInput("flat_rate", Decimal("7.8"), date(2026, 1, 1), date(2026, 12, 31)))
    charge_use(session, sample_ring.combine, sample_ring.anna, 100)
    (first,) = invoice(session, sample_ring.anna)
    found = document(session, first)
    assert [str(group.percent) for group in found.groups] == [percent]
    assert found.row.gross_cents == 14_000
    assert found.record.texts["notes"] == [note]


def test_what_is_missing_is_named_and_nothing_is_numbered(session, sample_ring):
    charge_use(session, sample_ring.combine, sample_ring.anna, 100)
    with pytest.raises(NotIssuable) as refusal:
        invoice(session, sample_ring.anna)
    assert set(refusal.value.facts["problems"]) == {"ring_address", "tax_number", "address", "regime"}

    able_to_issue(session, sample_ring.anna, use_code=None)
    with pytest.raises(NotIssuable) as refusal:
        invoice(session, sample_ring.anna)
    assert refusal.value.facts["problems"] == ["vat_code"]

    able_to_issue(session, sample_ring.anna, regime="flat_rate")  # the rate of 2026 is not known
    with pytest.raises(NotIssuable) as refusal:
        invoice(session, sample_ring.anna)
    assert refusal.value.facts["problems"] == ["rate"]
    assert session.scalar(select(func.count()).select_from(DocumentNumber)) == 0


def test_a_regime_that_changes_within_what_was_supplied_is_asked_for(session, charged_ring):
    do(session, set_regime, RING, "small", date(2026, 6, 15))
    with write_transaction(session):
        session.execute(text("DROP TRIGGER IF EXISTS billing_entry_no_update")) if session.get_bind().dialect.name == (
            "sqlite"
        ) else session.execute(text("ALTER TABLE billing_entry DISABLE TRIGGER billing_entry_no_update"))
        session.execute(update(Entry).values(service_from=date(2026, 6, 1)))
    assert drafts(session, TODAY)[charged_ring.anna].problems == ("regime_changes",)


@pytest.mark.parametrize(
    "wrong",
    [
        update(Document).values(gross_cents=1, net_cents=1, vat_cents=0),
        delete(Document),
        update(DocumentLine).values(text="Free"),
        delete(DocumentLine),
        delete(DocumentNumber),
        update(DocumentNumber).values(last=7),
    ],
)
def test_the_database_refuses_to_change_what_is_issued(session, charged_ring, wrong):
    invoice(session, charged_ring.anna)
    with pytest.raises(DatabaseError), write_transaction(session):
        session.execute(wrong)


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"gross_cents": 1, "net_cents": 1, "vat_cents": 0}, "billing_document_unbalanced"),
        ({"lines": 1}, "billing_document_unbalanced"),
    ],
)
def test_the_database_refuses_a_document_that_does_not_add_up(session, charged_ring, changes, names):
    invoice(session, charged_ring.anna)
    row = {column.key: getattr(session.get(Document, 1), column.key) for column in Document.__table__.columns}
    row |= {"id": 2, "sequence": 2, "number": "R-2026-00002"} | changes
    with pytest.raises(DatabaseError, match=names), write_transaction(session):
        session.execute(insert(Document), [row])


def test_the_database_refuses_a_number_that_leaves_a_gap(session, charged_ring, monkeypatch):
    monkeypatch.setattr(numbering, "next_number", lambda *_range: 2)
    with pytest.raises(DatabaseError, match="billing_document_numbered"):
        invoice(session, charged_ring.anna)


@pytest.mark.of_sqlite
def test_each_range_counts_each_year_from_one(session, charged_ring):
    charge_more(session, charged_ring.combine, charged_ring.bernd, 100)
    (first,), writer = invoice(session, charged_ring.anna), TextComposer(session)
    new_year = {"on": date(2027, 1, 1), "by": SOMEBODY, "now": MONDAY + timedelta(days=39)}
    with write_transaction(session):
        (second,) = issue(session, charged_ring.bernd, TODAY, writer, **new_year)
        back = cancel(session, first, writer, **new_year)
        (third,) = issue(session, charged_ring.anna, TODAY, writer, **new_year)
    numbers = [document(session, one).row.number for one in (first, second, back, third)]
    assert numbers == ["R-2026-00001", "R-2027-00001", "S-2027-00001", "R-2027-00002"]
    assert list(broken_documents(session)) == []


def test_the_database_refuses_a_line_in_two_documents_and_one_added_later(session, charged_ring):
    invoice(session, charged_ring.anna)
    line = session.get(DocumentLine, (1, 1))
    row = {column.key: getattr(line, column.key) for column in DocumentLine.__table__.columns}
    for changes in ({"document_id": 2}, {"document_id": 1, "number": 3, "turn": 2}, {"number": 3, "turn": 4}):
        with pytest.raises(DatabaseError), write_transaction(session):
            session.execute(insert(DocumentLine), [row | changes])


def test_the_audit_finds_what_was_changed_behind_the_guards(session, charged_ring):
    invoice(session, charged_ring.anna)
    tamper(session, "billing_document_line", "text = 'Free' WHERE number = 1")
    assert [(one.code, one.facts) for one in broken_documents(session)] == [
        ("document_hash", {"number": "R-2026-00001"})
    ]
    tamper(session, "billing_document_line", "gross_cents = gross_cents + 1 WHERE number = 1")
    line = session.get(DocumentLine, (1, 1))
    with write_transaction(session):
        session.add(UninvoicedLine(entry_id=line.entry_id, posting_number=1, member_id=charged_ring.anna))
    found = [one.code for one in broken_documents(session)]
    assert found == ["document_sums", "document_hash", "document_ledger", "uninvoiced"]


def test_documents_are_listed_the_newest_first(session, charged_ring):
    (first,) = invoice(session, charged_ring.anna)
    back = take_back(session, first)
    rows, has_more = documents(session, member_id=charged_ring.anna, limit=1)
    assert ([row.id for row in rows], has_more) == ([back], True)
    assert documents(session, member_id=charged_ring.bernd) == ((), False)
