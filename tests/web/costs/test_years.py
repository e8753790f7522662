"""Years are chosen: at the turn of the year the old one comes first while it has open work, and stays reachable."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from billing.charges.charges import charge_for
from billing.pools.costs import CostEntry, enter_cost
from billing.pools.pools import enter_pool
from billing.tariffs.tariffs import TariffEntry, enter_tariff
from tests.integration.money.harvester_pool import do, post, use
from tests.web.costs.test_costs_pages import text

IN_NOVEMBER = datetime(2026, 11, 5, 8, 0, tzinfo=UTC)
NEW_YEARS_EVE = datetime(2026, 12, 31, 12, 0, tzinfo=UTC)
HALF_PAST_MIDNIGHT = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)  # 0:30 on 1 January in Berlin
JANUARY = datetime(2027, 1, 2, 8, 0, tzinfo=UTC)
PRICES = TariffEntry(date(2025, 1, 1), prices={"member": Decimal(100), "guest": Decimal(100)})


@pytest.fixture
def pool(session, sample_ring):
    """A pool with a bill of 2026; Anna used the combine, and the slip has its price."""
    made = do(session, enter_pool, sample_ring.combine, "Combine", {"repair": "use"})
    do(session, enter_tariff, sample_ring.combine, PRICES)
    slip = use(session, sample_ring.combine, sample_ring.anna, 1_000, IN_NOVEMBER)
    do(session, charge_for, slip)
    do(session, enter_cost, made, CostEntry(date(2026, 12, 3), "Huber", "repair", 10_001))
    return made


@pytest.mark.parametrize("instant", [NEW_YEARS_EVE, HALF_PAST_MIDNIGHT, JANUARY])
def test_the_year_with_open_work_comes_first_with_its_count(session, sample_ring, pool, log_in, clock, instant):
    clock.instant = instant
    do(session, charge_for, use(session, sample_ring.splitter, sample_ring.anna, 3_600, IN_NOVEMBER))  # no tariff
    karl = log_in(sample_ring.karl_login)

    page = text(karl.get("/costs"))
    assert "Costs of the machines in 2026</h2>" in page
    bills = '<a class="crumb" href="#pools">1 bill to allocate, €100.01</a>'
    assert f"Open in 2026: {bills}; 1 usage slip without a price." in page
    assert '<a href="/costs?year=2026" aria-current="page">2026 (2 open)</a>' in page
    assert "Costs of the machines in 2026" in text(karl.get("/today"))
    assert 'name="from" required type="date" value="2026-01-01"' in page
    has_new_year = '<a href="/costs?year=2027">2027</a>' in page
    assert has_new_year == (instant is not NEW_YEARS_EVE)


def test_the_year_in_the_address_stays_on_the_tabs_the_pager_and_the_files(session, sample_ring, pool, log_in, clock):
    post(session, pool, (date(2026, 1, 1), date(2026, 12, 31)))
    clock.instant = JANUARY
    karl = log_in(sample_ring.karl_login)
    assert "Costs of the machines in 2027</h2>" in text(karl.get("/costs"))

    page = text(karl.get("/costs?year=2026"))
    assert "€100.01 of €100.01 is divided" in page
    assert "Latest allocations of 2026" in page
    assert 'href="/costs/allocations?year=2026"' in page
    assert 'value="2026-12-31"' in page
    listed = text(karl.get("/costs/allocations?year=2026"))
    assert "No. 1 Combine" in listed
    assert 'href="/costs/allocations/file.csv?year=2026"' in listed
    assert "No. 1 Combine" in text(karl.get("/costs/allocations"))
    empty = text(karl.get("/costs/allocations?year=2027"))
    assert "Nothing was allocated for 2027." in empty
    assert 'href="/costs/allocations?year=2026"' in empty
    assert len(karl.get("/costs/allocations/file.csv?year=2026").text.splitlines()) == 2
    assert len(karl.get("/costs/allocations/file.csv?year=2027").text.splitlines()) == 1
    assert "Huber" in text(karl.get(f"/costs/pools/{pool}?year=2026"))
    assert "No bill of 2027 has been entered." in text(karl.get(f"/costs/pools/{pool}?year=2027"))
    assert len(karl.get(f"/costs/pools/{pool}/file.csv?year=2027").text.splitlines()) == 1


def test_a_member_sees_the_newest_year_with_charges_and_chooses_others(session, sample_ring, pool, log_in, clock):
    post(session, pool, (date(2026, 1, 1), date(2026, 12, 31)))
    clock.instant = JANUARY
    anna = log_in(sample_ring.anna_login)

    page = text(anna.get("/costs/mine"))
    assert '€1,000.00</span> <span class="soft">usage charges in 2026<' in page
    assert "No. 1 Combine" in page
    assert '<a href="/costs/mine?year=2026" aria-current="page">2026</a>' in page
    assert anna.get("/costs?year=2026").location == "/costs/mine?year=2026"
    empty = text(anna.get("/costs/mine?year=2027"))
    assert "No use was charged in 2027." in empty
    assert "No. 1 Combine" not in empty
    assert "No. 1 Combine" in text(anna.get("/costs/mine/allocations"))
    assert "Nothing was allocated for 2027." in text(anna.get("/costs/mine/allocations?year=2027"))
    bernd = log_in(sample_ring.bernd_login)
    assert "No use has been charged yet." in text(bernd.get("/costs/mine"))


@pytest.mark.parametrize("year", ["abc", "1066", "20260", "-2026", "２０２６"])
def test_what_is_no_year_is_answered_with_the_rule(sample_ring, pool, log_in, year):
    karl, anna = log_in(sample_ring.karl_login), log_in(sample_ring.anna_login)
    pages = "/costs", "/costs/allocations", "/costs/allocations/file.csv", f"/costs/pools/{pool}"

    for answer in (*(karl.get(f"{page}?year={year}") for page in pages), anna.get(f"/costs/mine?year={year}")):
        assert answer.status_code == 422
        assert "The year is a number from 1990 to 2099." in text(answer)


def test_slips_and_charges_are_narrowed_to_a_year_and_the_file_is_of_the_year_with_open_work(
    session, sample_ring, pool, log_in, clock
):
    clock.instant = HALF_PAST_MIDNIGHT
    karl = log_in(sample_ring.karl_login)
    for address in ("/usage", "/costs/charges"):
        page = text(karl.get(address))
        assert f'<a href="{address}?from=2026-01-01&amp;until=2026-12-31">2026 (1 open)</a>' in page
        assert f'<a href="{address}?from=2027-01-01&amp;until=2027-12-31">2027</a>' in page
        assert "Anna" in page
        chosen = text(karl.get(f"{address}?from=2027-01-01&until=2027-12-31"))
        assert f'href="{address}?from=2027-01-01&amp;until=2027-12-31" aria-current="page">2027</a>' in chosen
        assert "Anna" not in chosen
        assert karl.get(f"{address}?from=2027-12-31&until=2027-01-01").status_code == 422
    assert "/costs/slips/file.csv?from=2026-01-01&amp;until=2026-12-31" in text(karl.get("/usage"))

    anna = text(log_in(sample_ring.anna_login).get("/usage"))
    assert '<a href="/usage?from=2026-01-01&amp;until=2026-12-31">2026</a>' in anna
    assert "open)" not in anna


def test_the_event_log_and_the_charges_begin_with_the_year_that_has_open_work(
    session, sample_ring, pool, log_in, clock
):
    clock.instant = JANUARY
    rita, karl = log_in(sample_ring.rita_login), log_in(sample_ring.karl_login)

    page = text(rita.get("/admin/events"))
    assert 'value="2026-01-01"' in page
    assert 'value="2027-01-02"' in page
    chosen = text(rita.get("/admin/events?from=2027-01-01&until=2027-12-31"))
    assert 'aria-current="page">2027</a>' in chosen
    assert 'value="2027-12-31"' in chosen
    assert rita.get("/admin/events?from=x").status_code == 200
    assert len(karl.get("/costs/charges/file.csv").text.splitlines()) >= 2
