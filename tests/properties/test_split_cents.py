"""What holds for every division of a sum, whoever used how much."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from billing.split import has_rounding_cent, split_cents

totals = st.integers(min_value=-10_000_000, max_value=10_000_000)
weights = st.dictionaries(
    keys=st.integers(min_value=1, max_value=500),
    values=st.integers(min_value=0, max_value=100_000),
    min_size=1,
).filter(lambda use: sum(use.values()) > 0)


@given(totals, weights)
def test_no_cent_is_lost_or_invented(total_cents, use):
    assert sum(split_cents(total_cents, use).values()) == total_cents


@given(totals, weights)
def test_nobody_is_a_full_cent_away_from_the_exact_share(total_cents, use):
    for member_id, cents in split_cents(total_cents, use).items():
        error = cents * sum(use.values()) - total_cents * use[member_id]
        assert abs(error) < sum(use.values())


@given(totals, weights, st.randoms(use_true_random=False))
def test_the_order_of_the_members_changes_nothing(total_cents, use, chance):
    shuffled = list(use.items())
    chance.shuffle(shuffled)
    assert split_cents(total_cents, dict(shuffled)) == split_cents(total_cents, use)


@given(totals, weights)
def test_a_surplus_is_the_mirror_of_a_cost(total_cents, use):
    mirrored = {member_id: -cents for member_id, cents in split_cents(total_cents, use).items()}
    assert split_cents(-total_cents, use) == mirrored


@given(totals, weights)
def test_who_used_more_never_bears_less(total_cents, use):
    shares = split_cents(total_cents, use)
    by_use = sorted(use, key=lambda member_id: (use[member_id], -member_id))
    borne = [abs(shares[member_id]) for member_id in by_use]
    assert borne == sorted(borne)


@given(totals, weights, st.integers(min_value=2, max_value=9))
def test_counting_in_a_smaller_unit_changes_nothing(total_cents, use, factor):
    finer = {member_id: weight * factor for member_id, weight in use.items()}
    assert split_cents(total_cents, finer) == split_cents(total_cents, use)


@given(totals, weights)
def test_no_use_bears_nothing(total_cents, use):
    shares = split_cents(total_cents, use)
    assert all(shares[member_id] == 0 for member_id, weight in use.items() if weight == 0)


@given(totals, weights)
def test_the_rounding_cents_are_those_beyond_the_whole_ones(total_cents, use):
    weight_sum = sum(use.values())
    shares = split_cents(total_cents, use)
    marked = sum(has_rounding_cent(total_cents, use[member], weight_sum, cents) for member, cents in shares.items())
    whole = sum(abs(total_cents) * weight // weight_sum for weight in use.values())
    assert marked == abs(total_cents) - whole
