"""The first page after log-in: each role its own, in few statements."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import event

from app.extensions import db
from app.pages.today import manager
from booking.closures import blockings
from booking.kernel.transaction import write_transaction
from booking.use import usage
from booking.use.usage import Measurement
from tests.builders import SOMEBODY, hours, login, reserve
from tests.conftest import MONDAY

STATEMENTS_AT_MOST = 9  # one counts what waits, for the menu; one reads what is announced, two what is offered


def out_and_back(session, machine_id, member_id, amount=None):
    """A use that is over: the machine went out an hour ago and is back."""
    entered = reserve(session, machine_id, member_id, hours(MONDAY, 0, 2), now=MONDAY)
    with write_transaction(session):
        usage.hand_out(session, entered.id, Measurement(), by=SOMEBODY, now=MONDAY)
    with write_transaction(session):
        later = MONDAY + timedelta(hours=1)
        return usage.hand_back(session, entered.id, Measurement(amount=amount), by=SOMEBODY, now=later).id


def test_a_member_sees_what_comes_next(session, sample_ring, log_in):
    mine = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 25, 29), now=MONDAY).id
    reserve(session, sample_ring.splitter, sample_ring.bernd, hours(MONDAY, 25, 29), now=MONDAY)

    page = log_in(sample_ring.anna_login).get("/today")

    assert page.status_code == 200
    assert "Good morning, Anna" in page.text
    assert "Tomorrow, Tue 24 November" in page.text
    assert "9:00 – 13:00" in page.text
    assert f"/reservations/{mine}" in page.text
    assert "Splitter" not in page.text
    assert "To decide" not in page.text


def test_when_it_is_time_the_machine_can_be_fetched_and_brought_back(session, sample_ring, log_in, clock):
    mine = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 0.5, 2), now=MONDAY).id
    anna = log_in(sample_ring.anna_login)

    assert f"/usage/hand-out/{mine}" in anna.get("/today").text
    with write_transaction(session):
        usage.hand_out(session, mine, Measurement(), by=SOMEBODY, now=MONDAY)
    assert f"/usage/hand-back/{mine}" in anna.get("/today").text
    to_fetch = reserve(session, sample_ring.cold_store, sample_ring.anna, hours(MONDAY, 0.5, 1), now=MONDAY).id
    hero = anna.get("/today").text.partition('class="hero')[2].partition("</section>")[0]
    assert f"/usage/hand-out/{to_fetch}" in hero, "what is to be fetched is due before what is to be brought back"


def test_a_slip_that_can_still_be_disputed_waits_for_the_member(session, sample_ring, log_in, clock):
    slip = out_and_back(session, sample_ring.combine, sample_ring.anna, amount=1730)
    anna = log_in(sample_ring.anna_login)
    clock.instant = MONDAY + timedelta(hours=2)

    assert f"/usage/{slip}" in anna.get("/today").text
    assert "17.30 ha used" in anna.get("/today").text
    clock.instant = MONDAY + timedelta(days=20)
    assert f"/usage/{slip}" not in anna.get("/today").text


def test_a_member_without_reservations_is_led_to_the_plan(sample_ring, log_in):
    page = log_in(sample_ring.bernd_login).get("/today")

    assert "Nothing is reserved" in page.text
    assert 'href="/plan"' in page.text


def test_the_members_page_takes_few_statements(session, sample_ring, log_in):
    for number in range(10):
        reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 2 * number, 2 * number + 1), now=MONDAY)
    anna = log_in(sample_ring.anna_login)
    anna.get("/today")
    seen = []

    def note(_connection, _cursor, statement, *_rest):
        if statement != "BEGIN":
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        anna.get("/today")
    finally:
        event.remove(db.engine, "before_cursor_execute", note)

    assert len(seen) <= STATEMENTS_AT_MOST


def test_a_manager_sees_what_waits_what_happens_and_what_is_late(session, sample_ring, log_in, clock):
    reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 25, 28), now=MONDAY)
    out = reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 0, 1), now=MONDAY).id
    reserve(session, sample_ring.laser, sample_ring.anna, hours(MONDAY, 2, 3), now=MONDAY)
    with write_transaction(session):
        usage.hand_out(session, out, Measurement(), by=SOMEBODY, now=MONDAY)
        blockings.close(session, sample_ring.cold_store, hours(MONDAY, 0, 24), "Leak", by=SOMEBODY, now=MONDAY)
    clock.instant = MONDAY + timedelta(hours=2)

    page = log_in(sample_ring.wanda_login).get("/today")

    assert "1 request is waiting, 1 is overdue." in page.text
    assert "To decide" in page.text
    assert 'value="approve:' in page.text
    assert "still with Bernd" in page.text
    assert "Leak" in page.text
    assert "9:00" in page.text
    assert "Laser" not in page.text, "another workshop's"


def test_of_many_machines_those_of_today_are_shown_and_not_those_closed_on_another_day(
    session, sample_ring, log_in, monkeypatch
):
    monkeypatch.setattr(manager, "MACHINES_SHOWN", 1)
    with write_transaction(session):
        blockings.close(session, sample_ring.splitter, hours(MONDAY, 200, 224), "Oil", by=SOMEBODY, now=MONDAY)

    page = log_in(sample_ring.wanda_login).get("/today").text
    assert ("/machines/cold-store" in page, "/machines/splitter" in page) == (True, False)


def test_the_treasurer_sees_the_next_things_to_do(session, sample_ring, log_in, clock):
    karl = log_in(sample_ring.karl_login)
    first = karl.get("/today").text
    assert ("1 of 5 steps open" in first, "Open a cost pool" in first, "need one more step" in first) == (
        True,
        True,
        True,
    )

    from billing.charges.charges import charge_for

    slip = out_and_back(session, sample_ring.combine, sample_ring.anna, amount=1730)
    with write_transaction(session):
        charge_for(session, slip, by=SOMEBODY, now=MONDAY)

    assert "1 usage slip has no price yet" in karl.get("/today").text


def test_the_next_five_steps_are_in_their_order_and_each_figure_leads_to_its_reason(
    session, sample_ring, log_in, clock
):
    """Everything is open but objections: the question about the charges first, the period to close last."""
    from billing.pools.pools import enter_pool
    from tests.integration.documents.documents_ring import able_to_issue, charge_use
    from tests.integration.money.test_allocations import cost, do

    able_to_issue(session, sample_ring.anna)
    charge_use(session, sample_ring.combine, sample_ring.anna, 1250)
    pool_id = do(session, enter_pool, sample_ring.combine, "Harvester", {"repair": "use"})
    do(session, enter_pool, sample_ring.splitter, "Splitter", {"repair": "use"})
    cost(session, pool_id, "repair", 118_000, date(2026, 6, 20))
    clock.instant = MONDAY + timedelta(days=60)
    karl = log_in(sample_ring.karl_login)

    page = karl.get("/today").text

    steps = (
        "Decide what the usage charges of Harvester are: income or advances",
        "No bill yet for: Splitter.",
        "Allocate €1,180.00",
        "Issue invoices of €1,750.00",
        "Close the period 2026",
    )
    places = [page.index(step) for step in steps]
    assert places == sorted(places)
    assert "5 of 8 steps open" in page
    assert "Tariffs set" not in page, "five open steps are shown, and no done one"
    for address in (
        f"/costs/pools/{pool_id}/edit#charges_are",
        "/costs/periods/2026",
        "/invoices/run",
        "/costs/open-sums?age=over",
        f"/costs/pools/{pool_id}?year=2026",
        "/usage?machine=combine&amp;until=2026-12-31&amp;from=2026-01-01",
    ):
        assert address in page, address
    assert "€94.40" in page, "1,180.00 by 12.50 hectares"
    owed = karl.get("/costs/open-sums?age=over").text
    assert f"/costs/balances/{sample_ring.anna}" in owed
    assert "€1,750.00 of it have been owed for more than 90 days, by 1 member." in owed
    assert "Nobody owes anything of this age." in karl.get("/costs/open-sums?age=30").text
    by_api = karl.get("/api/v1/ledger/open-sums?age=over").json
    assert by_api["items"] == [{"member_id": sample_ring.anna, "cents": 175_000, "ages": by_api["ages"]}]
    assert by_api["ages"] == {"30": 0, "60": 0, "90": 0, "over": 175_000}
    assert "€94.40" in karl.get("/costs/use?year=2026").text


def test_costs_that_wait_are_named_with_their_sum(session, sample_ring, log_in):
    from billing.pools.costs import CostEntry, enter_cost
    from billing.pools.pools import enter_pool

    with write_transaction(session):
        pool = enter_pool(session, sample_ring.combine, "Combine costs", {"repair": "use"}, by=SOMEBODY, now=MONDAY)
        cost = CostEntry(date(2026, 11, 1), "Garage", "repair", 118_000)
        enter_cost(session, pool.id, cost, by=SOMEBODY, now=MONDAY)

    page = log_in(sample_ring.karl_login).get("/today").text

    assert "Allocate €1,180.00" in page
    assert "1 bill in Combine costs" in page
    assert f"/costs/pools/{pool.id}/allocate" in page
    assert "so far, 0% of it divided" in page
    assert '<li class="k-c1">repair €1,180.00</li>' in page
    assert "Costs by month of 2026: the highest in November with €1,180.00." in page


def test_a_login_without_a_role_sees_what_to_do(session, sample_ring, log_in):
    page = log_in(login(session, "Nora", now=MONDAY)).get("/today")

    assert page.status_code == 200
    assert "does not belong to a member yet" in page.text


def test_the_administrator_sees_all_workshops(session, sample_ring, log_in):
    reserve(session, sample_ring.laser, sample_ring.anna, hours(MONDAY, 2, 3), now=MONDAY)

    assert "Laser" in log_in(sample_ring.rita_login).get("/today").text


def test_a_member_sees_what_the_years_use_has_cost(session, sample_ring, log_in, clock):
    from decimal import Decimal

    from billing.charges.charges import charge_for
    from billing.tariffs.tariffs import TariffEntry, enter_tariff

    anna = log_in(sample_ring.anna_login)
    assert "€0.00" in anna.get("/today").text
    with write_transaction(session):
        prices = TariffEntry(date(2026, 1, 1), {"member": Decimal(100), "guest": Decimal(100)})
        enter_tariff(session, sample_ring.combine, prices, by=SOMEBODY, now=MONDAY)
    slip = out_and_back(session, sample_ring.combine, sample_ring.anna, amount=1730)
    with write_transaction(session):
        charge_for(session, slip, by=SOMEBODY, now=MONDAY)

    assert "€1,730.00" in anna.get("/today").text
    assert "€1,730.00" not in log_in(sample_ring.bernd_login).get("/today").text
    clock.instant = MONDAY + timedelta(days=60)
    page = log_in(sample_ring.anna_login).get("/today").text
    assert "My costs in 2026" in page, "the new year has no charge yet"
    assert "€1,730.00" in page


def test_only_the_first_step_that_is_due_is_the_primary_action(session, sample_ring, log_in):
    for machine_id in (sample_ring.combine, sample_ring.cold_store):
        reserve(session, machine_id, sample_ring.anna, hours(MONDAY, 0.5, 2), now=MONDAY)

    page = log_in(sample_ring.anna_login).get("/today").text

    assert page.count("/usage/hand-out/") == 2
    assert (page.count('class="btn btn-hero"'), page.count("btn-primary")) == (1, 0)
