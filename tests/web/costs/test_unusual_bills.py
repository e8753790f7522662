"""A bill of ten times the usual amount is asked about before it is stored (S5.8), on the page and in the API."""

from __future__ import annotations

from datetime import date

import pytest

from billing import queries
from billing.closing.periods import close_period, preview_closing
from billing.errors.cost_errors import UnusualCost
from billing.pools.costs import CostEntry, change_cost, enter_cost
from billing.pools.pools import enter_pool
from tests.conftest import MONDAY
from tests.integration.money.harvester_pool import do

pytestmark = pytest.mark.of_sqlite

DAY = date(2026, 6, 20)
SENT = {"service_date": "2026-12-22", "supplier": "Huber", "kind": "repair"}


def bill(net_cents, supplier="Huber", kind="repair", day=DAY):
    return CostEntry(day, supplier, kind, net_cents)


@pytest.fixture
def pool(session, sample_ring):
    """Repairs of about 3,274.55, and one insurance bill."""
    made = do(session, enter_pool, sample_ring.combine, "Combine", {"repair": "use", "insurance": "shares"})
    for cents in (300_000, 327_455, 340_000):
        do(session, enter_cost, made, bill(cents))
    do(session, enter_cost, made, bill(50_000, "Allianz", "insurance"))
    return made


def amounts(session, pool_id):
    return [one.net_cents for one in queries.costs(session, pool_id)[0]]


@pytest.mark.parametrize(
    ("entry", "usual"),
    [
        (bill(3_274_550), 327_455),
        (bill(-3_274_550), 327_455),
        (bill(3_274_550, "Somebody new"), 327_455),
        (bill(500_000, "Allianz", "insurance"), 50_000),
    ],
    ids=["slipped comma", "credit note", "new supplier", "other kind"],
)
def test_ten_times_the_usual_is_asked_about(session, pool, entry, usual):
    with pytest.raises(UnusualCost) as refused:
        do(session, enter_cost, pool, entry)
    (violation,) = refused.value.violations
    assert (violation.limit, violation.actual) == (usual, entry.net_cents)
    session.rollback()

    do(session, enter_cost, pool, entry, confirmed_cents=entry.net_cents)
    assert entry.net_cents in amounts(session, pool)


def test_less_and_the_first_of_its_kind_are_not_asked_about(session, sample_ring, pool):
    do(session, enter_cost, pool, bill(3_274_549))
    other = do(session, enter_pool, sample_ring.laser, "Laser", {"repair": "use"})
    do(session, enter_cost, other, bill(900_000_000))


def test_another_amount_than_the_confirmed_one_is_asked_about_again(session, pool):
    with pytest.raises(UnusualCost):
        do(session, enter_cost, pool, bill(32_745_500), confirmed_cents=3_274_550)


def test_a_correction_is_asked_about_only_when_it_changes_the_amount(session, pool):
    newest = queries.costs(session, pool)[0][0].id
    with pytest.raises(UnusualCost):
        do(session, change_cost, newest, bill(5_000_000, "Allianz", "repair"))
    session.rollback()
    do(session, change_cost, newest, bill(5_000_000), confirmed_cents=5_000_000)
    do(session, change_cost, newest, bill(5_000_000, "Allianz Nord"))
    with pytest.raises(UnusualCost) as refused:
        do(session, change_cost, newest, bill(50_000_000, day=date(2036, 6, 20)))
    assert [one.rule for one in refused.value.violations] == ["service_day_far", "unusual_amount"]


def test_the_treasurer_mistypes_by_ten_and_is_asked_on_the_page(session, sample_ring, pool, log_in):
    karl = log_in(sample_ring.karl_login)
    address, sent = f"/costs/pools/{pool}/costs/new", SENT | {"net": "32,745.50"}

    asked = karl.post(address, data=sent)
    page = asked.get_data(as_text=True)
    assert asked.status_code == 409
    assert "such bills of this pool are usually €3,274.55" in page
    assert 'name="confirmed" value="3274550"' in page
    assert "The bill is right: save €32,745.50" in page
    assert 3_274_550 not in amounts(session, pool)

    assert karl.post(address, data=sent | {"net": "327,455.00", "confirmed": "3274550"}).status_code == 409
    assert karl.post(address, data=sent | {"confirmed": "3274550"}).status_code == 303
    assert 3_274_550 in amounts(session, pool)


def test_a_bill_of_a_closed_or_later_period_is_told_what_becomes_of_it(session, sample_ring, pool, log_in):
    karl, address = log_in(sample_ring.karl_login), f"/costs/pools/{pool}/costs/new"
    far = karl.post(address, data=SENT | {"net": "33,000.00", "service_date": "2062-06-20"})
    assert far.status_code == 409
    assert "is more than a year ahead. Is the year right?" in far.get_data(as_text=True)
    assert "such bills of this pool are usually" in far.get_data(as_text=True), "one button is for both"
    said = {"2062-06-20": "Its day is still to come", "2025-06-20": "Its period is closed and stays as it is"}
    digest = preview_closing(session, "2025", now=MONDAY).digest
    do(session, close_period, "2025", digest=digest, accepts_open=True)
    for day, sentence in said.items():
        sent = SENT | {"service_date": day, "net": "3,300.00", "confirmed": "330000"}
        answer = karl.post(address, data=sent, follow_redirects=True).get_data(as_text=True)
        assert sentence in answer


def test_a_program_confirms_by_repeating_the_amount(session, pool, karl):
    body = SENT | {"pool_id": pool, "net_cents": 3_274_550}

    asked = karl.post("/costs", body)
    assert asked.status_code == 409
    assert asked.json["code"] == "unusual_cost"
    assert asked.json["violations"][0] | {"message": ""} == {
        "rule": "unusual_amount",
        "field": "net_cents",
        "message": "",
        "limit": 327_455,
        "actual": 3_274_550,
    }
    assert karl.post("/costs", body | {"confirmed_cents": 3_274_550}).status_code == 201
