"""Keys of a ring: whatever they consist of, sums are exact, order changes nothing, no use bears nothing, caps hold."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from billing.errors.cost_errors import CapTooLow
from billing.errors.money_errors import NothingUsed
from billing.pools.keys import (
    FINE,
    METER,
    SHARES,
    USE,
    WEIGHTS_MAX,
    WHOLE,
    KeyPart,
    KeyTerms,
    capped,
    own_weights,
    whole_weights,
)
from billing.split import split_cents

MEMBERS = range(1, 8)
SHARES_OF = dict(zip(MEMBERS, (10, 8, 6, 6, 4, 4, 2), strict=True))
ARES_OF = dict(zip(MEMBERS, (6120, 4875, 4000, 3330, 2550, 1825, 0), strict=True))
BLENDED = (KeyPart(SHARES, 600_000), KeyPart(USE, 400_000))

numbers = st.dictionaries(st.integers(1, 40), st.integers(0, 10**9), min_size=1).filter(
    lambda found: any(found.values())
)
terms = st.builds(
    lambda percent, minimum, cap: KeyTerms((KeyPart(SHARES, percent), KeyPart(USE, WHOLE - percent)), minimum, cap),
    st.integers(1, WHOLE - 1),
    st.sampled_from((0, 0, 500, 10**6)),
    st.one_of(st.none(), st.integers(1, WHOLE)),
)


def test_the_blended_harvester_pool_is_exact_to_the_cent():
    """G1b: one pot, 60 % by shares and 40 % by use."""
    weights = own_weights(KeyTerms(BLENDED), [SHARES_OF, ARES_OF])
    divided = split_cents(3_589_885, weights)
    assert list(divided.values()) == [925_621, 739_168, 576_121, 533_738, 376_701, 330_839, 107_697]


def test_a_minimum_raises_who_used_something_and_nobody_else():
    weights = own_weights(KeyTerms((KeyPart(USE),), minimum=2_000), [ARES_OF])
    assert [weights[6], weights[7], sum(weights.values())] == [2_000 // 5, 0, (22_700 + 175) // 5]


def test_a_minimum_is_of_the_use_and_raises_no_meter_beside_it():
    both = KeyTerms((KeyPart(METER, 500_000), KeyPart(USE, 500_000)), minimum=100)
    assert own_weights(both, [{1: 1, 2: 3}, {1: 50, 2: 100}]) == {1: 3, 2: 5}
    assert own_weights(KeyTerms((KeyPart(METER),), minimum=3), [{1: 1, 2: 3}]) == {1: 1, 2: 1}


def test_what_is_above_a_cap_is_borne_by_the_others():
    """20 %: members 1 and 2 are above it; by what they leave, member 3 comes to it too."""
    weights = own_weights(KeyTerms((KeyPart(USE),), cap=200_000), [ARES_OF])
    divided = split_cents(1_000_000, weights)
    assert list(divided.values()) == [200_000, 200_000, 200_000, 172_875, 132_381, 94_744, 0]


def test_all_who_are_capped_together_bear_equal_parts_or_the_key_is_refused():
    three = dict.fromkeys((1, 2, 3), 7) | {4: 0}
    with pytest.raises(CapTooLow) as refused:
        own_weights(KeyTerms((KeyPart(USE),), cap=333_333), [three])
    assert refused.value.facts["members"] == 3
    four = {1: 9, 2: 1, 3: 1, 4: 1}
    assert own_weights(KeyTerms((KeyPart(USE),), cap=250_000), [four]) == {1: 1, 2: 1, 3: 1, 4: 1}


def test_a_part_that_nobody_has_anything_of_is_refused():
    with pytest.raises(NothingUsed) as refused:
        own_weights(KeyTerms(BLENDED), [SHARES_OF, dict.fromkeys(MEMBERS, 0)])
    assert refused.value.facts["key"] == USE


def test_weights_beyond_the_column_are_expressed_in_fine_parts():
    primes = (10**9 + 7, 10**9 + 9, 10**9 + 21)
    weights = whole_weights({number: Fraction(prime - 10**9, prime) for number, prime in enumerate(primes, start=1)})
    assert sum(weights.values()) == FINE < WEIGHTS_MAX


@given(terms, numbers, numbers, st.integers(-(10**9), 10**9), st.randoms(use_true_random=False))
@example(KeyTerms(BLENDED, 0, None), SHARES_OF, ARES_OF, -3_589_885, None)
def test_every_key_divides_exactly_and_in_any_order(key, held, used, cents, random):
    try:
        weights = own_weights(key, [held, used])
    except CapTooLow:
        assume(False)
    divided = split_cents(cents, weights)
    assert sum(divided.values()) == cents
    assert all(not divided[one] for one in weights if not held.get(one) and not used.get(one))
    assert {one: -part for one, part in divided.items()} == split_cents(-cents, weights)
    if random is not None:
        shuffled = [dict(random.sample(list(one.items()), len(one))) for one in (held, used)]
        assert split_cents(cents, own_weights(key, shuffled)) == divided


@given(numbers, st.integers(1, WHOLE))
def test_a_cap_holds_and_the_rest_keeps_its_proportion(used, cap):
    whole = sum(used.values())
    fractions, limit = {one: Fraction(number, whole) for one, number in used.items()}, Fraction(cap, WHOLE)
    try:
        found = capped(fractions, limit)
    except CapTooLow:
        assert limit * sum(number > 0 for number in used.values()) < 1
        return
    assert sum(found.values()) == 1
    assert max(found.values()) <= limit
    free = [one for one in found if 0 < found[one] < limit]
    assert len({found[one] / fractions[one] for one in free}) <= 1
    assert all(found[one] >= fractions[one] for one in free)
