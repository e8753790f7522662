"""The pages and calls of accounting periods: soft-closed, closed after a checklist, never opened again."""

from __future__ import annotations

import re
from datetime import date

import pytest
from sqlalchemy import update

from app.wording.accounting_periods import period_state_label, point_sentence
from billing.charges import charges
from billing.closing.checklist import OpenPoint
from billing.closing.periods import soft_close
from billing.models import Ledger
from billing.queries.periods import period
from booking.kernel.transaction import write_transaction
from tests.integration.money.harvester_pool import cost, delivered, do, post, use
from tests.web.costs.test_costs_pages import text

ADDRESS = "/costs/periods/2026-06"
TODAY = date(2026, 11, 23)


@pytest.fixture
def karl(sample_ring, log_in):
    return log_in(sample_ring.karl_login)


def digest_of(page):
    return re.search(r'name="digest"[^>]*value="([0-9a-f]{64})"', page)[1]


def test_the_treasurer_closes_a_month_after_its_checklist(session, karl, june):
    assert "June 2026" in text(karl.get("/costs/periods"))
    page = karl.get(ADDRESS).text
    assert "Nothing is missing" in page
    assert "€1,000.00" in page
    assert karl.post(f"{ADDRESS}/close").status_code == 422

    assert karl.post(f"{ADDRESS}/close", data={"digest": digest_of(page)}).status_code == 303

    closed = karl.get(ADDRESS).text
    sealed = period(session, "2026-06", TODAY).sha256
    assert sealed[:8] in closed
    assert "Close June 2026" not in closed
    assert karl.post(f"{ADDRESS}/close", data={"digest": digest_of(page)}).status_code == 409
    assert karl.post(f"{ADDRESS}/soft-close").status_code == 409
    cost(session, june, "variable", 12_345)
    post(session, june)
    assert "a later one was closed" in text(karl.get("/costs/periods/2026-05"))


def test_open_points_are_named_and_have_to_be_accepted(session, karl, june):
    cost(session, june, "fixed", 4_200)
    page = karl.get(ADDRESS).text
    assert "1 bill is not divided among the members: €42.00." in page
    sent = {"digest": digest_of(page)}
    assert karl.post(f"{ADDRESS}/close", data=sent).status_code == 422
    assert karl.post(f"{ADDRESS}/close", data=sent | {"accepts_open": "y"}).status_code == 303


def test_a_slip_that_cannot_be_priced_is_named_and_tried_again(session, karl, sample_ring, seven, june, monkeypatch):
    def failing(*_words):
        raise OverflowError

    monkeypatch.setattr(charges, "price_of_slip", failing)
    slip = use(session, sample_ring.combine, seven[0], 100)
    delivered(session)
    page = karl.get(ADDRESS).text
    assert "1 usage slip could not be priced" in page
    assert f'href="/usage/{slip}"' in page
    assert "No slip could be priced" in karl.post(f"{ADDRESS}/price-again", follow_redirects=True).text
    assert karl.post("/api/v1/periods/price-again").json == {"priced": 0}

    monkeypatch.undo()
    assert "1 slip is priced now." in karl.post(f"{ADDRESS}/price-again", follow_redirects=True).text
    assert "could not be priced" not in karl.get(ADDRESS).text


def test_points_that_came_up_meanwhile_are_accepted_anew(session, karl, june):
    sent = {"digest": digest_of(karl.get(ADDRESS).text), "accepts_open": "y"}
    cost(session, june, "fixed", 4_200)
    refused = karl.post(f"{ADDRESS}/close", data=sent)
    assert (refused.status_code, digest_of(refused.text) == sent["digest"]) == (409, False)
    assert "checked" not in re.search(r'<input[^>]*name="accepts_open"[^>]*>', refused.text)[0]


def test_a_ring_without_an_open_ledger_is_told_what_opens_it(session, karl, june):
    with write_transaction(session):
        session.execute(update(Ledger).values(state="closed"))
    assert "accounting periods need an open ledger" in text(karl.get(ADDRESS))


def test_the_states_have_german_words_of_their_own(app):
    """An open period is "Offen"; the button that opens something is "Öffnen"."""
    with app.test_request_context(headers={"Accept-Language": "de"}):
        assert [period_state_label(state) for state in ("open", "closed")] == ["Offen", "Endgültig abgeschlossen"]
        assert point_sentence(OpenPoint("held", 2)).startswith("2 Kautionen sind noch hinterlegt, obwohl")


