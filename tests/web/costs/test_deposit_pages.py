"""Deposits as pages and calls: entered by the treasurer, told at hand-out, shown on the slip."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from html import unescape

import pytest

from billing.charges.charges import charge_for
from billing.fees.deposits import DepositEntry, set_deposit
from billing.fees.posting import FeeInput, enter_fee
from billing.parties.vat_rates import RateInput, enter_rate
from tests.integration.documents.documents_ring import able_to_issue
from tests.integration.money.harvester_pool import do
from tests.integration.money.test_charges import tariff
from tests.integration.money.test_deposits import TODAY, handed_back, handed_out
from tests.integration.money.test_vat_in_prices import NET
from tests.web.costs.test_costs_pages import text

pytestmark = pytest.mark.of_sqlite


def test_a_deposit_is_entered_told_and_shown_on_the_slip(session, sample_ring, log_in):
    karl, anna = log_in(sample_ring.karl_login), log_in(sample_ring.anna_login)
    here, sent = f"/fees/deposit/{sample_ring.splitter}", {"valid_from": TODAY.isoformat(), "amount": "100"}
    for wrong in ({"amount": "-1"}, {"amount": ""}, {"valid_from": "2020-01-01"}, {"valid_from": "2150-01-01"}):
        assert karl.post(here, data=sent | wrong).status_code == 422, wrong
    assert anna.post(here, data=sent).status_code == 403
    assert karl.post(here, data=sent).status_code == 303
    assert "it goes back when the machine comes back" in text(anna.get(here))

    entered = handed_out(session, sample_ring.splitter, sample_ring.anna)
    slip = anna.get("/api/v1/usage").json["items"][0]["id"]
    assert "€100.00, held" in text(anna.get(f"/usage/{slip}"))
    assert "Deposit" in text(anna.get("/costs/balance"))
    do(session, enter_fee, FeeInput("other", sample_ring.anna, TODAY, "Key", Decimal(1), Decimal(25)))
    do(
        session,
        enter_fee,
        FeeInput("other", sample_ring.anna, date(TODAY.year - 1, 12, 30), "Key", Decimal(1), Decimal(7)),
    )
    desk = karl.get("/costs")
    assert {"Fees: €25.00", "Deposits held: €100.00"} <= set(re.findall("(?<=>)[^<]+", text(desk))), "its year"
    (link,) = re.findall(r'href="(/fees[^"]*from=[^"]*)"', desk.text)
    assert re.findall("Sum of .*?€([0-9.]+)", text(karl.get(unescape(link)))) == ["25.00"], "as the desk has it"
    handed_back(session, entered)
    assert "Deposits held" not in text(karl.get("/costs"))
    assert "€100.00, given back" in text(anna.get(f"/usage/{slip}"))
    do(session, set_deposit, sample_ring.splitter, DepositEntry(TODAY, 10_000, is_set_off=True))
    assert "€100.00, set off against the charge" in text(anna.get(f"/usage/{slip}"))
    assert [one["cents"] for one in anna.get("/api/v1/fees?kind=deposit").json["items"]] == [-10_000, 10_000]


def test_a_deposit_that_no_price_sets_off_names_the_way_out(session, sample_ring, log_in):
    karl, splitter = log_in(sample_ring.karl_login), sample_ring.splitter
    do(session, set_deposit, splitter, DepositEntry(TODAY, 10_000, is_set_off=True))
    entered = handed_out(session, splitter, sample_ring.anna)
    fee_id = karl.get("/api/v1/fees?kind=deposit").json["items"][0]["id"]
    assert "The machine is back" not in text(karl.get(f"/fees/{fee_id}"))
    handed_back(session, entered)
    page = text(karl.get(f"/fees/{fee_id}"))
    assert "Enter the tariff of its day, of zero where nothing is owed" in page
    assert f'href="/costs/tariffs/{splitter}"' in page
    able_to_issue(session, regime="flat_rate")
    do(session, enter_rate, RateInput("flat_rate", Decimal("7.8"), date(2025, 1, 1), date(2026, 6, 30)))
    tariff(session, splitter, NET)
    assert "Enter the VAT rate that holds on its day" in text(karl.get(f"/fees/{fee_id}"))
    do(session, set_deposit, splitter, DepositEntry(TODAY, 10_000))  # it goes back at hand-back then
    assert "The machine is back" not in text(karl.get(f"/fees/{fee_id}"))
    do(session, set_deposit, splitter, DepositEntry(TODAY, 10_000, is_set_off=True))
    own = text(log_in(sample_ring.anna_login).get(f"/fees/{fee_id}"))
    assert ("is set off as soon as the use has its price" in own, "Enter the tariff" in own) == (True, False)
    karl = log_in(sample_ring.karl_login)
    do(session, enter_rate, RateInput("flat_rate", Decimal("7.8"), TODAY))
    do(session, charge_for, int(re.search(r"/usage/(\d+)", page)[1]))
    assert "The machine is back" not in text(karl.get(f"/fees/{fee_id}")), "the worker gives it back"
    assert karl.post(f"/fees/{fee_id}/reverse", data={"reason": "Nothing is owed."}).status_code == 303
    assert "The machine is back" not in text(karl.get(f"/fees/{fee_id}"))
    lines = text(karl.get(f"/costs/balances/{sample_ring.anna}"))
    assert "takes an earlier line back: Nothing is owed." in lines


def test_deposits_by_calls(sample_ring, log_in):
    karl, anna = log_in(sample_ring.karl_login), log_in(sample_ring.anna_login)
    here, body = f"/api/v1/machines/{sample_ring.splitter}/deposits", {"valid_from": TODAY.isoformat(), "cents": 5_000}
    assert anna.post(here, json=body).status_code == 403
    assert karl.post(here, json=body | {"valid_from": "2020-01-01"}).json["code"] == "wrong_period"
    assert karl.post(here, json=body | {"is_set_off": True}).json["items"] == [body | {"is_set_off": True}]
    assert anna.get(here).json["items"][0]["cents"] == 5_000
    assert anna.get("/api/v1/machines/4711/deposits").status_code == 404
