"""Equity on pages and by calls: entering it, settling with who left as it was shown, and what members see of it."""

from __future__ import annotations

import re
from datetime import date
from types import SimpleNamespace

import pytest

from app.pages.today import steps
from billing.equity.equity import EquityInput, enter_equity, equity_of
from billing.queries.balances import balance_of
from billing.queries.next_steps import GoneMembers
from tests.conftest import MONDAY
from tests.integration.money.harvester_pool import do
from tests.integration.money.test_who_bears_costs import leave
from tests.web.costs.test_costs_pages import text as with_tags
from tests.web.filled_forms import form_with

pytestmark = pytest.mark.of_sqlite
API = "/api/v1"
LAST_DAY = date(2026, 11, 1)


def text(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", with_tags(answer)).split())


@pytest.fixture
def karl(sample_ring, log_in):
    return log_in(sample_ring.karl_login)


@pytest.fixture
def gone(session, charged_ring):
    """Anna owes 2,216.20, has paid 1,000.00 in and has left."""
    do(session, enter_equity, EquityInput(charged_ring.anna, date(2026, 2, 1), 100_000))
    leave(session, charged_ring.anna, LAST_DAY)
    return charged_ring.anna


def test_what_was_paid_in_is_entered_once_however_often_it_is_sent(session, sample_ring, karl, log_in):
    anna = sample_ring.anna
    shown = karl.get(f"/costs/equity/{anna}")
    assert "opening balances to equity. It can never be changed." in text(shown)
    wrong = karl.post(
        f"/costs/equity/{anna}", data=form_with(shown.text, "form_key") | {"amount": "0", "day": "2027-01-01"}
    )
    assert wrong.status_code == 422
    assert "at least one cent" in text(wrong)
    assert "must not lie in the future" in text(wrong)
    sent = form_with(shown.text, "form_key") | {"amount": "1,000.00", "day": "2026-02-01", "note": "Receipt 7"}
    for _click in range(2):
        assert karl.post(f"/costs/equity/{anna}", data=sent).status_code == 303
    assert equity_of(session, anna).held_cents == 100_000
    assert "Receipt 7" in text(karl.get(f"/costs/equity/{anna}"))
    assert "Receipt 7" in text(karl.get("/costs/equity/moves/1"))
    own = log_in(sample_ring.anna_login)
    for seen in ("/costs/equity/moves/1", f"{API}/equity/1", f"{API}/members/{anna}/equity"):
        assert "Receipt 7" not in own.get(seen).text
    karl = log_in(sample_ring.karl_login)
    assert "the equity that is paid in: €1,000.00" in text(karl.get(f"/costs/balances/{anna}"))


def test_a_settlement_is_posted_as_it_was_shown(session, gone, karl, monkeypatch):
    assert "Settle with 1 member who left Equity to set off or to move: Anna" in text(karl.get("/today"))
    many = [SimpleNamespace(name=name) for name in ("Anna", "Bert", "Cora", "Dora", "Emil")]
    monkeypatch.setattr(steps, "gone_members", lambda *_of, **_facts: GoneMembers(tuple(many)))
    assert "Equity to set off or to move: Anna, Bert, Cora and 2 more." in text(karl.get("/today"))
    monkeypatch.undo()
    assert f'href="/costs/leavers/{gone}/settle"' in karl.get("/costs/leavers").text
    assert "Set off against what is owed, €1,216.20 is still owed." in text(karl.get("/costs/leavers"))
    address = f"/costs/leavers/{gone}/settle"
    shown = karl.get(address)
    for part in (
        "Usage charges €2,216.20",
        "Set off -€1,000.00",
        "Owed afterwards €1,216.20",
        "€1,000.00 move to the equity",
    ):
        assert part in text(shown)
    digest = form_with(shown.text, "digest")
    other = karl.post(address, data=digest | {"amount": "143.53"})
    assert (other.status_code, "the sums are others" in text(other)) == (409, True)
    assert "Equity still owed to the member €856.47" in text(other)
    for amount, sentence in (("2,000", "at most €1,000.00 can be"), ("-1", "cannot be negative"), ("x", "number")):
        for button in ({"show": "1"}, {}):
            refused = karl.post(address, data=digest | {"amount": amount} | button)
            assert (refused.status_code, sentence in text(refused)) == (422, True), amount
            assert f'value="{amount}"' in refused.text, "what was typed stays, to be corrected"
            assert 'href="#amount"' in refused.text
    assert equity_of(session, gone).left_cents == 0

    sent = form_with(other.text, "digest") | {"amount": "143.53"}
    first, second = (karl.post(address, data=sent) for _click in range(2))

    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    session.expire_all()
    assert (equity_of(session, gone).left_cents, balance_of(session, gone).cents) == (85_647, 207_267)
    told = text(karl.get("/today"))
    assert ("Settle with" in told, "1 member who left still owes €2,072.67" in told) == (False, True)
    move = karl.get(first.location)
    for part in (
        "Equity owed before €1,000.00",
        "Equity still owed €856.47",
        "A-2026-00001",
        "The member owes it again",
    ):
        assert part in text(move)
    assert karl.post(f"{first.location}/reverse", data={"reason": ""}).status_code == 422
    assert karl.post(f"{first.location}/reverse", data={"reason": "Wrong."}).status_code == 303
    assert "taken back" in text(karl.get(first.location))
    session.expire_all()
    assert balance_of(session, gone).cents == 221_620
    assert "Settle with 1 member who left" in text(karl.get("/today"))
    assert "goes on after all" not in text(karl.get(f"/costs/equity/{gone}"))
    leave(session, gone, None)
    assert "The membership goes on after all" in text(karl.get(f"/costs/equity/{gone}"))


def test_who_has_not_left_is_not_settled_with(session, charged_ring, karl):
    address = f"/costs/leavers/{charged_ring.anna}/settle"
    shown = karl.get(address)
    assert (shown.status_code, "Only with members who have left" in text(shown)) == (200, True)
    posted = karl.post(address, data={"amount": "1", "digest": "x"})
    assert (posted.status_code, "Only with members who have left" in text(posted)) == (409, True)
    assert karl.get("/costs/leavers/4711/settle").status_code == 404


def test_programs_settle_and_members_see_their_own(session, sample_ring, gone, karl, log_in):
    address = f"{API}/members/{gone}/settlement"
    seen = karl.post(address, json={"set_off_cents": 14_353}).json
    assert (seen["owed_cents"], seen["equity_after_cents"], seen["owed_after_cents"]) == (221_620, 85_647, 207_267)
    wish = {"set_off_cents": 14_353, "preview": False, "digest": seen["digest"]}
    assert karl.post(address, json=wish | {"set_off_cents": 14_352}).json["code"] == "stale_settlement"
    (beyond,) = karl.post(address, json={"set_off_cents": 100_001}).json["violations"]
    assert (beyond["rule"], beyond["field"], beyond["limit"]) == ("too_much_set_off", "set_off_cents", 100_000)
    made = karl.post(address, json=wish)
    assert (made.status_code, made.json["kind"], made.json["left_cents"]) == (201, "set_off", 85_647)
    own = log_in(sample_ring.anna_login)
    assert own.get(f"{API}/members/{gone}/equity").json["items"][0]["id"] == made.json["id"]
    assert "Set off against what was owed" in text(own.get(f"/costs/equity/moves/{made.json['id']}"))
    assert f'href="/costs/equity/moves/{made.json["id"]}"' in own.get("/costs/balance").text
    assert "the equity that the ring still owes: €856.47" in text(own.get("/costs/balance"))
    other = log_in(sample_ring.bernd_login)
    assert other.get(f"{API}/members/{gone}/equity").status_code == 404
    assert other.get(f"{API}/equity/{made.json['id']}").status_code == 404
    assert other.get(f"/costs/equity/moves/{made.json['id']}").status_code == 404
    karl = log_in(sample_ring.karl_login)
    back = karl.post(f"{API}/equity/{made.json['id']}/reverse", json={"reason": "Wrong."})
    assert (back.status_code, back.json["cents"], back.json["note"]) == (201, -14_353, "Wrong.")
    again = karl.post(f"{API}/members/{gone}/equity", json={"cents": 5, "day": "2026-11-02"})
    assert (again.status_code, again.json["code"]) == (422, "wrong_period"), "after the membership"
    assert MONDAY.date() > LAST_DAY
