"""What a pool counts: several machines, a group, a site or the whole ring, from a day on; slips and charges follow."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import DatabaseError, IntegrityError

from billing import queries
from billing.allocations.previews import preview_allocation
from billing.errors.cost_errors import GroupCountedTwice, NothingCounted, ScopeNotFound, TooManyMachines
from billing.errors.money_errors import OtherPoolCounts
from billing.ledger.posting import ADVANCES, USE_CHARGES
from billing.limits import FIRST_DAY
from billing.models import LedgerAccount, Pool, PoolScope, PoolScopeMachine, Posting
from billing.pools.costs import CostEntry, enter_cost
from billing.pools.group_counting import counting_once, machines_counted_twice
from billing.pools.pool_scopes import change_scope, open_pool, take_back_scope
from billing.pools.pools import ADVANCE, INCOME, change_pool, enter_pool
from billing.pools.scopes import GROUP, MACHINES, MACHINES_MAX, RING, WORKSHOP, DatedScope, Scope
from billing.queries.pool_counts import pool_scopes
from booking.errors.schedule_errors import GroupNotFound, MachineNotFound, NotFound
from booking.kernel.errors import StaleRevision
from booking.kernel.transaction import write_transaction
from booking.records.groups import GroupInput, RankedMachine, change, make, ranks_of
from tests.builders import SOMEBODY, machine, workshop
from tests.conftest import MONDAY
from tests.integration.money.harvester_pool import IN_JUNE, do, post, use
from tests.integration.money.test_charges import charge, tariff
from tests.integration.money.test_money_audits import tamper
from tests.integration.schedule.test_offer_races import all_at_once

YEAR = date(2026, 1, 1), date(2026, 12, 31)
IN_SEPTEMBER, AUTUMN = IN_JUNE + timedelta(days=80), date(2026, 9, 1)


@pytest.fixture
def chopper(session, sample_ring):
    """A second machine of the hall that is counted in hectares."""
    return machine(session, sample_ring.hall, "chopper", charge_unit="ha")


def opened(session, scope, name="Harvest", **named):
    return do(session, open_pool, scope, name, {"fuel": "use"}, **named)


def bill(session, pool_id, net_cents=10_000):
    return do(session, enter_cost, pool_id, CostEntry(date(2026, 6, 20), "Huber", "fuel", net_cents))


def counted(session, pool_id):
    return [slip.usage_id for slip in preview_allocation(session, pool_id, *YEAR).slips]


def group_of(session, workshop_id, *machine_ids):
    with write_transaction(session):
        data = GroupInput("Harvesters", tuple(RankedMachine(one) for one in machine_ids))
        return make(session, workshop_id, data, by=SOMEBODY, now=MONDAY)


@pytest.mark.of_sqlite
def test_each_scope_counts_the_slips_of_its_machines(session, sample_ring, chopper):
    other = machine(session, sample_ring.lab, "mower", charge_unit="ha")
    group = group_of(session, sample_ring.hall, sample_ring.combine, chopper)
    slips = {one: use(session, one, sample_ring.anna, 100) for one in (sample_ring.combine, chopper, other)}
    both, everything = [slips[sample_ring.combine], slips[chopper]], list(slips.values())
    for number, (scope, expected) in enumerate(
        (
            (Scope(MACHINES, machine_ids=(chopper,)), [slips[chopper]]),
            (Scope(MACHINES, machine_ids=(chopper, other)), [slips[chopper], slips[other]]),
            (Scope(GROUP, group_id=group), both),
            (Scope(WORKSHOP, workshop_id=sample_ring.hall), both),
            (Scope(RING), everything),
        )
    ):
        pool = opened(session, scope, f"Pool {number}")
        bill(session, pool)
        assert counted(session, pool) == expected


@pytest.mark.of_sqlite
def test_the_choice_is_dated_and_closed_allocations_stay(session, sample_ring, chopper):
    """Until August the combine alone counts, from September on both: an allocation of the year cuts at the day."""
    pool = do(session, enter_pool, sample_ring.combine, "Combine", {"fuel": "use"})
    summer = [use(session, one, sample_ring.anna, 100) for one in (sample_ring.combine, chopper)]
    autumn = [use(session, one, sample_ring.bernd, 50, IN_SEPTEMBER) for one in (sample_ring.combine, chopper)]
    bill(session, pool)
    before = post(session, pool, YEAR)
    bill(session, pool, 20_000)
    assert counted(session, pool) == [summer[0], autumn[0]]

    both = DatedScope(AUTUMN, Scope(MACHINES, machine_ids=(sample_ring.combine, chopper)))
    do(session, change_scope, pool, both)

    assert counted(session, pool) == [summer[0], autumn[0], autumn[1]]
    posted = queries.slips_of_bearers(session, before, [sample_ring.bernd], limit=9)[0]
    assert [one.usage_id for one in posted] == [autumn[0]]
    assert [one.valid_from for one in pool_scopes(session, pool)] == [date(1990, 1, 1), AUTUMN]

    do(session, change_scope, pool, DatedScope(AUTUMN, Scope.of_machine(chopper)))
    assert counted(session, pool) == [summer[0], autumn[1]]
    do(session, take_back_scope, pool, AUTUMN)
    assert counted(session, pool) == [summer[0], autumn[0]]
    with pytest.raises(ScopeNotFound):
        do(session, take_back_scope, pool, AUTUMN)


@pytest.mark.of_sqlite
def test_charges_of_all_machines_count_against_the_share(session, sample_ring, chopper):
    for one in (sample_ring.combine, chopper):
        tariff(session, one)
    scope = Scope(MACHINES, machine_ids=(sample_ring.combine, chopper))
    pool = opened(session, scope, charges_are=ADVANCE)
    charges = [charge(session, use(session, one, sample_ring.anna, 100)) for one in scope.machine_ids]
    bill(session, pool, 30_000)

    preview = preview_allocation(session, pool, *YEAR)
    assert [one.charge_id for one in preview.charges] == charges
    assert preview.counted_cents == {sample_ring.anna: 23_000}
    post(session, pool, YEAR)
    accounts = select(LedgerAccount.code).join(Posting, Posting.account_id == LedgerAccount.id)
    codes = set(session.scalars(accounts))
    assert ADVANCES in codes
    assert USE_CHARGES not in codes
    assert session.scalars(select(Posting.machine_id).where(Posting.pool_id == pool)).all() == [None] * 4


def test_charges_count_in_one_pool_only(session, sample_ring, chopper):
    combine = do(session, enter_pool, sample_ring.combine, "Combine", {"fuel": "use"}, charges_are=ADVANCE)
    with pytest.raises(OtherPoolCounts):
        opened(session, Scope(RING), charges_are=ADVANCE)
    session.rollback()
    ring = opened(session, Scope(RING), charges_are=INCOME)
    with pytest.raises(OtherPoolCounts):
        do(session, change_pool, ring, "Harvest", {"fuel": "use"}, charges_are=ADVANCE)
    session.rollback()
    laser = do(session, enter_pool, sample_ring.laser, "Laser", {"fuel": "use"}, charges_are=ADVANCE)
    with pytest.raises(OtherPoolCounts):  # not the guard of the database, whose refusal names no field
        do(session, change_scope, laser, DatedScope(AUTUMN, Scope(MACHINES, machine_ids=(sample_ring.combine,))))
    session.rollback()
    do(session, change_scope, combine, DatedScope(date(1990, 1, 1), Scope.of_machine(chopper)))
    do(session, enter_pool, sample_ring.combine, "Combine anew", {"fuel": "use"}, charges_are=ADVANCE)
    with pytest.raises(OtherPoolCounts):
        do(session, take_back_scope, combine, date(1990, 1, 1))
    session.rollback()
    row = {"pool_id": combine, "valid_from": AUTUMN, "what": "group"}
    with pytest.raises(IntegrityError), write_transaction(session):
        session.execute(insert(PoolScope).values(row))


@pytest.mark.of_sqlite
def test_what_there_is_not_is_refused(session, sample_ring, chopper):
    empty = group_of(session, sample_ring.hall)
    for scope, error in (
        (Scope(GROUP, group_id=99), GroupNotFound),
        (Scope(WORKSHOP, workshop_id=99), NotFound),
        (Scope(MACHINES, machine_ids=(chopper, 99)), MachineNotFound),
        (Scope(GROUP, group_id=empty), NothingCounted),
        (Scope(MACHINES), NothingCounted),
        (Scope(MACHINES, machine_ids=tuple(range(1, MACHINES_MAX + 2))), TooManyMachines),
    ):
        with pytest.raises(error):
            opened(session, scope)
        session.rollback()
    pool = opened(session, Scope(RING))
    with pytest.raises(StaleRevision):
        do(session, change_scope, pool, DatedScope(AUTUMN, Scope.of_machine(chopper)), revision=7)
    session.rollback()


def test_a_group_gets_no_machine_that_another_pool_counts(session, sample_ring, chopper):
    """The use cases of groups know no pools: the database refuses it, whoever changes the group."""
    group = group_of(session, sample_ring.hall, chopper)
    opened(session, Scope(GROUP, group_id=group), charges_are=ADVANCE)
    do(session, enter_pool, sample_ring.combine, "Combine", {"fuel": "use"}, charges_are=ADVANCE)
    both = tuple(RankedMachine(one) for one in (chopper, sample_ring.combine))

    def grow():
        change(session, group, machines=both, by=SOMEBODY, now=MONDAY)

    with pytest.raises(GroupCountedTwice), write_transaction(session), counting_once(session):
        grow()
    with pytest.raises(DatabaseError, match="billing_pool_counts_twice"), write_transaction(session):
        grow()
    assert set(ranks_of(session, group)) == {chopper}


def test_the_database_refuses_pools_that_count_a_machine_twice(session, sample_ring, chopper):
    """Behind the use cases: as another program would write it, and as two transactions that do not see each other."""
    combine = sample_ring.combine
    first = opened(session, Scope(MACHINES, machine_ids=(combine, chopper)), charges_are=ADVANCE)
    second = opened(session, Scope(RING), "All", charges_are=INCOME)
    counting = update(Pool).where(Pool.id == second).values(charges_are=ADVANCE)
    with pytest.raises(DatabaseError, match="billing_pool_counts_twice"), write_transaction(session):
        session.execute(counting)

    do(session, change_scope, second, DatedScope(FIRST_DAY, Scope.of_machine(sample_ring.laser)))
    with write_transaction(session):
        session.execute(counting)
    scope_id = session.scalar(select(PoolScope.id).where(PoolScope.pool_id == first))
    one_more = insert(PoolScopeMachine).values(scope_id=scope_id, machine_id=sample_ring.laser)
    with pytest.raises(DatabaseError, match="billing_pool_counts_twice"), write_transaction(session):
        session.execute(one_more)


def test_a_machine_that_two_pools_count_already_is_found_and_stops_nothing_else(session, sample_ring, chopper):
    """A ring whose groups were changed before the guard was there."""
    group = group_of(session, sample_ring.hall, chopper)
    shared = opened(session, Scope(GROUP, group_id=group), charges_are=ADVANCE)
    combine = do(session, enter_pool, sample_ring.combine, "Combine", {"fuel": "use"}, charges_are=ADVANCE)
    tamper(session, "booking_group_machine", f"machine_id = {sample_ring.combine}")

    (found,) = machines_counted_twice(session)
    assert found.facts == {"pool_id": shared, "other_id": combine, "machine_id": sample_ring.combine}
    do(session, change_pool, combine, "Harvester", {"fuel": "use"}, charges_are=ADVANCE)
    laser = do(session, enter_pool, sample_ring.laser, "Laser", {"fuel": "use"}, charges_are=ADVANCE)
    do(session, change_scope, laser, DatedScope(AUTUMN, Scope.of_machine(chopper)))
    with write_transaction(session), counting_once(session):
        make(session, sample_ring.hall, GroupInput("Choppers", (RankedMachine(chopper),)), by=SOMEBODY, now=MONDAY)
    with pytest.raises(OtherPoolCounts):
        do(session, change_scope, laser, DatedScope(AUTUMN, Scope(RING)))
    session.rollback()
    do(session, change_pool, shared, "Harvest", {"fuel": "use"}, charges_are=INCOME)
    assert not list(machines_counted_twice(session))


def test_of_a_group_and_a_pool_that_change_at_once_one_is_refused(app, session, sample_ring, chopper):
    group = group_of(session, sample_ring.hall, chopper)
    opened(session, Scope(GROUP, group_id=group), charges_are=ADVANCE)
    laser = do(session, enter_pool, sample_ring.laser, "Laser", {"fuel": "use"}, charges_are=ADVANCE)
    both = tuple(RankedMachine(one) for one in (chopper, sample_ring.combine))

    def grow(session):
        with counting_once(session):
            change(session, group, machines=both, by=SOMEBODY, now=MONDAY)

    def count(session):
        entry = DatedScope(AUTUMN, Scope.of_machine(sample_ring.combine))
        change_scope(session, laser, entry, by=SOMEBODY, now=MONDAY)

    results = all_at_once(app, grow, count)
    assert sorted(isinstance(one, GroupCountedTwice | OtherPoolCounts) for one in results) == [False, True]


def test_a_first_machine_of_a_site_that_two_pools_count_is_refused(session, sample_ring):
    opened(session, Scope(RING), "All", charges_are=ADVANCE)
    empty = workshop(session, "barn")
    second = do(session, enter_pool, sample_ring.combine, "Barn", {"fuel": "use"}, charges_are=INCOME)
    with write_transaction(session):
        row = {"pool_id": second, "valid_from": FIRST_DAY, "what": WORKSHOP, "workshop_id": empty}
        session.execute(insert(PoolScope).values(row))
        session.execute(update(Pool).where(Pool.id == second).values(counts_machine=False, charges_are=ADVANCE))
    with pytest.raises(DatabaseError, match="billing_pool_counts_twice"):
        machine(session, empty, "press")