def test_an_administrator_is_told_who_may_post_in_a_soft_closed_period(session, sample_ring, log_in, seven, june):
    """A tariff that would price slips of the period: the treasurer may enter it."""
    use(session, sample_ring.splitter, seven[0], 3_600)
    delivered(session)
    do(session, soft_close, "2026-06")
    wanted = {"valid_from": "2026-01-01", "prices": {"member": "10", "guest": "12"}}
    address = f"/api/v1/machines/{sample_ring.splitter}/tariffs"

    refused = log_in(sample_ring.rita_login).post(address, json=wanted)
    assert (refused.status_code, refused.json["code"]) == (409, "period_not_open")
    assert "ask a treasurer" in refused.json["detail"]
    assert log_in(sample_ring.karl_login).post(address, json=wanted).status_code == 201


def test_a_period_is_soft_closed_and_opened_again(session, karl, june):
    assert karl.post(f"{ADDRESS}/soft-close").status_code == 303
    assert "Soft-closed: treasurers only" in text(karl.get(ADDRESS))
    assert karl.post(f"{ADDRESS}/reopen").status_code == 303
    assert period(session, "2026-06", TODAY).state == "open"
    assert "from the day after its last one" in text(karl.get("/costs/periods/2026-11"))
    assert "/costs/periods/2026-06" in karl.get("/costs/periods/2026-09").text
    assert karl.get("/costs/periods/2026-13").status_code == 404
    assert karl.get("/costs/exports/new?what=journal_csv&year=2026&month=13").status_code == 404


def test_the_length_is_the_treasurers_to_change(session, karl, june):
    revision = re.search(r'name="revision"[^>]*value="(\d+)"', karl.get("/costs/periods").text)[1]
    assert karl.post("/costs/periods/length", data={"length": "week", "revision": revision}).status_code == 422
    assert karl.post("/costs/periods/length", data={"length": "year", "revision": revision}).status_code == 303
    assert "still running" in text(karl.get(["/costs/periods", "2026"][0]))
    assert karl.post("/costs/periods/length", data={"length": "month", "revision": revision}).status_code == 409


def test_others_neither_see_nor_close_periods(sample_ring, log_in, june):
    for login in (sample_ring.anna_login, sample_ring.wanda_login):
        one = log_in(login)
        assert one.get("/costs/periods").status_code == 403
        assert one.get(ADDRESS).status_code == 403
        assert one.get("/api/v1/periods").status_code == 403
    rita = log_in(sample_ring.rita_login)
    assert "Close June 2026" not in rita.get(ADDRESS).text
    assert rita.post(f"{ADDRESS}/close").status_code == 403


def test_programs_preview_and_close_a_period(session, karl, june):
    assert [one["state"] for one in karl.get("/api/v1/periods").json["items"]] == ["open"] * 6
    cost(session, june, "fixed", 4_200)
    shown = karl.post("/api/v1/periods/close", json={"period": "2026-06"}).json
    assert (shown["entries"], shown["lines"], shown["debit_cents"]) == (7, 19, 3_278_000)
    assert shown["open_points"] == [{"code": "unallocated", "count": 1, "cents": 4_200, "usage_ids": []}]
    wanted = {"period": "2026-06", "preview": False, "digest": shown["digest"]}

    assert karl.post("/api/v1/periods/close", json=wanted).json["code"] == "open_points"
    assert karl.post("/api/v1/periods/soft-close", json={"period": "2026-06"}).json["state"] == "soft_closed"
    assert karl.post("/api/v1/periods/reopen", json={"period": "2026-06"}).json["state"] == "open"
    wrong = karl.post("/api/v1/periods/close", json=wanted | {"digest": "0" * 64, "accept_open_points": True})
    assert (wrong.status_code, wrong.json["code"]) == (409, "stale_closing")
    closed = karl.post("/api/v1/periods/close", json=wanted | {"accept_open_points": True})
    assert (closed.json["state"], closed.json["sha256"]) == ("closed", shown["sha256"])
    again = karl.post("/api/v1/periods/reopen", json={"period": "2026-06"})
    assert (again.status_code, again.json["code"]) == (409, "wrong_period_state")
    assert karl.post("/api/v1/periods/close", json={"period": "2026-13"}).status_code == 422
