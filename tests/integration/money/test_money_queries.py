"""What treasurer and members read about money."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from billing import queries
from billing.allocations.allocations import post_allocation, reverse_allocation
from billing.allocations.previews import preview_allocation
from billing.charges.charges import charge_for
from billing.errors.money_errors import AllocationNotFound, CostNotFound, PoolNotFound, TariffNotFound
from billing.pools.costs import CostEntry, enter_cost
from billing.pools.pools import enter_pool
from billing.pools.shares import set_shares
from billing.tariffs.tariffs import TariffEntry, enter_tariff
from booking.models import Member
from booking.queries import OpenUse, members_leaving, open_use
from tests.conftest import MONDAY
from tests.integration.money.harvester_pool import do, use
from tests.integration.money.test_who_bears_costs import leave

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
    slips, counts = queries.slips_of_bearers(session, posted, [sample_ring.anna, sample_ring.bernd], limit=12)
    assert [slip.amount for slip in slips] == [200, 100]
    assert counts == {sample_ring.anna: 1, sample_ring.bernd: 1}


def test_an_allocation_is_read_some_members_at_a_time(session, sample_ring, posted):
    first, has_more = queries.bearers_of(session, posted, limit=1, offset=0)
    _view, groups = queries.allocation_of_members(session, posted, first)

    assert ([*first], has_more) == ([sample_ring.anna], True)
    assert queries.bearers_of(session, posted, limit=1, offset=1) == ((sample_ring.bernd,), False)
    assert queries.bearer_count(session, posted) == 2
    assert [(group.cents, [line.member_id for line in group.lines]) for group in groups] == [
        (10_001, [sample_ring.anna])
    ]


def test_a_member_reads_only_their_own_lines(session, sample_ring, posted):
    _view, groups = queries.allocation(session, posted, member_id=sample_ring.bernd)

    assert [line.member_id for line in groups[0].lines] == [sample_ring.bernd]
    assert [slip.amount for slip in queries.slips_of_bearers(session, posted, [sample_ring.bernd], limit=12)[0]] == [
        100
    ]
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


def test_years_reach_from_the_first_entry_to_the_last_and_a_future_bill_is_not_the_default(
    session, sample_ring, posted
):
    today = date(2026, 11, 23)
    do(session, charge_for, use(session, sample_ring.combine, sample_ring.anna, 1_250))  # no tariff yet
    pool = queries.pools(session)[0].id
    for year, cents in ((2024, 100), (2028, 300)):
        do(session, enter_cost, pool, CostEntry(date(year, 2, 1), "Huber", "repair", cents), confirmed_cents=cents)

    years = queries.years_of_ring(session, today)

    assert [(one.year, one.cost_cents, one.unpriced_count) for one in years] == [
        (2028, 300, 0),
        (2027, 0, 0),
        (2026, 0, 1),
        (2025, 0, 0),
        (2024, 100, 0),
    ]
    assert queries.year_with_open_work(years, today) == 2024
    assert queries.year_with_open_work(years[:2], today) == 2026
    assert [one.year for one in queries.years_of_member(session, sample_ring.anna, date(2027, 1, 2))] == [2027, 2026]
    assert queries.year_of_member(session, sample_ring.anna, date(2027, 1, 2)) == 2027


def test_what_members_hold_and_owe_is_exact(session, sample_ring, posted):
    prices = TariffEntry(date(2025, 1, 1), prices={"member": Decimal(100), "guest": Decimal(100)})
    slip = use(session, sample_ring.combine, sample_ring.anna, 100)
    do(session, charge_for, slip)
    pool = do(session, enter_pool, sample_ring.splitter, "Splitter", {"fee": "shares"})
    do(session, enter_pool, sample_ring.laser, "Laser, which nobody used", {"repair": "use"})
    for member_id, shares in ((sample_ring.anna, 2), (sample_ring.bernd, 1)):
        do(session, set_shares, pool, member_id, shares, date(2026, 1, 1))
    for year in (2025, 2026):
        do(session, enter_cost, pool, CostEntry(date(year, 2, 1), "Huber", "fee", 100))
    today, both = date(2026, 11, 23), (sample_ring.anna, sample_ring.bernd)

    sums = queries.member_sums(session, both, today)[sample_ring.anna]
    assert [(one.pool_name, one.shares, one.outlasts_membership) for one in sums.shares] == [("Splitter", 2, False)]
    # Nobody held shares in 2025, so nobody has a part of that bill yet.
    assert [(one.pool_name, one.year, one.cents) for one in sums.parts] == [("Splitter", 2026, 67)]
    assert (sums.unpriced, sums.charged, sums.is_open) == (1, (), True)

    do(session, enter_tariff, sample_ring.combine, prices)
    sums = queries.member_sums(session, both, today)
    assert (sums[sample_ring.anna].unpriced, sums[sample_ring.anna].charged) == (0, ((2026, 10_000),))
    assert sums[sample_ring.bernd].charged == ()
    charged = queries.charged_by_month(session, sample_ring.anna, date(2026, 1, 1), today=today)
    assert (charged.years, charged.of_year(2026), sum(charged.by_month(2026))) == ({2026}, 10_000, 10_000)
    month = next(at for at, cents in enumerate(charged.by_month(2026), 1) if cents)
    assert (charged.up_to(2026, month), charged.up_to(2026, month - 1)) == (10_000, 0)
    leave(session, sample_ring.bernd, date(2026, 12, 31))
    for since, others, found in (
        (date(2026, 12, 31), [], [sample_ring.bernd]),
        (date(2027, 1, 1), [sample_ring.bernd, sample_ring.anna], [sample_ring.bernd]),
        (date(2027, 1, 1), [], []),
    ):
        wanted = select(Member.id).where(Member.id.in_(others))
        assert [member.id for member in members_leaving(session, since, wanted)] == found
    assert open_use(session, both, now=MONDAY)[sample_ring.anna] == OpenUse()
