"""Fees as pages, calls and mails: entered, taken back, dues of all; members see their own."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest

from app.wording.fees import ONCE_REVERSED
from billing.fees.posting import ENTERED_KINDS, enter_fee
from billing.fees.terms import TermsEntry, set_terms
from billing.models.fee import FEE_KINDS
from billing.queries.balances import balance_of
from billing.queries.fees import FeeFilter, fees
from billing.tariffs.tariffs import TariffEntry, enter_tariff
from booking.kernel.transaction import write_transaction
from booking.reservations.decisions import approve
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY
from tests.integration.documents.documents_ring import TODAY
from tests.integration.money.harvester_pool import do
from tests.web.costs.test_costs_pages import text
from tests.web.costs.test_statements import mails

pytestmark = pytest.mark.of_sqlite


@pytest.fixture
def karl(sample_ring, log_in):
    return log_in(sample_ring.karl_login)


def filled(sample_ring, **changes):
    return {
        "q": "Anna",
        "found_for": "Anna",
        "member": str(sample_ring.anna),
        "kind": "material",
        "text": "Plywood <b>",
        "service_date": TODAY.isoformat(),
        "quantity": "2,5",
        "unit": "m²",
        "unit_price": "12,99",
    } | changes


def test_a_fee_is_entered_found_and_taken_back(session, sample_ring, karl):
    sent = karl.post("/fees/new", data=filled(sample_ring))
    assert sent.status_code == 303
    page = text(karl.get(sent.location))
    assert all(words in page for words in ("Plywood &lt;b&gt;", "2.5 m²", "12.99", "32.48")), page
    listed = text(karl.get("/fees?kind=material&member=Anna"))
    assert "Plywood" in listed
    assert "Plywood" not in text(karl.get("/fees?kind=dues"))
    assert karl.get("/fees?from=2026-12-31&until=2026-01-01").status_code == 422
    page = text(karl.get(f"/costs/balances/{sample_ring.anna}"))
    assert (sent.location in page, "Plywood &lt;b&gt;" in page) == (True, True)
    statement = f"/costs/balances/{sample_ring.anna}/statement"
    days = f"?from={TODAY.replace(day=1).isoformat()}&until={TODAY.isoformat()}"
    assert "Plywood &lt;b&gt;" in text(karl.get(statement + days))
    assert "Plywood <b>" in karl.get(f"{statement}/file.csv{days}").get_data(as_text=True)

    assert karl.post(f"{sent.location}/reverse", data={"reason": ""}).status_code == 422
    assert karl.post(f"{sent.location}/reverse", data={"reason": "Falsch."}).status_code == 303
    assert karl.post(f"{sent.location}/reverse", data={"reason": "Falsch."}).status_code == 409
    assert balance_of(session, sample_ring.anna).cents == 0
    first, second = mails(session)
    assert "Plywood <b>" in first.subject
    assert all(words in first.body for words in ("2.5 m²", "12.99", "32.48")), first.body
    assert "Falsch." in second.body


def test_the_form_names_what_is_wrong(session, sample_ring, karl):
    for wrong in (
        {"member": ""},
        {"text": " "},
        {"quantity": "0"},
        {"quantity": "1,2345"},
        {"quantity": "2000000"},
        {"unit_price": "-1"},
        {"unit_price": "0.001", "quantity": "1"},
        {"unit_price": "999999999"},
        {"service_date": "2027-01-01"},
        {"service_date": "1066-10-14"},
        {"tax_code": "20"},
        {"machine": "4711"},
        {"kind": "dues"},
    ):
        assert karl.post("/fees/new", data=filled(sample_ring, **wrong)).status_code == 422, wrong
    assert fees(session, FeeFilter())[0] == ()


def test_dues_are_shown_before_they_are_posted(session, sample_ring, karl):
    page = text(karl.get("/fees/dues"))
    assert "Membership dues 2026" in page
    sent = {
        "amount": "60",
        "since": "2026-01-01",
        "until": "2026-12-31",
        "members_on": TODAY.isoformat(),
        "price_classes": ["member"],
        "text": "Beitrag 2026",
        "tax_code": "outside",
    }
    shown = text(karl.post("/fees/dues", data=sent | {"show": "1"}))
    seen = re.search(r'name="seen"[^>]*value="([0-9a-f]{64})"', shown)
    assert seen, shown
    assert "120.00" in shown
    assert karl.post("/fees/dues", data=sent).status_code == 409
    assert balance_of(session, sample_ring.anna).cents == 0
    assert karl.post("/fees/dues", data=sent | {"seen": seen[1]}).status_code == 303
    assert balance_of(session, sample_ring.anna).cents == 6_000
    assert karl.post("/fees/dues", data=sent | {"seen": seen[1]}).status_code == 422
    page = text(karl.get(f"/fees/{fees(session, FeeFilter(kind='dues'))[0][0].id}"))
    assert "cannot be taken back: call the membership dues again" in page
    assert set(ONCE_REVERSED) == set(FEE_KINDS)
    assert not [
        kind for kind in set(FEE_KINDS) - set(ENTERED_KINDS) if "enter the fee again" in str(ONCE_REVERSED[kind])
    ]
    for wrong in ({"amount": "0"}, {"until": "2025-01-01"}, {"price_classes": []}, {"since": "0001-01-01"}):
        assert karl.post("/fees/dues", data=sent | wrong | {"show": "1"}).status_code == 422, wrong


def test_members_see_their_own_fees_only(session, sample_ring, log_in, plywood):
    made = do(session, enter_fee, plywood)
    anna, bernd = log_in(sample_ring.anna_login), log_in(sample_ring.bernd_login)
    assert "Plywood" in text(anna.get("/fees"))
    assert anna.get(f"/fees/{made}").status_code == 200
    assert "Plywood" not in text(bernd.get("/fees?member=Anna"))
    assert bernd.get(f"/fees/{made}").status_code == 404
    assert anna.get("/fees/new").status_code == 403


def test_fees_by_calls(session, sample_ring, karl, log_in):
    wanted = {
        "kind": "other",
        "member_id": sample_ring.anna,
        "service_date": TODAY.isoformat(),
        "text": "Key lost",
        "unit_price": "25.00",
        "vat_code": "outside",
    }
    made = karl.post("/api/v1/fees", json=wanted)
    assert (made.status_code, made.json["cents"], made.json["vat_code"]) == (201, 2_500, "outside")
    address = f"/api/v1/fees/{made.json['id']}"
    anna, bernd = log_in(sample_ring.anna_login), log_in(sample_ring.bernd_login)
    assert anna.get(address).json["calculation"] == {"quantity": "1", "unit_price": "25.00", "unit": ""}
    assert [one["id"] for one in anna.get("/api/v1/fees?period=2026").json["items"]] == [made.json["id"]]
    assert anna.get("/api/v1/fees?kind=dues").json["items"] == []
    assert bernd.get(f"/api/v1/fees?member_id={sample_ring.anna}").json["items"] == []
    assert bernd.get(address).status_code == 404
    assert anna.post("/api/v1/fees", json=wanted).status_code == 403
    for wrong in ({"quantity": "0"}, {"unit_price": "1e3"}, {"service_date": "2027-01-01"}, {"kind": "dues"}):
        assert karl.post("/api/v1/fees", json=wanted | wrong).status_code == 422, wrong
    assert karl.post(f"{address}/reverse", json={"reason": "Found."}).json["cents"] == -2_500
    assert karl.post(f"{address}/reverse", json={"reason": "Found."}).status_code == 409

    called = {"period": "2026", "members_on": MONDAY.date().isoformat(), "cents": 6_000, "price_classes": ["member"]}
    called["text"] = "Dues 2026"
    preview = karl.post("/api/v1/fees/dues", json=called)
    assert (preview.status_code, preview.json["total_cents"]) == (200, 12_000)
    stale = karl.post("/api/v1/fees/dues", json=called | {"preview": False, "digest": "0"})
    assert (stale.status_code, stale.json["code"]) == (409, "stale_dues")
    posted = karl.post("/api/v1/fees/dues", json=called | {"preview": False, "digest": preview.json["digest"]})
    assert (posted.status_code, balance_of(session, sample_ring.bernd).cents) == (201, 6_000)
    in_periods = [karl.get(f"/api/v1/fees?kind=dues&period={name}").json["items"] for name in ("2026-01", "2026-07")]
    assert [len(found) for found in in_periods] == [2, 0], "each fee is in the period alone in which it begins"


def test_what_cancelling_costs_is_said_before(session, sample_ring, karl, log_in, clock):
    per_hour = TariffEntry(date(2026, 1, 1), prices={"member": Decimal(30), "guest": Decimal(30)})
    do(session, enter_tariff, sample_ring.splitter, per_hour)
    address = f"/fees/terms/{sample_ring.splitter}"
    sent = {"valid_from": TODAY.isoformat(), "no_show_percent": "100", "hours": "24", "percent": "50"}
    sent |= {"short_hours": "2", "short_percent": "100", "cap": "60"}
    for wrong in (
        {"valid_from": "2026-01-01"},
        {"percent": ""},
        {"short_hours": "30"},
        {"cap": "0"},
        {"percent": "101"},
    ):
        assert karl.post(address, data=sent | wrong).status_code == 422, wrong
    assert karl.post(address, data=sent).status_code == 303
    anna = log_in(sample_ring.anna_login)
    assert "Cancelled less than 24 hours before the start: 50% of the planned price" in text(anna.get(address))
    entered = reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 5, 7.5), now=MONDAY).id
    with write_transaction(session):
        approve(session, entered, by=SOMEBODY, now=MONDAY)
    assert anna.get(f"/api/v1/reservations/{entered}/cancellation-fee").json["cents"] == 0  # just reserved
    clock.instant += timedelta(hours=1)
    assert "Cancelling now costs €37.50: 50% of" in text(anna.get(f"/reservations/{entered}/cancel"))
    fee = anna.get(f"/api/v1/reservations/{entered}/cancellation-fee").json
    assert fee == {"cents": 3_750, "planned_cents": 7_500, "percent": 50, "is_free": False}
    assert log_in(sample_ring.bernd_login).get(f"/api/v1/reservations/{entered}/cancellation-fee").status_code == 404
    terms = {"valid_from": TODAY.isoformat(), "no_show_percent": 0, "notices": [{"hours": 6, "percent": 10}]}
    listed = karl.post(f"/api/v1/machines/{sample_ring.splitter}/fee-terms", json=terms)
    assert (listed.status_code, listed.json["items"][0]["notices"]) == (201, terms["notices"])
    assert anna.get(f"/api/v1/machines/{sample_ring.splitter}/fee-terms").json == listed.json
    assert anna.get(f"/api/v1/reservations/{entered}/cancellation-fee").json["cents"] == 750
    later = sent | {"valid_from": (TODAY + timedelta(days=9)).isoformat(), "no_show_percent": "77"}
    assert karl.post(address, data=later).status_code == 303
    form = karl.get(address).text
    assert 'value="6"' in form, "the form proposes what holds today"
    assert 'value="77"' not in form
    karl.post(address, data=sent | {"cap": "30"})
    assert "Cancelling now costs €30.00, the most that is owed" in text(anna.get(f"/reservations/{entered}/cancel"))


def test_a_move_by_the_workshop_at_short_notice_costs_the_member_nothing(session, sample_ring, log_in, clock):
    per_hour = TariffEntry(date(2026, 1, 1), prices={"member": Decimal(30), "guest": Decimal(30)})
    do(session, enter_tariff, sample_ring.splitter, per_hour)
    do(session, set_terms, sample_ring.splitter, TermsEntry(TODAY, 100, ((24, 50),)))
    anna, wanda = log_in(sample_ring.anna_login), log_in(sample_ring.wanda_login)
    entered = [
        reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, first, first + 2), now=MONDAY).id
        for first in (5, 8, 11)
    ]
    for one in entered:
        with write_transaction(session):
            approve(session, one, by=SOMEBODY, now=MONDAY)
    clock.instant += timedelta(hours=2)

    def moved(one, who, day):
        span = hours(MONDAY, 24 * day, 24 * day + 1)
        sent = {"starts_at": span.start.isoformat(), "ends_at": span.end.isoformat()}
        reply = who.patch(f"/api/v1/reservations/{one}", json=sent)
        assert reply.status_code == 200, reply.json
        if reply.json["status"] == "requested":
            assert wanda.post(f"/api/v1/reservations/{one}/approve", json={}).status_code == 200
        return anna.get(f"/api/v1/reservations/{one}/cancellation-fee").json["cents"]

    assert [moved(one, who, 20 + one) for one, who in zip(entered, (wanda, anna, wanda), strict=True)] == [0, 3_000, 0]
