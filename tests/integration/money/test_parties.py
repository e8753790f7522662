"""Billing details, VAT regimes by date and rates of VAT: dated data that the database keeps free of contradictions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from threading import Barrier

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import DatabaseError

from app.extensions import db
from billing.errors.document_errors import VatRateUnknown
from billing.models import Party, VatRate, VatRegime
from billing.models.party import RING
from billing.parties import party as billing_party
from billing.parties.party import PartyInput, change_own, change_party, party, remove_regime, set_regime
from billing.parties.vat_rates import RateInput, enter_rate, rate_on
from booking.errors.schedule_errors import MemberNotFound, RecordRefused
from booking.kernel.errors import StaleRevision
from booking.kernel.transaction import write_transaction
from tests.conftest import MONDAY
from tests.integration.money.harvester_pool import do

NEW_YEAR = date(2026, 1, 1)


def rules(refusal):
    return [(violation.field, violation.rule) for violation in refusal.value.violations]


def test_details_are_cleaned_checked_and_kept_by_revision(session, sample_ring):
    entered = PartyInput(iban=" de02 1203 0000 0000 2020 51 ", tax_number="119/815/08151", vat_id="de 136 695 976")
    do(session, change_party, sample_ring.anna, entered, revision=0)

    view = party(session, sample_ring.anna)
    assert (view.iban, view.vat_id, view.revision) == ("DE02120300000000202051", "DE136695976", 1)

    with pytest.raises(StaleRevision):
        do(session, change_party, sample_ring.anna, entered, revision=0)
    with pytest.raises(RecordRefused) as refusal:
        do(session, change_party, RING, PartyInput(iban="DE03120300000000202051", contact_email="karl@"))
    assert rules(refusal) == [("contact_email", "email_form"), ("iban", "iban_check")]
    assert party(session, RING) == party(session, RING).__class__(id=RING)
    with pytest.raises(MemberNotFound):
        do(session, change_party, 99_999, PartyInput())


def test_a_member_keeps_its_own_account_and_nothing_else(session, sample_ring):
    do(session, change_party, sample_ring.anna, PartyInput(tax_number="119/815/08151"))
    do(session, change_own, sample_ring.anna, iban="DE02120300000000202051", document_email="post@hof.example")

    view = party(session, sample_ring.anna)
    assert (view.tax_number, view.iban, view.document_email) == (
        "119/815/08151",
        "DE02120300000000202051",
        "post@hof.example",
    )


def test_what_the_treasurer_changes_at_that_moment_stays(session, sample_ring, monkeypatch):
    do(session, change_party, sample_ring.anna, PartyInput(tax_number="119/815/08151"))
    locked, changed = billing_party._locked, []

    def changed_before(*arguments):
        if not changed:
            changed.append(session.execute(update(Party).values(tax_number="119/815/99999")))
        return locked(*arguments)

    monkeypatch.setattr(billing_party, "_locked", changed_before)
    do(session, change_own, sample_ring.anna, iban="DE02120300000000202051", document_email="")
    assert party(session, sample_ring.anna).tax_number == "119/815/99999"


def test_a_regime_holds_until_the_next_one_begins(session, sample_ring):
    do(session, set_regime, sample_ring.anna, "flat_rate", date(2024, 1, 1))
    do(session, set_regime, sample_ring.anna, "regular", NEW_YEAR)
    do(session, set_regime, sample_ring.anna, "small", NEW_YEAR)

    view = party(session, sample_ring.anna)
    assert view.regimes == ((date(2024, 1, 1), "flat_rate"), (NEW_YEAR, "small"))
    assert [view.regime_on(day) for day in (date(2023, 12, 31), date(2025, 12, 31), NEW_YEAR)] == [
        None,
        "flat_rate",
        "small",
    ]

    do(session, remove_regime, sample_ring.anna, NEW_YEAR)
    assert party(session, sample_ring.anna).regime_on(NEW_YEAR) == "flat_rate"


@pytest.mark.parametrize(
    "row",
    [
        (VatRegime, {"party_id": RING, "valid_from": NEW_YEAR, "regime": "small"}),  # a second one for the day
        (VatRegime, {"party_id": RING, "valid_from": date(2026, 2, 1), "regime": "tax haven"}),
        (Party, {"id": 77, "member_id": None, "iban": ""}),  # neither the ring nor a member
        (VatRate, {"code": "standard", "valid_from": date(2021, 1, 1), "percent": Decimal(16)}),
        (
            VatRate,
            {"code": "flat_rate", "valid_from": NEW_YEAR, "percent": Decimal(8), "known_until": date(2025, 1, 1)},
        ),
    ],
)
def test_the_database_refuses_what_contradicts(session, row):
    do(session, set_regime, RING, "regular", NEW_YEAR)
    model, values = row
    with pytest.raises(DatabaseError), write_transaction(session):
        session.execute(insert(model).values(**values))


def test_two_may_enter_the_first_details_at_once(app, sample_ring):
    together = Barrier(2)

    def enter(number):
        with app.app_context():
            together.wait()
            do(db.session(), change_party, sample_ring.anna, PartyInput(tax_number=number))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(enter, ["119/815/08151", "119/815/08152"]))
    with app.app_context():
        assert party(db.session(), sample_ring.anna).revision == 2


@pytest.mark.parametrize(
    ("code", "day", "percent"),
    [
        ("standard", date(2026, 11, 23), "19"),
        ("reduced", date(2026, 11, 23), "7"),
        ("flat_rate", date(2021, 12, 31), "10.7"),
        ("flat_rate", date(2022, 1, 1), "9.5"),
        ("flat_rate", date(2024, 12, 5), "9"),
        ("flat_rate", date(2024, 12, 6), "8.4"),
        ("flat_rate", date(2025, 12, 31), "7.8"),
    ],
)
def test_the_rate_of_the_day_of_service_holds(session, code, day, percent):
    assert rate_on(session, code, day) == Decimal(percent)


def test_a_rate_that_is_not_known_is_asked_for_and_never_guessed(session):
    with pytest.raises(VatRateUnknown) as refusal:
        rate_on(session, "flat_rate", NEW_YEAR)
    assert refusal.value.facts == {"vat_code": "flat_rate", "day": NEW_YEAR}

    do(session, enter_rate, RateInput("flat_rate", Decimal("7.8"), NEW_YEAR, date(2026, 12, 31)))
    assert rate_on(session, "flat_rate", MONDAY.date()) == Decimal("7.8")
    with pytest.raises(VatRateUnknown):
        rate_on(session, "flat_rate", date(2027, 1, 1))


@pytest.mark.parametrize(
    ("percent", "until", "expected"),
    [
        ("119", None, ("percent", "percent_range")),
        ("-1", None, ("percent", "percent_range")),
        ("7.777", None, ("percent", "percent_form")),
        ("7", date(2020, 1, 1), ("known_until", "last_day_before_first")),
    ],
)
def test_a_slip_of_the_comma_is_refused(session, percent, until, expected):
    with pytest.raises(RecordRefused) as refusal:
        do(session, enter_rate, RateInput("standard", Decimal(percent), NEW_YEAR, until))
    assert rules(refusal) == [expected]
