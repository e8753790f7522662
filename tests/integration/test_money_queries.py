"""What treasurer and members read about money."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from billing import queries
from billing.allocations import post_allocation, reverse_allocation
from billing.charges import charge_for
from billing.errors import AllocationNotFound, CostNotFound, PoolNotFound, TariffNotFound
from billing.pools import CostEntry, enter_cost, enter_pool
from billing.previews import preview_allocation
from billing.tariffs import TariffEntry, enter_tariff
from tests.integration.test_allocations import do, use

YEAR = date(2026, 1, 1), date(2026, 12, 31)


@pytest.fixture
def posted(session, sample_ring):
    """Anna and Bernd used the combine; one bill of 100.01 euro is divided by use."""
    use(session, sample_ring.combine, sample_ring.anna, 200)
    use(session, sample_ring.combine, sample_ring.bernd, 100)
    pool = do(session, enter_pool, sample_ring.combine, "Combine", {"repair": "use"})
    do(session, enter_cost, pool, CostEntry(date(2026, 6, 3), "Huber", "repair", 10_001, document="R-17"))
    digest = preview_allocation(session, pool, *YEAR).digest
    return do(session, post_allocation, pool, *YEAR, digest=digest)


def test_a_posted_allocation_has_all_its_amounts(session, sample_ring, posted):
    view, groups = queries.allocation(session, posted)

    assert (view.total_cents, view.pool_name, view.reversed_by_id) == (10_001, "Combine", None)
    assert [(line.member_id, line.weight, line.cents, line.got_rounding_cent) for line in groups[0].lines] == [
        (sample_ring.anna, 200, 6_667, False),
        (sample_ring.bernd, 100, 3_334, True),
    ]
    assert [cost.document for cost in queries.posted_costs(session, posted)] == ["R-17"]
    assert [slip.amount for slip in queries.posted_slips(session, posted)] == [200, 100]


def test_a_member_reads_only_their_own_lines(session, sample_ring, posted):
    _view, groups = queries.allocation(session, posted, member_id=sample_ring.bernd)

    assert [line.member_id for line in groups[0].lines] == [sample_ring.bernd]
    assert [slip.amount for slip in queries.posted_slips(session, posted, member_id=sample_ring.bernd)] == [100]
    with pytest.raises(AllocationNotFound):
        queries.allocation(session, posted, member_id=10_000)


def test_a_member_sees_what_was_taken_back(session, sample_ring, posted):
    do(session, reverse_allocation, posted, "Wrong year.")

    lines, has_more = queries.totals_of_member(session, sample_ring.bernd)
    assert ([line.cents for line in lines], has_more) == ([-3_334, 3_334], False)
    listed, _more = queries.allocations(session)
    assert [(view.reverses_id, view.reversed_by_id) for view in listed] == [
        (posted, None),
        (None, listed[0].id),
    ]


def test_a_pool_has_its_unallocated_costs(session, sample_ring, posted):
    view = queries.pools(session)[0]
    assert (view.waiting_count, view.waiting_cents) == (0, 0)

    do(session, enter_cost, view.id, CostEntry(date(2026, 7, 3), "Huber", "repair", 400))
    view = queries.pool(session, view.id)
    assert (view.waiting_count, view.waiting_cents, view.waiting_from) == (1, 400, date(2026, 7, 3))
    costs, has_more = queries.costs(session, view.id, limit=1)
    assert (costs[0].net_cents, costs[0].allocation_id, has_more) == (400, None, True)


def test_the_history_of_tariffs_has_the_end_of_each(session, sample_ring):
    for day, price in ((date(2025, 1, 1), "100"), (date(2026, 1, 1), "110"), (date(2026, 1, 1), "115")):
        entry = TariffEntry(day, prices={"member": Decimal(price), "guest": Decimal(price)})
        do(session, enter_tariff, sample_ring.combine, entry)

    history = queries.tariff_history(session, sample_ring.combine)

    assert [(view.prices["member"], view.valid_until, view.is_replaced) for view in history] == [
        (Decimal(115), None, False),
        (Decimal(110), None, True),
        (Decimal(100), date(2025, 12, 31), False),
    ]
    assert queries.tariffs_on(session, date(2026, 5, 1))[sample_ring.combine].prices["member"] == Decimal(115)


def test_a_member_reads_charges_with_their_calculation(session, sample_ring):
    entry = TariffEntry(date(2026, 1, 1), prices={"member": Decimal(115), "guest": Decimal(115)})
    slip = use(session, sample_ring.combine, sample_ring.anna, 1_250)
    do(session, charge_for, slip)
    assert queries.unpriced_count(session) == 1

    do(session, enter_tariff, sample_ring.combine, entry)

    charges, _more = queries.charges_of_member(session, sample_ring.anna)
    assert [(charge.cents, charge.calculation.unit_price) for charge in charges] == [(143_750, Decimal(115))]
    assert queries.charges_of_member(session, sample_ring.bernd) == ((), False)


def test_what_does_not_exist_is_not_found(session):
    for query, refusal in (
        (queries.tariff, TariffNotFound),
        (queries.pool, PoolNotFound),
        (queries.cost, CostNotFound),
        (queries.allocation, AllocationNotFound),
    ):
        with pytest.raises(refusal):
            query(session, 99)
