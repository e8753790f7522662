"""The pages and calls of billing details and rates of VAT."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import select, update

from app.auth.models import User
from billing.models import Charge
from billing.models.party import RING
from billing.parties.party import party
from billing.parties.vat_rates import RateInput, enter_rate
from booking.kernel.transaction import write_transaction
from tests.integration.documents.documents_ring import able_to_issue
from tests.integration.money.harvester_pool import do
from tests.integration.money.test_charges import charge, tariff, use
from tests.integration.money.test_vat_in_prices import NET
from tests.web.costs.test_costs_pages import text
from tests.web.filled_forms import form_with

IBAN = "DE02 1203 0000 0000 2020 51"


def test_what_is_missing_for_invoices_is_a_list_that_gets_shorter(session, sample_ring, log_in):
    karl = log_in(sample_ring.karl_login)
    page = text(karl.get("/costs/parties"))
    assert "How it is taxed is not stated" in page
    assert "M-Anna Anna" in page

    sent = form_with(karl.get("/costs/parties/ring").text, "iban") | {"iban": IBAN, "tax_number": "119/815/08151"}
    assert karl.post("/costs/parties/ring", data=sent).status_code == 303
    stated = karl.post("/costs/parties/ring/regimes", data={"regime": "regular", "valid_from": "2026-01-01"})
    assert stated.status_code == 303
    address = form_with(karl.get(f"/costs/parties/{sample_ring.anna}/address").text, "address_street")
    address |= {"address_street": "Hauptstr. 1", "address_postcode": "82418", "address_town": "Murnau"}
    assert karl.post(f"/costs/parties/{sample_ring.anna}/address", data=address).status_code == 303

    page = text(karl.get("/costs/parties"))
    assert "How it is taxed is not stated" not in page
    assert "IBAN is missing" not in page
    assert "M-Anna Anna" not in page
    assert "M-Anna Anna" in text(karl.get("/costs/parties?member=anna"))

    assert karl.post("/costs/parties/ring/regimes", data={"remove": "2026-01-01"}).status_code == 303
    assert party(session, RING).regimes == ()


def test_a_statement_that_is_taken_back_prices_what_waited_because_of_it(session, sample_ring, log_in):
    able_to_issue(session)
    tariff(session, sample_ring.combine, NET)
    do(session, enter_rate, RateInput("flat_rate", Decimal("7.8"), date(2025, 1, 1), date(2026, 6, 30)))
    karl = log_in(sample_ring.karl_login)
    karl.post("/costs/parties/ring/regimes", data={"regime": "flat_rate", "valid_from": "2026-08-01"})
    assert charge(session, use(session, sample_ring.combine, sample_ring.anna, 100)) is None

    assert karl.post("/costs/parties/ring/regimes", data={"remove": "2026-08-01"}).status_code == 303

    assert session.scalars(select(Charge.cents)).all() == [13_685]


def test_a_wrong_iban_is_named_and_nothing_is_stored(session, sample_ring, log_in):
    anna = log_in(sample_ring.anna_login)
    refused = anna.post("/account/bank", data={"iban": "DE03120300000000202051", "document_email": ""})
    assert refused.status_code == 422
    assert "The check digits 03 do not fit this IBAN" in text(refused)
    assert party(session, sample_ring.anna).iban == ""

    assert anna.post("/account/bank", data={"iban": IBAN, "document_email": "post@hof.example"}).status_code == 303
    assert IBAN in text(anna.get("/account/bank")) or IBAN in anna.get("/account/bank").text


def test_others_see_an_iban_shortened_or_not_at_all(session, sample_ring, log_in):
    address = f"/costs/parties/{sample_ring.anna}"
    assert '<section class="card-r card-pad">' not in log_in(sample_ring.rita_login).get(address).text  # no empty card
    log_in(sample_ring.anna_login).post("/account/bank", data={"iban": IBAN, "document_email": ""})

    assert IBAN in log_in(sample_ring.karl_login).get(address).text
    seen = log_in(sample_ring.rita_login).get(address).text
    assert "DE02 … 2051" in seen
    assert IBAN not in seen
    assert log_in(sample_ring.bernd_login).get(address).status_code == 403
    assert log_in(sample_ring.bernd_login).get(f"/api/v1/members/{sample_ring.anna}/billing-details").status_code == 403


def test_rates_are_entered_on_their_page_and_by_program(session, sample_ring, log_in):
    with write_transaction(session):
        session.execute(update(User).where(User.id == sample_ring.karl_login).values(language="de"))
    karl = log_in(sample_ring.karl_login)
    assert "Für Tage nach dem 31.12.2025 ist kein Satz bekannt" in text(karl.get("/costs/vat-rates"))

    rate = {"code": "flat_rate", "percent": "7,8", "valid_from": "2026-01-01", "known_until": "2026-12-31"}
    assert karl.post("/costs/vat-rates", data=rate).status_code == 303
    assert karl.post("/costs/vat-rates", data=rate | {"percent": "780"}).status_code == 422

    body = {"code": "standard", "percent": "20", "valid_from": "2028-01-01", "known_until": None}
    items = karl.post("/api/v1/vat-rates", json=body).json["items"]
    assert [(one["percent"], one["valid_from"]) for one in items if one["code"] == "standard"] == [
        ("20.00", "2028-01-01"),
        ("19.00", "2021-01-01"),
    ]


def test_another_rate_for_days_that_are_charged_is_asked_about(session, sample_ring, log_in):
    able_to_issue(session, sample_ring.anna)
    tariff(session, sample_ring.combine, NET)
    charge(session, use(session, sample_ring.combine, sample_ring.anna, 100))
    karl = log_in(sample_ring.karl_login)
    rate = {"code": "standard", "percent": "20", "valid_from": "2026-01-01"}
    assert "What is posted keeps its VAT" not in karl.get("/costs/vat-rates").text

    asked = karl.post("/costs/vat-rates", data=rate)
    assert asked.status_code == 422
    assert "missed reservations with VAT added: 1, lines of issued documents: 0" in text(asked)
    assert form_with(asked.text, "percent")["percent"] == "20"
    refused = karl.post("/api/v1/vat-rates", json=rate)
    assert (refused.status_code, [one["rule"] for one in refused.json["violations"]]) == (422, ["posted_keeps_vat"])

    ticked = form_with(asked.text, "percent") | {"posted_stays": "y"}
    other = karl.post("/costs/vat-rates", data=ticked | {"percent": "22"})
    assert (other.status_code, "posted_stays" in form_with(other.text, "percent")) == (422, False), "asked again"
    charge(session, use(session, sample_ring.combine, sample_ring.anna, 200))
    more = karl.post("/costs/vat-rates", data=ticked)
    assert (more.status_code, "VAT added: 2, lines" in text(more)) == (422, True), "one was posted meanwhile"
    told = rate | {"posted_stays": True, "posted_sums": 1, "posted_lines": 0}
    assert karl.post("/api/v1/vat-rates", json=told).status_code == 422
    again = form_with(more.text, "percent") | {"posted_stays": "y"}
    assert karl.post("/costs/vat-rates", data=again).status_code == 303
    told |= {"percent": "21", "posted_sums": 2}
    assert karl.post("/api/v1/vat-rates", json=told).status_code == 200
    assert karl.post("/api/v1/vat-rates", json=rate | {"percent": "22", "posted_stays": True}).status_code == 200


def test_programs_of_a_treasurer_change_billing_details_under_their_revision(sample_ring, log_in):
    karl = log_in(sample_ring.karl_login)
    address = f"/api/v1/members/{sample_ring.anna}"
    read = karl.get(f"{address}/billing-details")
    assert read.json["vat_regimes"] == []

    changed = karl.put(f"{address}/billing-details", json={"iban": IBAN}, headers={"If-Match": read.headers["ETag"]})
    assert changed.json["iban"] == "DE02120300000000202051"
    stale = karl.put(f"{address}/billing-details", json={"iban": ""}, headers={"If-Match": read.headers["ETag"]})
    assert stale.status_code == 412
    regime = karl.post(f"{address}/vat-regimes", json={"valid_from": "2026-01-01", "regime": "flat_rate"})
    assert regime.json["vat_regimes"] == [{"valid_from": "2026-01-01", "regime": "flat_rate"}]
    assert karl.put("/api/v1/ring/billing-details", json={"iban": "DE03"}).status_code == 422
    assert karl.get("/api/v1/members/99999/billing-details").status_code == 404
