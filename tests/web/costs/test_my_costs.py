"""A member's own costs: by month with sums, narrowed by year and machine, as a chart and as files."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from billing.charges.charges import charge_for
from billing.pools.costs import CostEntry, enter_cost
from billing.pools.pools import enter_pool
from billing.tariffs.tariffs import TariffEntry, enter_tariff
from tests.integration.money.harvester_pool import do, post, use
from tests.web.costs.test_costs_pages import text

JUNE, JULY = datetime(2026, 6, 3, 8, tzinfo=UTC), datetime(2026, 7, 6, 8, tzinfo=UTC)


@pytest.fixture
def season(session, sample_ring):
    """Anna used the combine in June and July and the splitter in July; Bernd the combine in June."""
    for machine_id, price in ((sample_ring.combine, 115), (sample_ring.splitter, 12)):
        do(session, enter_tariff, machine_id, TariffEntry(date(2025, 1, 1), prices={"member": Decimal(price)}))
    for machine_id, member_id, amount, start in (
        (sample_ring.combine, sample_ring.anna, 200, JUNE),
        (sample_ring.combine, sample_ring.anna, 100, JULY),
        (sample_ring.splitter, sample_ring.anna, 6_840, JULY),
        (sample_ring.combine, sample_ring.bernd, 900, JUNE),
    ):
        do(session, charge_for, use(session, machine_id, member_id, amount, start))


@pytest.fixture
def anna(sample_ring, log_in):
    return log_in(sample_ring.anna_login)


def test_months_have_sums_and_each_amount_opens_to_its_working(season, anna):
    page = text(anna.get("/costs/mine?year=2026"))

    assert '<span class="figure-n">€367.80</span>' in page
    assert page.index('July 2026</h2><b class="figure-s">€137.80') < page.index(
        'June 2026</h2><b class="figure-s">€230.00'
    )
    assert "<dt>1 h 54 min × €12.00 per hour</dt><dd>€22.80</dd>" in page
    assert "Usage charges by month of 2026: the highest in June with €230.00." in page
    assert page.count("<title>") == 1
    assert "€1,035.00" not in page  # Bernd's


def test_a_machine_in_the_address_narrows_list_chart_sums_and_files(season, anna):
    page = text(anna.get("/costs/mine?year=2026&machine=combine"))

    assert '<span class="figure-n">€345.00</span>' in page
    assert "€22.80" not in page
    assert 'href="/costs/mine/file.csv?year=2026&amp;machine=combine"' in page
    assert '<a href="/costs/mine?year=2026&amp;machine=combine" aria-current="page">2026</a>' in page
    assert "was not charged in 2025" in text(anna.get("/costs/mine?year=2025&machine=combine"))
    answer = anna.get("/costs/mine?machine=no-such")
    assert answer.status_code == 422
    assert "The ring has no machine of this name." in text(answer)


def test_the_file_has_what_the_page_shows(season, anna, log_in, sample_ring):
    def rows(address):
        return list(csv.DictReader(io.StringIO(anna.get(address).data.decode("utf-8-sig"))))

    assert [row["Amount in EUR"] for row in rows("/costs/mine/file.csv?year=2026")] == ["22.80", "115.00", "230.00"]
    assert [row["Machine"] for row in rows("/costs/mine/file.csv?year=2026&machine=splitter")] == ["Splitter"]
    workbook = anna.get("/costs/mine/file.xlsx?year=2026&machine=splitter")
    assert workbook.data
    assert "2026" in workbook.headers["Content-Disposition"]
    assert anna.get("/costs/mine/file.csv?machine=no-such").status_code == 422
    assert log_in(sample_ring.karl_login).get("/costs/mine/file.csv").status_code == 403


def test_months_to_come_are_drawn_as_a_year_before(session, season, anna, sample_ring):
    slip = use(session, sample_ring.combine, sample_ring.anna, 100, datetime(2025, 12, 10, 8, tzinfo=UTC))
    do(session, charge_for, slip)

    page = text(anna.get("/costs/mine?year=2026"))
    assert 'class="k-open">as in 2025 €115.00' in page
    assert "In the whole of 2025 it was €115.00." in page
    assert '<th scope="col" class="num">2025</th>' in page
    assert "k-open" not in text(anna.get("/costs/mine?year=2025"))


def test_the_parts_of_allocations_are_a_file_too(session, sample_ring, anna, season):
    made = do(session, enter_pool, sample_ring.combine, "Combine", {"repair": "use"})
    do(session, enter_cost, made, CostEntry(date(2026, 6, 3), "Huber", "repair", 11_000))
    post(session, made, (date(2026, 1, 1), date(2026, 12, 31)))

    assert 'href="/costs/mine/allocations/file.csv"' in text(anna.get("/costs/mine/allocations"))
    lines = anna.get("/costs/mine/allocations/file.csv").data.decode("utf-8-sig").splitlines()
    assert lines[0] == "Allocation,Reverses,Cost pool,Period from,Period until,Posted on,Amount in EUR"
    assert lines[1].endswith(",27.50")
    assert len(anna.get("/costs/mine/allocations/file.csv?year=2025").data.splitlines()) == 1


def test_a_year_of_many_charges_takes_as_many_statements_as_one_of_few(session, season, anna, sample_ring, statements):
    def count():
        with statements() as sent:
            anna.get("/costs/mine?year=2026")
        return len(sent)

    count()
    few = count()
    for day in range(1, 28):
        slip = use(session, sample_ring.combine, sample_ring.anna, 100, datetime(2026, 5, day, 8, tzinfo=UTC))
        do(session, charge_for, slip)

    assert count() == few
    page = text(anna.get("/costs/mine?year=2026"))
    assert "The sum is of all 27 entries of this month" in page
    assert "May 2026" in text(anna.get("/costs/mine?year=2026&page=2"))
