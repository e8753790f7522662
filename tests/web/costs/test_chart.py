"""The chart of accounts: chosen and numbered by the treasurer; what is posted keeps its accounts."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from billing.queries.ledger import accounts, chart_view
from booking.kernel.events import RecordedEvent
from tests.web.costs.test_costs_pages import text

ADDRESS = "/costs/ledger/chart"


@pytest.fixture
def karl(sample_ring, log_in):
    return log_in(sample_ring.karl_login)


def sent(session, karl, **changes):
    view = chart_view(session)
    data = {f"{chart}-{one.code}": getattr(one, chart) for one in view.accounts for chart in ("skr03", "skr04")}
    session.rollback()
    return karl.post(ADDRESS, data={"chart": view.chart, "revision": view.revision, **data, **changes})


def test_the_treasurer_chooses_the_chart_and_exchanges_numbers(session, karl, charged):
    page = text(karl.get(ADDRESS))
    assert "12 lines are posted." in page
    assert re.search(r'value="1400"', page)

    swapped = {"skr04-use_charges": "4690", "skr04-allocated_costs": "4200"}
    assert sent(session, karl, chart="skr04", **swapped).status_code == 303

    numbers = {one.code: one.number for one in accounts(session)}
    assert (numbers["receivables"], numbers["use_charges"], numbers["allocated_costs"]) == ("1200", "4690", "4200")
    assert "1200 Receivables" in text(karl.get("/costs/ledger"))
    facts = session.scalars(select(RecordedEvent.facts).where(RecordedEvent.type == "chart_changed")).one()
    assert facts == {
        "chart": "skr04",
        "numbers": "allocated_costs 8950/4690 > 8950/4200, use_charges 8200/4200 > 8200/4690",
    }
    assert sent(session, karl).status_code == 303  # nothing changed, nothing recorded
    assert len(session.scalars(select(RecordedEvent.id).where(RecordedEvent.type == "chart_changed")).all()) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"skr03-receivables": "14"}, "4 to 8 digits"),
        ({"skr03-receivables": "14a0"}, "4 to 8 digits"),
        ({"skr03-receivables": ""}, "Please enter the account number."),
        ({"skr03-receivables": "8200"}, "8200 would be the number of two accounts"),
        ({"chart": "ifrs"}, "choice"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(session, karl, changes, message):
    answer = sent(session, karl, **changes)
    assert (answer.status_code, message in text(answer)) == (422, True)


def test_a_form_that_was_left_open_overwrites_nothing(session, karl):
    assert sent(session, karl, chart="skr04").status_code == 303
    assert sent(session, karl, revision="0", chart="skr03").status_code == 409


def test_programs_read_and_change_the_chart_and_the_length_of_periods(sample_ring, log_in, karl):
    chart = karl.get("/api/v1/ledger/chart")
    assert (chart.status_code, chart.json["chart"]) == (200, "skr03")
    dues = next(one for one in chart.json["accounts"] if one["code"] == "dues")
    wanted = {"chart": "skr04", "accounts": [{"code": "dues", "skr03": "8959", "skr04": dues["skr04"]}]}
    tag = {"If-Match": chart.headers["ETag"]}
    changed = karl.put("/api/v1/ledger/chart", json=wanted, headers=tag)
    assert (changed.status_code, changed.json["chart"]) == (200, "skr04")
    assert {one["code"]: one["skr03"] for one in changed.json["accounts"]}["dues"] == "8959"
    assert karl.put("/api/v1/ledger/chart", json=wanted, headers=tag).status_code == 412, "changed meanwhile"
    taken = {"chart": "skr04", "accounts": [{"code": "dues", "skr03": "8200", "skr04": "4691"}]}
    refused = karl.put("/api/v1/ledger/chart", json=taken)
    assert (refused.status_code, refused.json["code"]) == (422, "account_number_taken")
    unknown = {"chart": "skr04", "accounts": [{"code": "petty", "skr03": "8200", "skr04": "4691"}]}
    assert karl.put("/api/v1/ledger/chart", json=unknown).status_code == 404
    twice = {"chart": "skr04", "accounts": [wanted["accounts"][0], wanted["accounts"][0] | {"skr03": "8960"}]}
    assert "dues is there twice" in karl.put("/api/v1/ledger/chart", json=twice).text
    short = {"chart": "skr04", "accounts": [{"code": "dues", "skr03": "82", "skr04": "4691"}]}
    assert karl.put("/api/v1/ledger/chart", json=short).status_code == 422

    length = karl.get("/api/v1/periods/length")
    assert length.json["length"] == "year"
    set_to = karl.put("/api/v1/periods/length", json={"length": "month"}, headers={"If-Match": length.headers["ETag"]})
    assert (set_to.status_code, set_to.json["length"]) == (200, "month")
    assert karl.put("/api/v1/periods/length", json={"length": "week"}).status_code == 422
    rita, anna = log_in(sample_ring.rita_login), log_in(sample_ring.anna_login)
    assert rita.get("/api/v1/ledger/chart").status_code == 200
    assert rita.put("/api/v1/periods/length", json={"length": "year"}).status_code == 403
    assert anna.get("/api/v1/ledger/chart").status_code == 403
