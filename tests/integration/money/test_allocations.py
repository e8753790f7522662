"""Costs are divided to the cent, posted once and never edited; the golden harvester pool, on both databases."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DatabaseError

from billing import queries
from billing.allocations.allocations import post_allocation, reverse_allocation
from billing.allocations.previews import preview_allocation
from billing.errors.money_errors import (
    AlreadyReversed,
    CostAllocated,
    KindInUse,
    NameTaken,
    NothingToAllocate,
    NothingUsed,
    StalePreview,
    UnknownKind,
    WrongAmount,
    WrongPeriod,
    WrongText,
)
from billing.models import AllocationCost, AllocationLine, Cost
from billing.pools.costs import CostEntry, change_cost, delete_cost, enter_cost
from billing.pools.pools import change_pool, enter_pool
from billing.pools.shares import holders_on, set_shares
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.use import objections
from tests.conftest import MONDAY
from tests.integration.money.harvester_pool import IN_JUNE, JUNE, borne, cost, do, post, use


def test_the_harvester_pool_is_divided_in_three_pots(session, pool):
    cost(session, pool, "fixed", 2_431_655)
    cost(session, pool, "variable", 1_148_230)
    cost(session, pool, "basic fee", 10_000)

    preview = preview_allocation(session, pool, *JUNE)
    posted = post(session, pool)

    assert [(group.key, group.cents, group.weight_sum) for group in preview.groups] == [
        ("shares", 2_431_655, 40),
        ("use", 1_148_230, 22_700),
        ("head", 10_000, 7),
    ]
    assert borne(session, posted) == [918910, 734351, 568508, 534618, 373580, 336907, 123011]
    for limit in (2, 20):  # the preview knows all lines, the database ranks those of a posted one
        of_preview = {group.number: queries.parts_of_group(group, limit=limit) for group in preview.groups}
        assert queries.largest_parts(session, posted, limit=limit) == of_preview


def test_a_late_cost_uses_the_keys_of_its_month(session, sample_ring, seven, pool):
    cost(session, pool, "variable", 100_000)
    june = post(session, pool)
    use(session, sample_ring.combine, seven[6], 9_000, start=IN_JUNE + timedelta(days=31))
    cost(session, pool, "variable", 12_345)

    late = preview_allocation(session, pool, *JUNE)
    posted = post(session, pool)

    assert [warning.code for warning in late.warnings] == ["late_cost"]
    assert borne(session, june) == [26960, 21476, 17621, 14670, 11233, 8040]
    assert borne(session, posted) == [3328, 2651, 2175, 1811, 1387, 993]


def test_a_correction_is_a_reversal_and_a_new_allocation(session, pool):
    wrong = cost(session, pool, "variable", 100_000)
    june = post(session, pool)

    with pytest.raises(CostAllocated):
        do(session, change_cost, wrong, CostEntry(date(2026, 6, 20), "Huber", "variable", 98_000))
    reversal = do(session, reverse_allocation, june, "The bill says 980.00.")
    do(session, change_cost, wrong, CostEntry(date(2026, 6, 20), "Huber", "variable", 98_000))
    corrected = post(session, pool)

    assert borne(session, june, reversal) == [0] * 6
    assert borne(session, reversal, corrected) == [-539, -430, -352, -294, -224, -161]
    with pytest.raises(AlreadyReversed):
        do(session, reverse_allocation, june, "Again.")
    with pytest.raises(AlreadyReversed):
        do(session, reverse_allocation, reversal, "Back.")


def test_a_credit_of_the_supplier_is_divided_as_a_mirror(session, pool):
    cost(session, pool, "basic fee", -10)

    assert sum(borne(session, post(session, pool))) == -10


def test_shares_count_as_they_were_on_the_day_of_the_cost(session, seven, pool):
    first, second = seven[0], seven[1]
    do(session, set_shares, pool, first, 0, date(2026, 6, 16))
    do(session, set_shares, pool, second, 18, date(2026, 6, 16))
    cost(session, pool, "fixed", 4_000, day=date(2026, 6, 10))
    cost(session, pool, "fixed", 4_000, day=date(2026, 6, 20))

    groups = preview_allocation(session, pool, *JUNE).groups

    assert [group.shares_on for group in groups] == [date(2026, 6, 10), date(2026, 6, 20)]
    shares = [{line.member_id: line.cents for line in group.lines} for group in groups]
    assert (shares[0][first], shares[0][second]) == (1_000, 800)
    assert (shares[1].get(first), shares[1][second]) == (None, 1_800)


def test_heads_are_the_users_where_nobody_holds_shares(session, sample_ring):
    made = do(session, enter_pool, sample_ring.combine, "Baler", {"fee": "head"})
    use(session, sample_ring.combine, sample_ring.anna, 5)
    use(session, sample_ring.combine, sample_ring.bernd, 0)
    cost(session, made, "fee", 500)

    assert borne(session, post(session, made)) == [500]


def test_what_changed_since_the_preview_is_not_posted(session, sample_ring, seven, pool):
    cost(session, pool, "variable", 100_000)
    digest = preview_allocation(session, pool, *JUNE).digest
    use(session, sample_ring.combine, seven[6], 50)

    with pytest.raises(StalePreview):
        do(session, post_allocation, pool, *JUNE, digest=digest)


def test_slips_that_changed_since_the_preview_are_looked_at_again_even_where_the_sums_are_the_same(
    session, sample_ring, seven, pool
):
    november = date(2026, 11, 1), date(2026, 11, 30)  # late enough for the member to object
    yesterday = MONDAY - timedelta(days=1)
    first, second = (use(session, sample_ring.combine, seven[0], ares, start=yesterday) for ares in (40, 60))
    cost(session, pool, "variable", 100_000, day=yesterday.date())
    seen = preview_allocation(session, pool, *november)
    for slip, ares in ((first, 60), (second, 40)):
        do(session, objections.object_to, slip, "The two were mixed up.")
        do(session, objections.answer, slip, "So they were.", corrected_amount=ares)

    assert preview_allocation(session, pool, *november).groups == seen.groups
    with pytest.raises(StalePreview):
        do(session, post_allocation, pool, *november, digest=seen.digest)


def test_posting_twice_posts_once(session, pool):
    cost(session, pool, "variable", 100_000)
    digest = preview_allocation(session, pool, *JUNE).digest
    do(session, post_allocation, pool, *JUNE, digest=digest)

    with pytest.raises(NothingToAllocate):
        do(session, post_allocation, pool, *JUNE, digest=digest)


def test_without_use_there_is_no_key(session, sample_ring):
    made = do(session, enter_pool, sample_ring.laser, "Laser", {"tube": "use"})
    cost(session, made, "tube", 100)

    with pytest.raises(NothingUsed):
        preview_allocation(session, made, *JUNE)


def test_a_total_unlike_the_last_one_is_warned_about(session, sample_ring, seven, pool):
    cost(session, pool, "variable", 100_000, day=date(2026, 5, 20))
    use(session, sample_ring.combine, seven[0], 50, start=IN_JUNE - timedelta(days=31))
    post(session, pool, (date(2026, 5, 1), date(2026, 5, 31)))
    cost(session, pool, "variable", 499_999)
    assert preview_allocation(session, pool, *JUNE).warnings == ()

    cost(session, pool, "variable", 1)
    assert [warning.code for warning in preview_allocation(session, pool, *JUNE).warnings] == ["unlike_last"]


def test_costs_that_were_never_allocated_can_be_deleted(session, pool):
    waiting, taken = cost(session, pool, "variable", 100), cost(session, pool, "variable", 200)
    do(session, delete_cost, waiting)
    reversed_ = post(session, pool)
    with pytest.raises(CostAllocated):
        do(session, delete_cost, taken)
    do(session, reverse_allocation, reversed_, "Wrong month.")

    with pytest.raises(CostAllocated):
        do(session, delete_cost, taken)


def test_the_amounts_of_a_bill_are_checked(session, pool):
    for wrong in (0, 10**10, -(10**10)):
        with pytest.raises(WrongAmount):
            cost(session, pool, "variable", wrong)
    with pytest.raises(UnknownKind):
        cost(session, pool, "champagne", 100)
    with pytest.raises(WrongPeriod):
        cost(session, pool, "variable", 100, day=date(1066, 10, 14))
    with pytest.raises(WrongText):
        do(session, enter_cost, pool, CostEntry(date(2026, 6, 1), "x" * 10_000, "variable", 1))
    with pytest.raises(WrongPeriod):
        preview_allocation(session, pool, date(2026, 6, 2), date(2026, 6, 1))


def test_a_pool_keeps_the_kinds_that_wait(session, sample_ring, pool):
    cost(session, pool, "variable", 100)
    with pytest.raises(KindInUse):
        do(session, change_pool, pool, "Harvester", {"fixed": "shares"})
    with pytest.raises(NameTaken):
        do(session, enter_pool, sample_ring.laser, "Harvester ", {"tube": "use"})

    post(session, pool)
    do(session, change_pool, pool, "Harvester", {"fixed": "shares"})


def test_shares_are_dated(session, pool, seven):
    do(session, set_shares, pool, seven[0], 12, date(2026, 7, 1))
    do(session, set_shares, pool, seven[0], 13, date(2026, 7, 1))

    assert [holders_on(session, pool, day)[seven[0]] for day in (JUNE[1], date(2026, 7, 1))] == [10, 13]
    assert holders_on(session, pool, date(2025, 12, 31)) == {}


@pytest.mark.parametrize(
    ("verb", "guard"),
    [
        (update(AllocationLine).values(cents=1), "append-only"),
        (delete(AllocationLine), "append-only"),
        (update(Cost).values(net_cents=1), "billing_cost_kept"),
        (delete(Cost), "billing_cost_kept"),
    ],
    ids=["change a line", "delete a line", "change a cost", "delete a cost"],
)
def test_the_database_keeps_what_is_posted(session, pool, verb, guard):
    cost(session, pool, "variable", 100)
    post(session, pool)

    with pytest.raises(DatabaseError, match=guard), write_transaction(session):
        session.execute(verb)


def test_the_database_allocates_a_cost_once(session, pool):
    taken = cost(session, pool, "variable", 100)
    post(session, pool)
    cost(session, pool, "variable", 200)
    second = post(session, pool)

    bill = {"supplier": "Huber", "kind": "variable", "document": "", "service_date": JUNE[0], "net_cents": 100}
    row = {"allocation_id": second, "cost_id": taken, "group_number": 1, **bill}
    with pytest.raises(DatabaseError, match="billing_cost_once"), write_transaction(session):
        session.execute(insert(AllocationCost).values(row))


def test_the_events_of_an_allocation_and_its_reversal_carry_the_period(session, pool):
    cost(session, pool, "variable", 100)
    do(session, reverse_allocation, post(session, pool), "Mistyped")

    names = ("allocation_posted", "allocation_reversed")
    of_allocations = select(RecordedEvent.facts).where(RecordedEvent.type.in_(names)).order_by(RecordedEvent.id)
    facts = session.scalars(of_allocations).all()
    assert [each["total_cents"] for each in facts] == [100, -100]
    assert {(each["period_from"], each["period_until"]) for each in facts} == {("2026-06-01", "2026-06-30")}


def test_a_posted_cost_stays_as_it_was_when_it_changes_after_a_reversal(session, pool):
    bill = cost(session, pool, "variable", 100)
    posted = post(session, pool)
    reversal = do(session, reverse_allocation, posted, "Mistyped")
    do(session, change_cost, bill, CostEntry(date(2026, 6, 21), "Zimmermann", "variable", 70, document="R-2"))

    for allocation_id, net_cents in ((posted, 100), (reversal, -100)):
        (kept,) = queries.posted_costs(session, allocation_id)
        assert (kept.service_date, kept.supplier, kept.document, kept.net_cents) == (
            date(2026, 6, 20), "Werkstatt Huber", "", net_cents,
        )  # fmt: skip
