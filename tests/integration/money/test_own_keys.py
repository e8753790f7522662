"""Costs divided by keys that a pool composed: previewed, posted, reversed, audited; terms by day; meters."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DatabaseError

from billing import queries
from billing.allocations.allocations import reverse_allocation
from billing.allocations.periods import other_periods
from billing.allocations.previews import preview_allocation
from billing.audits import broken_allocations
from billing.errors.cost_errors import CapTooLow, KeyRefused, UnknownKey
from billing.errors.money_errors import NameTaken, NothingUsed
from billing.models import AllocationAmount
from billing.pools.costs import CostEntry, enter_cost
from billing.pools.keys import HEAD, METER, PERCENT, SHARES, USE, WHOLE, KeyPart, KeyTerms
from billing.pools.meters import consumption, enter_meter
from billing.pools.pool_keys import DatedTerms, change_key, enter_key
from billing.pools.pools import change_pool, enter_pool
from billing.pools.readings import ReadingEntry, enter_reading
from booking.kernel.transaction import write_transaction
from tests.builders import SOMEBODY, member
from tests.conftest import MONDAY
from tests.integration.money.harvester_pool import JUNE, borne, do, post

G1B = [925_621, 739_168, 576_121, 533_738, 376_701, 330_839, 107_697]
BLENDED = KeyTerms((KeyPart(SHARES, 600_000), KeyPart(USE, 400_000)))
TODAY = MONDAY.date()


@pytest.fixture
def three(session, sample_ring):
    return [member(session, f"Hof {number}") for number in range(1, 4)]


@pytest.fixture
def hall(session, sample_ring):
    """A pool without use and shares."""
    return do(session, enter_pool, sample_ring.combine, "Hall", {"all": "use"})


def own(session, pool_id, terms, name="Own"):
    """A key for the kind "all" of the pool."""
    key_id = do(session, enter_key, pool_id, name, terms)
    do(session, change_pool, pool_id, queries.pool(session, pool_id).name, {"all": f"key-{key_id}"})
    return key_id


def bill(session, pool_id, net_cents, day=date(2026, 6, 20)):
    return do(session, enter_cost, pool_id, CostEntry(day, "Huber", "all", net_cents), confirmed_cents=net_cents)


def read(session, meter_id, day, reading, restart=None):
    entry = ReadingEntry(day, reading, restart)
    return do(session, enter_reading, meter_id, entry, today=TODAY)


def test_the_blended_pool_is_posted_reversed_and_proved(session, pool):
    """G1b, to the cent; what each part measured is stored, and the audit computes the weights from it again."""
    own(session, pool, BLENDED)
    bill(session, pool, 3_589_885)
    posted = post(session, pool)

    assert borne(session, posted) == G1B
    _view, (group,) = queries.allocation(session, posted)
    assert (group.key, group.working.name, group.lines[0].amounts) == ("own", "Own", (10, 6_120))
    assert [(part.base, part.amount_sum, part.unit) for part in group.working.parts] == [
        (SHARES, 40, ""),
        (USE, 22_700, "ha"),
    ]
    mirror = do(session, reverse_allocation, posted, "Mistyped")
    assert borne(session, posted, mirror) == [0] * 7
    assert list(broken_allocations(session)) == []
    for statement in (update(AllocationAmount).values(amount=1), delete(AllocationAmount)):
        with pytest.raises(DatabaseError, match="append-only"), write_transaction(session):
            session.execute(statement)


@pytest.mark.of_sqlite
def test_percentages_a_minimum_and_a_cap_divide_as_they_say(session, pool, seven):
    percents = ((seven[0], 333_333), (seven[1], 333_333), (seven[2], 333_334))
    key_id = own(session, pool, KeyTerms((KeyPart(PERCENT),), percents=percents))
    bill(session, pool, 10_000)
    preview = preview_allocation(session, pool, *JUNE)
    assert [line.cents for line in preview.groups[0].lines] == [3_333, 3_333, 3_334]
    assert not preview.groups_by_period

    for terms, expected in (
        (KeyTerms((KeyPart(USE),), minimum=2_000), [2_675, 2_131, 1_749, 1_456, 1_115, 874]),
        (KeyTerms((KeyPart(USE),), cap=200_000), [2_000, 2_000, 2_000, 1_729, 1_324, 947]),
        (KeyTerms((KeyPart(HEAD),), cap=150_000), [1_429, 1_429, 1_429, 1_429, 1_428, 1_428, 1_428]),
    ):
        do(session, change_key, key_id, "Own", DatedTerms(date(1990, 1, 1), terms))
        assert [line.cents for line in preview_allocation(session, pool, *JUNE).groups[0].lines] == expected
    do(session, change_key, key_id, "Own", DatedTerms(date(1990, 1, 1), KeyTerms((KeyPart(HEAD),), cap=100_000)))
    with pytest.raises(CapTooLow):
        preview_allocation(session, pool, *JUNE)


@pytest.mark.of_sqlite
def test_a_late_bill_is_divided_by_the_terms_of_its_own_day(session, hall, three):
    key_id = own(session, hall, KeyTerms((KeyPart(PERCENT),), percents=((three[0], WHOLE),)))
    later = KeyTerms((KeyPart(PERCENT),), percents=((three[1], WHOLE),))
    do(session, change_key, key_id, "Own", DatedTerms(date(2026, 7, 1), later))
    bill(session, hall, 1_000)
    bill(session, hall, 500, date(2026, 7, 1))
    groups = preview_allocation(session, hall, date(2026, 1, 1), date(2026, 12, 31)).groups
    assert [[(line.member_id, line.cents) for line in group.lines] for group in groups] == [
        [(three[0], 1_000)],
        [(three[1], 500)],
    ]


@pytest.mark.of_sqlite
def test_guests_bear_nothing_by_percentages_and_meters_where_the_pool_leaves_them_out(session, hall, three):
    guest = member(session, "Guest", price_class="guest")
    percents = ((three[0], 500_000), (guest, 500_000))
    own(session, hall, KeyTerms((KeyPart(PERCENT),), percents=percents), "Percent")
    bill(session, hall, 1_000)

    def divided():
        return [(line.member_id, line.cents) for line in preview_allocation(session, hall, *JUNE).groups[0].lines]

    assert divided() == [(three[0], 500), (guest, 500)]
    do(session, change_pool, hall, "Hall", queries.pool(session, hall).rules, excludes_guests=True)
    assert divided() == [(three[0], 1_000)]
    own(session, hall, KeyTerms((KeyPart(METER),), meter_unit="kWh"))
    for member_id in (three[1], guest):
        meter_id = do(session, enter_meter, hall, member_id, f"Z-{member_id}")
        read(session, meter_id, date(2026, 5, 31), 0)
        read(session, meter_id, date(2026, 6, 30), 5_000)
    assert divided() == [(three[1], 1_000)]


@pytest.mark.of_sqlite
def test_meters_divide_by_what_they_counted_and_can_be_changed(session, hall, three):
    pool, seven = hall, three
    own(session, pool, KeyTerms((KeyPart(METER),), meter_unit="kWh"))
    first, second, unread = (
        do(session, enter_meter, pool, member_id, f"Z-{number}") for number, member_id in enumerate(seven[:3])
    )
    read(session, first, date(2026, 5, 31), 100_000)
    read(session, first, date(2026, 6, 15), 160_000, restart=5_000)
    read(session, first, date(2026, 6, 30), 45_000)
    read(session, second, date(2026, 5, 31), 0)
    read(session, second, date(2026, 6, 30), 300_000)
    bill(session, pool, 10_000)

    assert consumption(session, pool, *JUNE).by_member == {seven[0]: 100_000, seven[1]: 300_000, seven[2]: 0}
    preview = preview_allocation(session, pool, *JUNE)
    assert [line.cents for line in preview.groups[0].lines] == [2_500, 7_500, 0]
    assert next(one for one in preview.warnings if one.code == "meters_unread").member_ids == (seven[2],)
    assert preview.groups_by_period == (1,)
    assert other_periods(session, preview) == ()  # the use of the machine tells nothing about meters
    assert unread
    bill(session, pool, 1, date(2026, 6, 2))
    with pytest.raises(NothingUsed):
        preview_allocation(session, pool, date(2026, 6, 1), date(2026, 6, 10))


@pytest.mark.of_sqlite
def test_a_key_that_cannot_divide_is_refused(session, hall):
    for terms, rule in (
        (replace(BLENDED, parts=(KeyPart(SHARES, 600_000), KeyPart(USE, 399_999))), "parts_percent_sum"),
        (replace(BLENDED, parts=(KeyPart(USE, 500_000), KeyPart(USE, 500_000))), "part_twice"),
        (KeyTerms((KeyPart(SHARES),), minimum=5), "minimum_without_use"),
        (KeyTerms((KeyPart(METER),)), "meter_unit_missing"),
        (KeyTerms((KeyPart(USE),), cap=0), "cap_out_of_range"),
        (KeyTerms((KeyPart(USE),), percents=((1, WHOLE),)), "percents_unused"),
        (KeyTerms((KeyPart(PERCENT),), percents=((1, WHOLE - 1),)), "percents_sum"),
        (KeyTerms((KeyPart(PERCENT),), percents=((1, 500_000), (1, 500_000))), "member_twice"),
        (KeyTerms((KeyPart(PERCENT),), percents=((999, WHOLE),)), "member_unknown"),
    ):
        with pytest.raises(KeyRefused) as refused:
            do(session, enter_key, hall, "Own", terms)
        assert [one.rule for one in refused.value.violations] == [rule]
        session.rollback()


@pytest.mark.of_sqlite
def test_names_are_unique_and_rules_know_only_keys_of_their_pool(session, hall):
    key_id = own(session, hall, BLENDED)
    with pytest.raises(NameTaken):
        do(session, enter_key, hall, "Own", BLENDED)
    session.rollback()
    for key in (f"key-{key_id + 1}", "key-", "by whim"):
        with pytest.raises(UnknownKey), write_transaction(session):
            change_pool(session, hall, "Hall", {"all": key}, by=SOMEBODY, now=MONDAY)
