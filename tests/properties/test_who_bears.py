"""Whoever is left out bears nothing, and the others bear the whole sum."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from billing.allocations.bearers import weights_of
from billing.pools.pools import KEYS, USE
from billing.pools.shares import Holding
from billing.split import split_cents

DAY = date(2026, 6, 15)
members = st.integers(min_value=1, max_value=12)
amounts = st.dictionaries(members, st.integers(min_value=0, max_value=5_000), max_size=8)
last_days = st.none() | st.integers(min_value=-3, max_value=3).map(lambda days: DAY + timedelta(days=days))
holdings = st.builds(Holding, members, st.integers(min_value=1, max_value=50), last_days, st.booleans())


@given(st.sampled_from(KEYS), st.lists(holdings, max_size=8, unique_by=lambda one: one.member_id), amounts)
def test_only_users_and_holders_bear_and_they_bear_everything(key, held, used):
    counting = {one.member_id: one.shares for one in held if one.counts_on(DAY)}
    ended = {one.member_id for one in held if one.left_on and one.left_on < DAY and not one.outlasts_membership}
    assert not ended & counting.keys()

    weights = weights_of(key, counting, used)
    by_member = dict(weights.by_member)

    assert weights.is_by_period == (key == USE or (key == "head" and not counting))
    assert set(by_member) <= (set(used) if weights.is_by_period else set(counting))
    if any(by_member.values()):
        parts = split_cents(10_007, by_member)
        assert sum(parts.values()) == 10_007
        assert all(parts[member_id] == 0 for member_id, weight in by_member.items() if weight == 0)


@given(st.lists(holdings, max_size=8, unique_by=lambda one: one.member_id), amounts)
def test_the_order_of_members_changes_nothing(held, used):
    counting = [(one.member_id, one.shares) for one in held]

    for key in KEYS:
        turned = dict(reversed(counting)), dict(reversed(used.items()))
        assert weights_of(key, *turned) == weights_of(key, dict(counting), used)
