"""Prices with and without VAT: what a charge is, what its working says, and that its invoice states the same cents."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import DatabaseError

from app.extensions import db
from app.pages.machines.price import price_of
from app.wording.tariffs import beyond_estimate, working_steps
from billing.audits import broken_charges
from billing.charges import rate_entry
from billing.charges.charges import charge_waiting_for_vat
from billing.documents.drafts import drafts
from billing.errors.document_errors import VatUnknown
from billing.errors.money_errors import WrongText
from billing.fees.missed import fee_if_cancelled
from billing.fees.missed_working import MissedFee
from billing.fees.posting import append, reverse_fee
from billing.fees.terms import TermsEntry, set_terms
from billing.ledger.audit import broken_ledger
from billing.models import Balance, Charge, Fee, Unpriced
from billing.parties import vat_rates
from billing.parties.kept_vat import Kept
from billing.parties.vat_rates import RateInput, enter_rate
from billing.prices.pricing import PriceCalculation
from billing.prices.tariff_parts import AdjustmentEntry, LineEntry, TariffParts
from billing.queries import tariffs_on, unpriced_count
from billing.tariffs.estimates import estimate_for
from billing.tariffs.price_comparison import PriceComparison
from billing.tariffs.tariffs import TariffEntry
from booking.errors.schedule_errors import RecordRefused
from booking.kernel.transaction import write_transaction
from booking.queries import machine_card
from booking.reservations.decisions import approve
from booking.reservations.wishes import Wish
from booking.timespan import TimeSpan
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY
from tests.integration.documents.documents_ring import TODAY, able_to_issue, invoice
from tests.integration.money.harvester_pool import do
from tests.integration.money.test_charges import charge, tariff, use
from tests.integration.money.test_tariff_lines import timed_use

NET = TariffEntry(
    date(2026, 1, 1),
    {"member": Decimal(115), "guest": Decimal(138)},
    tax_code="standard",
    price_includes_vat=False,
)
GROSS = replace(NET, price_includes_vat=True)


@pytest.fixture
def ring(session, sample_ring):
    able_to_issue(session, sample_ring.anna, sample_ring.bernd)
    return sample_ring


def effective(session):
    rows = session.scalars(select(Charge).order_by(Charge.id)).all()
    reversed_ids = {row.reverses_id for row in rows}
    return [row for row in rows if row.reverses_id is None and row.id not in reversed_ids]


def draft_of(session, member_id):
    return drafts(session, TODAY)[member_id]


def groups(session, member_id):
    (draft,) = draft_of(session, member_id).drafts
    return [(group.treatment.percent, group.net_cents, group.vat_cents) for group in draft.taxed.groups]


def kept_by(session, rate):
    """Return why a rate is not entered without saying that what is posted keeps its VAT."""
    with pytest.raises(RecordRefused) as refused:
        do(session, rate_entry.enter_rate, rate, confirms=lambda _kept: False)
    return refused.value.violations


def is_sound(session):
    return not list(broken_charges(session)) and not list(broken_ledger(session))


def test_vat_is_added_once_to_a_price_without_it_and_the_invoice_states_the_same(session, ring):
    tariff(session, ring.combine, NET)

    charge(session, use(session, ring.combine, ring.anna, 1_250))

    (row,) = effective(session)
    assert (row.cents, row.added_vat_cents) == (171_063, 27_313)  # golden G2's 1,437.50, at 19 %
    assert session.get(Balance, ring.anna).cents == 171_063
    assert groups(session, ring.anna) == [(Decimal(19), 143_750, 27_313)]
    assert is_sound(session)


def test_a_price_with_vat_stays_what_members_were_told_and_says_what_is_in_it(session, ring):
    """Golden G3: 22.88 = 19.23 and 3.65."""
    tariff(session, ring.combine, replace(GROSS, prices={"member": Decimal("22.88"), "guest": Decimal(30)}))

    charge(session, use(session, ring.combine, ring.anna, 100))

    (row,) = effective(session)
    calculation = PriceCalculation.from_json(row.calculation)
    assert (row.cents, row.added_vat_cents, calculation.included_vat) == (2_288, 0, (Decimal(19), 365))
    assert groups(session, ring.anna) == [(Decimal(19), 1_923, 365)]
    assert charge(session, row.usage_id) == row.id, "what is included decides nothing: nothing is priced again"
    assert is_sound(session)


def test_minimum_and_cap_are_without_vat_as_the_prices_are(app, session, ring):
    parts = TariffParts(adjustments=(AdjustmentEntry("Cleaning", "fixed", Decimal(2)),))
    hourly = replace(NET, prices={"member": Decimal(20), "guest": Decimal(20)}, parts=parts, cap_day_cents=5_000)
    tariff(session, ring.splitter, hourly)
    start = MONDAY - timedelta(days=1, hours=8)

    for hour in (0, 2):
        charge(session, timed_use(session, ring.splitter, ring.anna, start + timedelta(hours=hour), 2))

    first, second = effective(session)
    with app.test_request_context():
        assert [step.figure for step in working_steps(PriceCalculation.from_json(second.calculation))[-3:]] == [
            "-34,00\N{NO-BREAK SPACE}€",
            "1,52\N{NO-BREAK SPACE}€",
            "9,52\N{NO-BREAK SPACE}€",
        ]
    assert [(row.cents, row.added_vat_cents) for row in (first, second)] == [(4_998, 798), (952, 152)]
    assert is_sound(session)


def test_the_rate_of_the_day_of_service_holds(session, ring):
    do(session, enter_rate, RateInput("standard", Decimal(16), date(2026, 7, 1)))
    tariff(session, ring.combine, NET)

    for days in (1, 150):
        charge(session, use(session, ring.combine, ring.anna, 100, days_ago=days))

    assert sorted(row.cents for row in effective(session)) == [13_340, 13_685]
    assert groups(session, ring.anna) == [(Decimal(19), 11_500, 2_185), (Decimal(16), 11_500, 1_840)]


def test_nothing_is_added_where_the_ring_is_a_small_business(session, sample_ring):
    able_to_issue(session, sample_ring.anna, regime="small")
    tariff(session, sample_ring.combine, NET)

    charge(session, use(session, sample_ring.combine, sample_ring.anna, 100))

    assert [(row.cents, row.added_vat_cents) for row in effective(session)] == [(11_500, 0)]
    assert groups(session, sample_ring.anna) == [(0, 11_500, 0)]


def test_a_tariff_adds_no_vat_that_nobody_knows(session, sample_ring):
    with pytest.raises(VatUnknown):
        tariff(session, sample_ring.combine, NET)
    with pytest.raises(WrongText):
        tariff(session, sample_ring.combine, replace(NET, tax_code=None))
    tariff(session, sample_ring.combine, GROSS)


def test_a_use_waits_for_a_rate_that_is_not_entered_yet(session, sample_ring):
    able_to_issue(session, sample_ring.anna, regime="flat_rate")
    do(session, enter_rate, RateInput("flat_rate", Decimal("7.8"), date(2025, 1, 1), date(2026, 6, 30)))
    tariff(session, sample_ring.combine, NET)
    usage_id = use(session, sample_ring.combine, sample_ring.anna, 100)
    assert charge(session, usage_id) is None
    assert session.get(Unpriced, usage_id) is not None

    do(session, enter_rate, RateInput("flat_rate", Decimal("6.1"), date(2026, 7, 1)))
    statements = []

    def note(*args):
        statements.append(args[2])

    event.listen(db.engine, "before_cursor_execute", note)
    with write_transaction(session):
        assert charge_waiting_for_vat(session, by=SOMEBODY, now=MONDAY) == 1
    event.remove(db.engine, "before_cursor_execute", note)

    assert [row.cents for row in effective(session)] == [12_202]
    reads = [one for one in statements if "billing_ledger " in one or "billing_unpriced" in one]
    assert "billing_ledger " in reads[0], "a slip that another transaction prices at this moment would wait for ever"


@pytest.mark.of_sqlite
def test_a_use_with_a_price_that_waits_for_a_later_rate_is_told_and_priced_again(session, sample_ring):
    """It kept its old price for ever: nothing noted that it waited."""
    able_to_issue(session, sample_ring.anna, regime="flat_rate")
    tariff(session, sample_ring.combine, GROSS)
    usage_id = use(session, sample_ring.combine, sample_ring.anna, 100)
    charge(session, usage_id)
    do(session, enter_rate, RateInput("flat_rate", Decimal("7.8"), date(2025, 1, 1), date(2026, 6, 30)))
    tariff(session, sample_ring.combine, NET, reprice=True)
    assert [row.cents for row in effective(session)] == [11_500]
    assert unpriced_count(session) == 1  # the treasurer's desk says that it waits

    do(session, enter_rate, RateInput("flat_rate", Decimal("6.1"), date(2026, 7, 1)))
    with write_transaction(session):
        assert charge_waiting_for_vat(session, by=SOMEBODY, now=MONDAY) == 1
    assert [row.cents for row in effective(session)] == [12_202]
    assert unpriced_count(session) == 0


@pytest.mark.of_sqlite
def test_a_missed_reservation_whose_rate_is_unknown_costs_what_is_known(session, sample_ring):
    able_to_issue(session, sample_ring.anna, regime="flat_rate")
    do(session, enter_rate, RateInput("flat_rate", Decimal("7.8"), date(2025, 1, 1), TODAY))
    per_hour = {"member": Decimal(12), "guest": Decimal(12)}
    tariff(session, sample_ring.splitter, replace(NET, prices=per_hour))
    do(session, set_terms, sample_ring.splitter, TermsEntry(TODAY, 100, ((48, 50),), base_cents=99_900))
    tomorrow = reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 24, 26), now=MONDAY).id
    with write_transaction(session):
        approve(session, tomorrow, by=SOMEBODY, now=MONDAY)
    fee = fee_if_cancelled(session, tomorrow, now=MONDAY + timedelta(hours=23))
    assert (fee.base_cents, fee.cents) == (2_400, 1_200)  # two hours without VAT, not the sum of machines with a meter


def test_a_rate_corrected_later_is_asked_for_before_an_invoice_and_mended_by_the_tariff(session, ring):
    tariff(session, ring.combine, NET)
    charge(session, use(session, ring.combine, ring.anna, 100))
    other = RateInput("standard", Decimal(20), date(2026, 1, 1))
    assert [(one.rule, one.limit, one.actual) for one in kept_by(session, other)] == [("posted_keeps_vat", 1, 0)]
    for asks_nothing in (
        replace(other, percent=Decimal(19)),  # the same rate
        replace(other, valid_from=date(2027, 1, 1)),  # no day that is charged
        replace(other, code="reduced"),
    ):
        do(session, rate_entry.enter_rate, asks_nothing, confirms=lambda kept: pytest.fail(f"asked about {kept}"))
    do(session, rate_entry.enter_rate, other, confirms=lambda kept: kept == Kept(1, 0))
    assert [row.cents for row in effective(session)] == [13_685]
    assert draft_of(session, ring.anna).problems == ("other_vat",)

    tariff(session, ring.combine, NET, reprice=True)

    assert groups(session, ring.anna) == [(Decimal(20), 11_500, 2_300)]
    assert is_sound(session)
    invoice(session, ring.anna)
    assert [(one.limit, one.actual) for one in kept_by(session, replace(other, percent=Decimal(21)))] == [(1, 1)]


@pytest.mark.of_sqlite
def test_fees_of_a_planned_price_with_vat_are_counted_under_the_locks_of_ledger_and_documents(session, ring):
    hourly = replace(NET, prices={"member": Decimal(12), "guest": Decimal(12)})
    tariff(session, ring.splitter, hourly)
    tariff(session, ring.combine, NET)  # by what its meter shows: a fee is of a sum without VAT
    other = RateInput("standard", Decimal(20), date(2026, 1, 1))
    for machine_id, start in ((ring.splitter, 24), (ring.splitter, 26), (ring.combine, 24)):
        missed = reserve(session, machine_id, ring.anna, hours(MONDAY, start, start + 2), now=MONDAY).id
        numbered = {"reservation_id": missed, "number": 1, "text": "", "service_from": TODAY, "service_until": TODAY}
        fee = Fee(kind="late_cancel", member_id=ring.anna, machine_id=machine_id, **numbered)
        do(session, append, fee, MissedFee(2_856, 50, None, 7_200))
    do(session, reverse_fee, 2, "not so late")
    statements = []

    def note(*args):
        statements.append(args[2])

    event.listen(db.engine, "before_cursor_execute", note)
    assert [(one.limit, one.actual) for one in kept_by(session, other)] == [(1, 0)]
    event.remove(db.engine, "before_cursor_execute", note)

    tables = ("billing_document_terms", "billing_ledger ", "billing_charge", "billing_fee", "billing_document_line")
    first = [next(at for at, one in enumerate(statements) if f"FROM {table}" in one) for table in tables]
    assert first == sorted(first), "what is posted or issued between count and entry would not be asked about"
    assert not kept_by_flat_rate(session, other)


def kept_by_flat_rate(session, other):
    """Return what the rate of farmers is said to keep, where the ring is taxed regularly."""
    do(session, enter_rate, replace(other, code="flat_rate", percent=Decimal("7.8"), valid_from=date(2025, 1, 1)))
    return vat_rates.kept(session, replace(other, code="flat_rate"))


def test_what_a_member_is_told_beforehand_has_the_vat_in_it(app, session, ring):
    parts = TariffParts(lines=(LineEntry("Wood", "km", {"member": Decimal(1), "guest": Decimal(1)}),))
    prices = {"member": Decimal(12), "guest": Decimal(12)}
    tariff(session, ring.splitter, replace(NET, prices=prices, parts=parts, minimum_cents=500))
    wish = Wish(ring.splitter, ring.anna, TimeSpan(MONDAY, MONDAY + timedelta(hours=3)), 1)

    told = estimate_for(session, machine_card(session, ring.splitter), wish)

    assert told.terms.adds_vat
    assert told.calculation.cents == 4_284
    with app.test_request_context():
        assert beyond_estimate(told.terms, is_estimated=True)[-1] == "Zu diesen Preisen kommt die USt. hinzu."
        price = price_of(session, machine_card(session, ring.splitter), ring.anna, now=MONDAY)
    assert (price.unit, price.minimum) == ("je Stunde zzgl. USt.", "mindestens 5,00\N{NO-BREAK SPACE}€ zzgl. USt.")


@pytest.mark.parametrize(
    ("regime", "code", "adds"),
    [("regular", "standard", True), ("regular", "exempt", False), ("small", "standard", False)],
)
def test_lists_of_prices_name_vat_only_where_the_ring_adds_it(session, sample_ring, regime, code, adds):
    able_to_issue(session, regime=regime)
    tariff(session, sample_ring.combine, replace(NET, tax_code=code))

    assert tariffs_on(session, TODAY)[sample_ring.combine].adds_vat is adds
    assert tariffs_on(session, TODAY, machine_ids=[sample_ring.combine])[sample_ring.combine].adds_vat is adds


def test_a_flat_rate_farmer_adds_his_rate_whatever_the_code(session, sample_ring):
    able_to_issue(session, sample_ring.anna, regime="flat_rate")
    do(session, enter_rate, RateInput("flat_rate", Decimal("7.8"), date(2025, 1, 1), TODAY))
    tariff(session, sample_ring.combine, replace(NET, tax_code="exempt"))

    for day in (TODAY, TODAY + timedelta(days=1)):  # on the second one nobody knows how much
        assert tariffs_on(session, day)[sample_ring.combine].adds_vat


def test_a_price_that_waits_for_a_rate_is_no_use_for_nothing(session, sample_ring):
    able_to_issue(session, sample_ring.anna, regime="flat_rate")
    do(session, enter_rate, RateInput("flat_rate", Decimal("7.8"), date(2025, 1, 1), TODAY))
    tariff(session, sample_ring.splitter, replace(NET, prices={"member": Decimal(12), "guest": Decimal(12)}))
    today, tomorrow = (
        Wish(sample_ring.splitter, sample_ring.anna, TimeSpan(start, start + timedelta(hours=1)))
        for start in (MONDAY, MONDAY + timedelta(days=1))
    )

    assert PriceComparison(session)(today, tomorrow)


def test_the_database_refuses_prices_without_a_vat_that_is_to_be_added(session, sample_ring):
    entered = tariff(session, sample_ring.combine)

    with pytest.raises(DatabaseError, match="ck_billing_tariff_vat"), write_transaction(session):
        session.execute(text("UPDATE billing_tariff SET price_includes_vat = false WHERE id = :id"), {"id": entered})
