"""Who bears costs: by the use of which period, without guests who are left out, with shares that end; named always."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from billing import queries
from billing.allocations.periods import accounting_year, other_periods, proposed_period
from billing.allocations.previews import preview_allocation
from billing.errors.money_errors import MembershipEnded, NothingUsed
from billing.pools.costs import CostEntry, enter_cost
from billing.pools.pools import change_pool, enter_pool
from billing.pools.shares import holders_on, set_shares
from booking.kernel.transaction import write_transaction
from booking.members.members import MemberInput, change_member
from booking.models import Member
from tests.builders import SOMEBODY, member
from tests.conftest import MONDAY
from tests.integration.money.harvester_pool import do, post, use

YEAR = date(2026, 1, 1), date(2026, 12, 31)
MAY = date(2026, 5, 1), date(2026, 5, 31)
IN_MAY = datetime(2026, 5, 5, 8, 0, tzinfo=UTC)
IN_AUGUST = datetime(2026, 8, 5, 8, 0, tzinfo=UTC)
RULES = {"tyres": "use", "insurance": "shares", "basic fee": "head"}


@pytest.fixture
def guest(session, sample_ring):
    return member(session, "Gerda", price_class="guest")


@pytest.fixture
def pool(session, sample_ring, guest):
    """Anna used the combine in May, Bernd and the guest in August."""
    made = do(session, enter_pool, sample_ring.combine, "Combine", RULES)
    use(session, sample_ring.combine, sample_ring.anna, 300, IN_MAY)
    use(session, sample_ring.combine, sample_ring.bernd, 200, IN_AUGUST)
    use(session, sample_ring.combine, guest, 100, IN_AUGUST)
    return made


def bill(session, pool_id, kind, cents=60_000, day=date(2026, 5, 5)):
    return do(session, enter_cost, pool_id, CostEntry(day, "Reifen Huber", kind, cents))


def leave(session, member_id, day):
    with write_transaction(session):
        session.get_one(Member, member_id).left_on = day


def parts(preview):
    return {line.member_id: line.cents for group in preview.groups for line in group.lines}


def warned(preview):
    return {warning.code: warning.member_ids for warning in preview.warnings}


def test_the_year_of_the_oldest_bill_is_proposed_and_another_period_names_who_drops_out(
    session, sample_ring, pool, guest
):
    bill(session, pool, "tyres")
    bill(session, pool, "tyres", day=date(2027, 1, 3))
    assert proposed_period(queries.pool(session, pool).waiting_from, date(2027, 1, 2)) == YEAR
    assert proposed_period(None, date(2027, 1, 2)) == accounting_year(date(2027, 6, 1))
    assert [(one.year, one.count, one.cents) for one in queries.waiting_by_year(session, pool_id=pool)] == [
        (2026, 1, 60_000),
        (2027, 1, 60_000),
    ]

    (in_may,) = other_periods(session, preview_allocation(session, pool, *YEAR))
    assert ((in_may.period_from, in_may.period_until), in_may.bearers) == (MAY, 1)
    assert (in_may.dropped, in_may.added) == ((sample_ring.bernd, guest), ())
    (whole_year,) = other_periods(session, preview_allocation(session, pool, *MAY))
    assert (whole_year.bearers, whole_year.dropped, whole_year.added) == (3, (), (sample_ring.bernd, guest))


def test_the_period_decides_nothing_where_shares_do(session, sample_ring, pool):
    for kind in ("insurance", "basic fee"):
        bill(session, pool, kind)
    with pytest.raises(NothingUsed):  # by shares, of which there are none yet
        preview_allocation(session, pool, *YEAR)
    do(session, set_shares, pool, sample_ring.anna, 2, date(2026, 1, 1))

    preview = preview_allocation(session, pool, *YEAR)

    assert (preview.groups_by_period, other_periods(session, preview)) == ((), ())


def test_heads_are_users_of_the_period_while_nobody_holds_shares(session, sample_ring, pool):
    bill(session, pool, "basic fee", 300)
    preview = preview_allocation(session, pool, *YEAR)

    assert (preview.groups_by_period, len(preview.bearer_ids_by_period)) == ((1,), 3)


def test_guests_bear_costs_with_a_warning_until_the_pool_leaves_them_out(session, sample_ring, pool, guest):
    bill(session, pool, "tyres")
    with_guest = preview_allocation(session, pool, *YEAR)
    assert parts(with_guest) == {sample_ring.anna: 30_000, sample_ring.bernd: 20_000, guest: 10_000}
    assert warned(with_guest) == {"guests": (guest,)}

    do(session, change_pool, pool, "Combine", RULES, excludes_guests=True)
    without = preview_allocation(session, pool, *YEAR)
    assert parts(without) == {sample_ring.anna: 36_000, sample_ring.bernd: 24_000}
    assert warned(without) == {"guests_left_out": (guest,)}
    assert guest not in {slip.member_id for slip in without.slips}
    assert without.digest != with_guest.digest
    assert other_periods(session, without)[0].dropped == (sample_ring.bernd,)

    post(session, pool, YEAR)
    assert queries.totals_of_member(session, guest) == ((), False)


def test_a_guest_is_one_on_the_day_of_the_use_and_of_the_cost(session, sample_ring, pool, guest):
    do(session, change_pool, pool, "Combine", RULES, excludes_guests=True)
    do(session, set_shares, pool, guest, 1, date(2026, 1, 1))
    do(session, set_shares, pool, sample_ring.anna, 1, date(2026, 1, 1))
    with write_transaction(session):
        became = MemberInput.of(session.get_one(Member, guest))
        became = replace(became, price_class="member")
        change_member(session, guest, became, by=SOMEBODY, now=MONDAY, class_from=date(2026, 9, 1))
    bill(session, pool, "tyres")
    assert guest not in parts(preview_allocation(session, pool, *YEAR))

    bill(session, pool, "insurance", 200, date(2026, 8, 31))
    bill(session, pool, "insurance", 300, date(2026, 9, 1))

    preview = preview_allocation(session, pool, *YEAR)
    shared = {group.shares_on: {line.member_id for line in group.lines} for group in preview.groups if group.shares_on}
    assert shared == {date(2026, 8, 31): {sample_ring.anna}, date(2026, 9, 1): {sample_ring.anna, guest}}


def test_a_pool_that_only_guests_used_is_refused_and_posts_nothing(session, sample_ring, guest):
    made = do(session, enter_pool, sample_ring.combine, "Combine", RULES, excludes_guests=True)
    use(session, sample_ring.combine, guest, 100, IN_MAY)
    bill(session, made, "tyres")

    with pytest.raises(NothingUsed):
        preview_allocation(session, made, *YEAR)


def test_shares_end_with_the_membership_unless_the_treasurer_states_otherwise(session, sample_ring, pool):
    for member_id in (sample_ring.anna, sample_ring.bernd):
        do(session, set_shares, pool, member_id, 1, date(2026, 1, 1))
    leave(session, sample_ring.bernd, date(2026, 5, 4))
    assert holders_on(session, pool, date(2026, 5, 4)) == {sample_ring.anna: 1, sample_ring.bernd: 1}
    bill(session, pool, "insurance", 101)

    ended = preview_allocation(session, pool, *YEAR)
    assert parts(ended) == {sample_ring.anna: 101}
    assert warned(ended) == {"shares_ended": (sample_ring.bernd,)}

    do(session, set_shares, pool, sample_ring.bernd, 1, date(2026, 1, 1), outlasts_membership=True)
    held_on = preview_allocation(session, pool, *YEAR)
    assert parts(held_on) == {sample_ring.anna: 51, sample_ring.bernd: 50}
    assert warned(held_on) == {"leavers": (sample_ring.bernd,)}


def test_shares_from_a_day_after_the_membership_need_the_statement(session, sample_ring, pool):
    leave(session, sample_ring.bernd, date(2026, 5, 4))

    with pytest.raises(MembershipEnded):
        do(session, set_shares, pool, sample_ring.bernd, 1, date(2026, 5, 5))
    do(session, set_shares, pool, sample_ring.bernd, 0, date(2026, 5, 5))
    do(session, set_shares, pool, sample_ring.bernd, 1, date(2026, 5, 6), outlasts_membership=True)
    assert holders_on(session, pool, date(2026, 5, 6)) == {sample_ring.bernd: 1}


def test_a_leaver_who_used_the_machine_bears_costs_with_a_warning(session, sample_ring, pool):
    leave(session, sample_ring.anna, date(2026, 6, 30))
    bill(session, pool, "tyres")

    assert warned(preview_allocation(session, pool, *YEAR))["leavers"] == (sample_ring.anna,)
    assert "leavers" not in warned(preview_allocation(session, pool, *MAY))
