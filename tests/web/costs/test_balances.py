"""The pages and calls of what is owed: balances, one's own, advances, the ledger; opened by a command."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select, update

from app.auth.models import User
from billing.models import Advance, Ledger
from billing.pools.pools import change_pool
from billing.queries.balances import balance_of, ledger_state
from booking.kernel.transaction import write_transaction
from tests.integration.money.harvester_pool import JUNE, cost, do, post
from tests.integration.money.harvester_pool import RULES as KEYS
from tests.web.costs.test_costs_pages import text

CALL = {"unit": "100.00", "since": "2026-06-01", "until": "2026-06-30", "shares_on": "2026-06-01", "note": "Season"}


@pytest.fixture
def karl(sample_ring, log_in):
    return log_in(sample_ring.karl_login)


@pytest.fixture
def anna(sample_ring, log_in):
    return log_in(sample_ring.anna_login)


def test_the_treasurer_finds_who_owes_what_and_why(session, karl, seven, charged):
    page = text(karl.get("/costs/balances"))
    assert "7 members owe" not in page
    assert "6 members owe" in page
    assert "€31,780.00" in page
    assert page.index("M-1 Hof 1") < page.index("M-2 Hof 2")
    assert "M-3" not in text(karl.get("/costs/balances?which=owing&member=M-2"))
    assert "No balance is like this" in text(karl.get("/costs/balances?which=credit"))

    for file in ("/costs/balances/file", f"/costs/balances/{seven[0]}/file"):
        assert "Hof 1" in karl.get(f"{file}.csv").text or "Usage charges" in karl.get(f"{file}.csv").text
        assert karl.get(f"{file}.xlsx").data == karl.get(f"{file}.xlsx").data

    one = text(karl.get(f"/costs/balances/{seven[0]}"))
    assert "€8,568.00" in one
    assert "/usage/" in one
    assert karl.get("/costs/balances/99999").status_code == 404
    assert karl.get("/costs/balances/99999/file.csv").status_code == 404


def test_members_see_their_own_balance_alone(anna, karl, sample_ring, seven, charged):
    assert "There is no line yet" in text(anna.get("/costs/balance"))
    assert anna.get(f"/costs/balances/{seven[0]}").status_code == 403
    assert anna.get(f"/api/v1/members/{seven[0]}/balance").status_code == 404
    assert anna.get(f"/api/v1/members/{sample_ring.anna}/balance").json["cents"] == 0
    assert anna.get("/api/v1/ledger/balances").status_code == 403


def test_an_advance_is_shown_before_it_is_posted_once_and_taken_back(session, sample_ring, karl, anna, seven, charged):
    address = f"/costs/pools/{charged}/advances"
    shown = text(karl.post(address, data=CALL | {"show": "1", "form_key": "one"}))
    assert "7 members will owe €4,000.00" in shown
    assert session.scalar(select(Advance.id)) is None

    for _click in range(2):
        assert karl.post(address, data=CALL | {"form_key": "one"}).status_code == 303
    (advance,) = session.scalars(select(Advance.id))
    assert "€100.00 per share" in text(karl.get(address))
    page = text(karl.get(f"/costs/advances/{advance}"))
    assert ("7 members" in page, "€4,000.00" in page, "M-7 Hof 7, 2 shares" in page) == (True, True, True)
    parts = [karl.get(f"/api/v1/advances/{advance}?limit=4{more}").json for more in ("", "&cursor=4")]
    assert [(len(part["lines"]), part["next"], part["total_cents"]) for part in parts] == [
        (4, "4", 400_000),
        (3, None, 400_000),
    ]
    with write_transaction(session):
        session.execute(update(User).where(User.id == sample_ring.anna_login).values(member_id=seven[0]))
    own = text(anna.get(f"/costs/advances/{advance}"))
    assert ("M-1 Hof 1, 10 shares" in own, "€1,000.00" in own, "M-7" in own, "€4,000.00" in own) == (
        True,
        True,
        False,
        False,
    )
    assert f"/costs/advances/{advance}" in text(anna.get("/costs/balance"))
    by_call = anna.get(f"/api/v1/advances/{advance}").json
    assert by_call["lines"] == [{"member_id": seven[0], "shares": 10, "cents": 100_000}]
    assert by_call["total_cents"] == 100_000, "not what all members owe"
    with write_transaction(session):
        session.execute(update(User).where(User.id == sample_ring.anna_login).values(member_id=sample_ring.anna))
    assert anna.get(f"/costs/advances/{advance}").status_code == 404
    assert anna.get(f"/api/v1/advances/{advance}").status_code == 404

    assert karl.post(f"/costs/advances/{advance}/reverse", data={"reason": " "}).status_code == 422
    assert karl.post(f"/costs/advances/{advance}/reverse", data={"reason": "Too early"}).status_code == 303
    assert balance_of(session, seven[0]).cents == 856_800
    assert karl.post(f"/costs/advances/{advance}/reverse", data={"reason": "Again"}).status_code == 409


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"unit": ""}, "Please enter the amount per share."),
        ({"unit": "-5"}, "above zero"),
        ({"until": "2026-05-01"}, "The period ends before it starts."),
        ({"shares_on": "2020-01-01"}, "Nobody would owe this advance."),
    ],
)
def test_an_advance_that_makes_no_sense_says_why(session, karl, charged, changed, message):
    for button in ({}, {"show": "1"}):
        answer = karl.post(f"/costs/pools/{charged}/advances", data=CALL | changed | button)
        assert answer.status_code == 422
        assert message in text(answer)
    assert session.scalar(select(Advance.id)) is None


def test_the_preview_and_the_allocation_say_what_is_counted_and_what_is_due(session, karl, seven, charged):
    cost(session, charged, "variable", 4_000_000)

    page = text(karl.get(f"/costs/pools/{charged}/allocate?from={JUNE[0]}&until={JUNE[1]}"))
    posted = text(karl.get(f"/costs/allocations/{post(session, charged)}"))
    api = karl.get("/api/v1/allocations/1").json

    for shown in (page, posted):
        assert "Counted against it" in shown
        assert "€8,220.00" in shown  # 40,000.00 less 31,780.00
    assert sum(due["due_cents"] for due in api["dues"]) == 822_000
    assert {due["counted_cents"] for due in api["dues"] if due["member_id"] == seven[0]} == {856_800}


def test_the_question_of_a_pool_is_asked_until_it_is_answered(session, karl, pool, log_in, sample_ring):
    assert "Please decide once" in text(karl.get("/costs"))
    assert "Please decide once" not in text(log_in(sample_ring.rita_login).get("/costs"))  # she may not answer it
    kinds = {f"kinds-{number}-kind": kind for number, kind in enumerate(KEYS)}
    keys = {f"kinds-{number}-key": key for number, key in enumerate(KEYS.values())}
    sent = {"name": "Harvester", "revision": "0", **kinds, **keys}
    assert karl.post(f"/costs/pools/{pool}/edit", data=sent).status_code == 422
    assert karl.post(f"/costs/pools/{pool}/edit", data=sent | {"charges_are": "advance"}).status_code == 303
    assert "Please decide once" not in text(karl.get("/costs"))


def test_the_ledger_shows_accounts_entries_and_pages_them(session, karl, charged):
    page = text(karl.get("/costs/ledger"))
    assert "1400 Receivables from members" in page
    assert "€0.00" in page
    sheet = text(karl.get("/costs/ledger/accounts/receivables"))
    assert "Hof 1" in sheet
    assert karl.get("/costs/ledger/accounts/unknown").status_code == 404
    assert karl.get("/costs/ledger/journal?before=zero-one").status_code == 200
    lines, cursor = [], None
    while True:
        answer = karl.get("/api/v1/ledger/entries", query_string={"limit": 5} | ({"cursor": cursor} if cursor else {}))
        lines += answer.json["items"]
        cursor = answer.json["next"]
        if cursor is None:
            break
    assert sum(line["cents"] for line in lines) == 0
    assert len({(line["entry_id"], line["number"]) for line in lines}) == len(lines) == 12
    assert karl.get("/api/v1/ledger/entries?cursor=1").status_code == 422


def test_the_ledger_is_opened_by_a_command_once(app, session, karl, charged):
    with write_transaction(session):
        session.execute(update(Ledger).values(state="closed"))
    assert "ring ledger open" in text(karl.get("/costs/balances"))
    do(session, change_pool, charged, "Harvester", KEYS, charges_are="advance")
    refused = karl.post(f"/costs/pools/{charged}/advances", data=CALL)
    assert refused.status_code == 409
    assert "ring ledger open" in text(refused)

    runner = app.test_cli_runner()
    assert runner.invoke(args=["ring", "ledger", "open", "--on", "2100-01-01"]).exit_code == 1
    shown = runner.invoke(args=["ring", "ledger", "open", "--on", "2026-07-01", "--dry-run"])
    assert "6 charges of 31,780.00 EUR and 0 allocations of 0.00 EUR" in shown.output
    assert ledger_state(session).state == "closed", "nothing was opened by that"
    # What is posted already is not posted twice: the sources are unique.
    with write_transaction(session):
        session.execute(update(Ledger).values(posted_charge_id=10_000, posted_allocation_id=10_000))
    opened = runner.invoke(args=["ring", "ledger", "open", "--on", "2026-07-01"])
    assert opened.exit_code == 0, opened.output
    assert ledger_state(session).opened_on == date(2026, 7, 1)
    again = runner.invoke(args=["ring", "ledger", "open", "--on", "2026-07-01"])
    assert (again.exit_code, "opened only once" in again.output) == (1, True)


def test_a_pool_says_which_advances_it_left_uncounted_and_the_way_out_clears_them(session, karl, seven, charged):
    address = f"/costs/pools/{charged}"
    assert "were posted as advances" not in text(karl.get(address))
    do(session, change_pool, charged, "Harvester", KEYS, charges_are="income")

    page = text(karl.get(address))

    assert "€31,780.00 was posted as advances before" in page
    assert f"{address}/edit" in page
    do(session, change_pool, charged, "Harvester", KEYS, charges_are="advance")
    cost(session, charged, "basic fee", 70_000)
    post(session, charged)
    do(session, change_pool, charged, "Harvester", KEYS, charges_are="income")
    assert "were posted as advances" not in text(karl.get(address))
