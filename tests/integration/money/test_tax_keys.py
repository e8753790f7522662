"""The tax keys of DATEV rows: how much VAT is in an amount, as its invoice states it, or as it would be invoiced."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app.exports.postings import made_file
from billing.allocations.advances import post_advance
from billing.allocations.allocations import reverse_allocation
from billing.ledger.chart import change_chart
from billing.period_names import named_period
from billing.pools.pools import change_pool
from billing.pools.shares import set_shares
from billing.posting_exports.batch_rows import rows_of_unknown_vat
from billing.posting_exports.recording import record_export
from billing.posting_exports.selection import preview_export
from billing.posting_exports.terms import DatevTermsInput, change_datev_terms
from billing.queries.ledger import chart_view
from billing.tariffs.tariffs import enter_tariff
from booking.errors.schedule_errors import RecordRefused
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.models import Machine
from tests.builders import SOMEBODY, member
from tests.conftest import MONDAY
from tests.integration.documents.documents_ring import PER_HECTARE, able_to_issue, charge_more, charge_use, invoice
from tests.integration.money.harvester_pool import JUNE, PER_SHARE, RULES, charge_all, cost, do, post, use
from tests.integration.money.test_charges import charge
from tests.integration.money.test_dated_classes import correct_amount
from tests.integration.money.test_money_audits import tamper

# One database: what is read is the same on both databases; the guards have tests of their own.
pytestmark = [pytest.mark.of_sqlite, pytest.mark.usefixtures("app_context")]


def batch(session, *, is_again=False):
    """Return (amount, side, account, contra account, key) of the rows of a batch."""
    preview = preview_export(session, "datev", named_period("2026"), is_again=is_again)
    _name, content = made_file(session, preview, "csv", now=MONDAY)
    rows = list(csv.reader(io.StringIO(content.decode("cp1252")), delimiter=";"))[2:]
    return [(row[0], row[1], *row[6:9]) for row in rows]


def keys(session, *, is_again=False):
    return [row[4] for row in batch(session, is_again=is_again)]


def export(session):
    preview = preview_export(session, "datev", named_period("2026"))
    name, content = made_file(session, preview, "csv", now=MONDAY)
    with write_transaction(session):
        record_export(session, preview, content, name, by=SOMEBODY, now=MONDAY)


def unknown(session):
    return rows_of_unknown_vat(session, preview_export(session, "datev", named_period("2026")))


def stated(session, *, are_written_again=False, **named):
    wanted = DatevTermsInput(29_098, 55_003, **named)
    with write_transaction(session):
        change_datev_terms(session, wanted, by=SOMEBODY, now=MONDAY, are_written_again=are_written_again)


def test_a_gross_amount_has_the_key_of_its_vat_and_the_invoice_decides(session, charged_ring):
    stated(session)
    assert keys(session) == ["3", "3"]
    with write_transaction(session):
        session.execute(text("UPDATE billing_document_terms SET use_code = 'reduced'"))
    assert keys(session) == ["2", "2"]
    invoice(session, charged_ring.anna)
    with write_transaction(session):
        session.execute(text("UPDATE billing_document_terms SET use_code = 'exempt'"))
    assert keys(session) == ["2", "2"], "what stands in an invoice has its VAT, whatever is said since"
    stated(session, reduced_key="4")
    assert keys(session) == ["4", "4"]
    stated(session, reduced_key="")
    assert keys(session) == ["", ""]
    with pytest.raises(RecordRefused):
        stated(session, standard_key="3a")


def test_a_row_that_takes_an_amount_back_has_the_key_of_that_amount(session, sample_ring):
    able_to_issue(session, sample_ring.anna)
    with write_transaction(session):
        enter_tariff(session, sample_ring.combine, PER_HECTARE, by=SOMEBODY, now=MONDAY)
    slip = use(session, sample_ring.combine, sample_ring.anna, 85)
    charge(session, slip)
    stated(session)
    invoice(session, sample_ring.anna)
    with write_transaction(session):
        session.execute(text("UPDATE billing_document_terms SET use_code = 'reduced'"))
    correct_amount(session, slip, 80)
    charge(session, slip)
    assert keys(session) == ["3", "3", "2"], "what is taken back has the VAT that the invoice stated"


def test_each_of_two_lines_of_one_invoice_with_one_sum_goes_back_with_its_own_key(session, sample_ring):
    able_to_issue(session, sample_ring.anna)
    slips = []
    for machine_id, code in ((sample_ring.combine, "reduced"), (sample_ring.splitter, "standard")):
        with write_transaction(session):
            session.get_one(Machine, machine_id).charge_unit = "ha"
            entry = replace(PER_HECTARE, tax_code=code)
            enter_tariff(session, machine_id, entry, by=SOMEBODY, now=MONDAY)
        slips.append(use(session, machine_id, sample_ring.anna, 85))
        charge(session, slips[-1])
    stated(session)
    invoice(session, sample_ring.anna)
    export(session)
    stated(session, standard_key="9", reduced_key="8")
    for slip in slips:
        correct_amount(session, slip, 80)
        charge(session, slip)
    assert keys(session) == ["2", "8", "3", "9"], "each is taken back as it was written, and charged again as of today"


@pytest.mark.parametrize(("first_keys", "taken_back"), [({}, "3"), ({"standard_key": "", "reduced_key": ""}, "")])
def test_a_row_that_takes_back_what_was_exported_has_the_key_of_that_file(session, sample_ring, first_keys, taken_back):
    able_to_issue(session, sample_ring.anna)
    with write_transaction(session):
        enter_tariff(session, sample_ring.combine, PER_HECTARE, by=SOMEBODY, now=MONDAY)
    slip = use(session, sample_ring.combine, sample_ring.anna, 85)
    charge(session, slip)
    charge_more(session, sample_ring.combine, sample_ring.bernd, 40)
    stated(session, **first_keys)
    export(session)
    stated(session)
    with write_transaction(session):
        session.execute(text("UPDATE billing_document_terms SET use_code = 'reduced'"))
    correct_amount(session, slip, 80)
    charge(session, slip)
    assert keys(session) == [taken_back, "2"], "neither was invoiced"
    invoice(session, sample_ring.anna)
    assert keys(session) == [taken_back, "2"], "nor does an invoice change what the adviser has"
    assert keys(session, is_again=True) == ["2", "2", "2", "2"], "in one file both are taxed alike"


@pytest.mark.parametrize("first", [{}, {"has_advance_keys": True}, {"has_advance_keys": True, "standard_key": "9"}])
def test_what_is_counted_goes_back_with_the_keys_of_the_file_that_it_came_in(session, seven, charged, first):
    able_to_issue(session, use_code=None)  # an advance per share has its VAT, the charges have none yet
    do(session, post_advance, charged, PER_SHARE)
    stated(session, **first)
    came = Counter(row[4] for row in batch(session) if row[3] == "1710")
    of_advances = first.get("standard_key", "3") if first else ""
    assert came == Counter([""] * 6 + [of_advances] * 7)
    export(session)
    able_to_issue(session)  # what is said of charges, and what the adviser wants, changes
    stated(session, has_advance_keys=not first, reduced_key="8")
    cost(session, charged, "fixed", 12_345)
    allocation_id = post(session, charged)

    def going_back():
        return Counter(row[4] for row in batch(session) if row[3] == "1710" and row[1] == "H")

    assert going_back() == came
    assert unknown(session) == 0
    export(session)
    do(session, reverse_allocation, allocation_id, "Wrong")
    assert Counter(row[4] for row in batch(session) if row[3] == "1710") == came, "and comes again"


def test_an_account_with_amounts_in_files_becomes_no_other_one_unasked(session, charged_ring):
    stated(session)
    other = {"use_charges": ("8201", "4201"), "materials": ("8205", "4205"), "fees": ("8611", "4836")}
    moves = [
        lambda **again: stated(session, has_member_accounts=False, **again),
        lambda **again: chart(session, other, **again),
        lambda **again: chart(session, {}, "skr04", **again),
    ]
    export(session)
    for move in moves:
        with pytest.raises(RecordRefused) as refusal:
            move()
        assert [(one.rule, one.field) for one in refusal.value.violations] == [
            ("amounts_in_files", "are_written_again")
        ]
        session.rollback()
        move(are_written_again=True)
        written = session.scalars(select(RecordedEvent).order_by(RecordedEvent.id.desc())).first()
        assert "are_written_again" in str(written.facts)
    chart(session, {"fees": ("8612", "4837")}, "skr04")  # files hold nothing there
    chart(session, {"use_charges": ("8203", "4201")}, "skr04")  # nor have they the numbers of the other chart


def test_accounts_of_members_are_asked_about_one_by_one_and_by_their_length(session, charged_ring):
    stated(session)
    export(session)
    chart(session, {"receivables": ("1401", "1201")})  # no file has this number: members have accounts of their own
    account = "(SELECT id FROM billing_account WHERE code = 'receivables')"
    tamper(
        session, "billing_posting", f"account_id = {account}, member_id = {charged_ring.bernd} WHERE member_id IS NULL"
    )
    longer = {one.code: (f"{one.skr03}0", f"{one.skr04}0") for one in chart_view(session).accounts}
    for move in (lambda: stated(session, has_member_accounts=False), lambda: chart(session, longer)):
        with pytest.raises(RecordRefused):  # Anna owes what Bernd gets: nothing in sum
            move()
        session.rollback()


def chart(session, numbers, code="skr03", **again):
    with write_transaction(session):
        change_chart(session, code, numbers, by=SOMEBODY, now=MONDAY, **again)


@pytest.mark.parametrize("number", ["8400", "84000", "84000000"])
def test_an_account_that_computes_vat_itself_has_no_key(session, charged_ring, number):
    stated(session)
    chart(session, {"use_charges": (number, "4400")})
    assert keys(session) == ["", ""]


@pytest.mark.parametrize("regime", ["small", "outside"])
def test_a_ring_that_shows_no_vat_has_no_keys(session, sample_ring, regime):
    able_to_issue(session, sample_ring.anna, regime=regime)
    charge_use(session, sample_ring.combine, sample_ring.anna, 100)
    stated(session)
    assert keys(session) == [""]


def test_unknown_vat_has_no_key_and_is_counted_in_the_preview(session, sample_ring):
    charge_use(session, sample_ring.combine, sample_ring.anna, 100)
    stated(session)
    assert keys(session) == [""]
    assert unknown(session) == 1
    stated(session, standard_key="", reduced_key="")
    assert unknown(session) == 0, "no row would have a key"
    stated(session)
    able_to_issue(session, sample_ring.anna)
    assert unknown(session) == 0


def test_what_is_counted_goes_back_on_each_account_with_its_own_vat(session, sample_ring, pool, seven):
    do(session, change_pool, pool, "Harvester", RULES, charges_are="income")
    charge_all(session, sample_ring)
    do(session, change_pool, pool, "Harvester", RULES, charges_are="advance")
    do(session, post_advance, pool, PER_SHARE)
    able_to_issue(session)
    stated(session)
    newcomer = member(session, "Hof 8", number="M-8")  # owes no advance: what is counted against the share is zero
    do(session, set_shares, pool, newcomer, 2, JUNE[0] + timedelta(days=1))
    nothing = use(session, sample_ring.combine, newcomer, 50)
    charge(session, nothing)
    correct_amount(session, nothing, 0)
    charge(session, nothing)
    cost(session, pool, "variable", 12_345)
    cost(session, pool, "fixed", 8_400)
    allocation_id = post(session, pool)
    do(session, reverse_allocation, allocation_id, "Wrong")

    account = str(10_000 + seven[0])
    rows = Counter((row[0], row[1], *row[3:]) for row in batch(session) if row[2] == account and row[3] != "8950")
    counted = (("8568,00", "8200", "3"), ("1000,00", "1710", ""))
    # Each of both was owed, goes back against the share, and is owed again after the reversal.
    assert rows == {(cents, side, *rest): turns for cents, *rest in counted for side, turns in (("S", 2), ("H", 1))}

    stated(session, has_advance_keys=True)
    on_advances = [(row[1], row[4]) for row in batch(session) if row[2] == account and row[3] == "1710"]
    assert sorted(on_advances) == [("H", "3"), ("S", "3"), ("S", "3")], "the adviser wants the keys there, too"
    chart(session, {"advances": ("1718", "3272")})
    assert {row[4] for row in batch(session) if row[3] == "1718"} == {""}, "taxed advances compute their VAT"
