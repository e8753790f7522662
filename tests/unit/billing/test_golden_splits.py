"""The golden figures of the allocation, recomputed by hand before the program existed."""

from __future__ import annotations

import pytest

from billing.errors.money_errors import NothingUsed
from billing.split import has_rounding_cent, split_cents

HECTARES = {1: 6120, 2: 4875, 3: 4000, 4: 3330, 5: 2550, 6: 1825, 7: 0}  # ares
SHARES = {1: 10, 2: 8, 3: 6, 4: 6, 5: 4, 6: 4, 7: 2}
HEADS = dict.fromkeys(range(1, 8), 1)


def split(total_cents, weights):
    """The shares in the order of the members' numbers."""
    shares = split_cents(total_cents, weights)
    return [shares[member_id] for member_id in sorted(shares)]


@pytest.mark.parametrize(
    ("total_cents", "weights", "expected"),
    [
        (10, {1: 1, 2: 1, 3: 1}, [4, 3, 3]),
        (-10, {1: 1, 2: 1, 3: 1}, [-4, -3, -3]),
        (10_000, {1: 1, 2: 1, 3: 1}, [3334, 3333, 3333]),
        (2, dict.fromkeys(range(1, 5), 1), [1, 1, 0, 0]),
        (1, dict.fromkeys(range(1, 8), 1), [1, 0, 0, 0, 0, 0, 0]),
        (5, {1: 1, 2: 1, 3: 0}, [3, 2, 0]),
        (-1, {1: 1, 2: 1, 3: 1}, [-1, 0, 0]),
        (0, {1: 1, 2: 1}, [0, 0]),
    ],
    ids=[
        "ten cents",
        "ten cents paid back",
        "a hundred euro",
        "two cents",
        "one cent",
        "one did not use it",
        "one cent paid back",
        "nothing",
    ],
)
def test_equal_remainders_favour_the_lower_member_number(total_cents, weights, expected):
    assert split(total_cents, weights) == expected


def test_fixed_costs_of_the_harvester_follow_the_shares():
    assert split(2_431_655, SHARES) == [607914, 486331, 364748, 364748, 243166, 243165, 121583]


def test_variable_costs_of_the_harvester_follow_the_hectares():
    assert split(1_148_230, HECTARES) == [309567, 246591, 202331, 168441, 128986, 92314, 0]


def test_a_hundred_euro_per_head_leave_four_left_over_cents():
    shares = split(10_000, HEADS)
    assert shares == [1429, 1429, 1429, 1429, 1428, 1428, 1428]
    assert [has_rounding_cent(10_000, 1, 7, cents) for cents in shares] == [True] * 4 + [False] * 3


def test_the_pots_of_the_harvester_add_up_to_its_bills():
    groups = zip(split(2_431_655, SHARES), split(1_148_230, HECTARES), split(10_000, HEADS), strict=True)
    totals = [sum(group) for group in groups]
    assert totals == [918910, 734351, 568508, 534618, 373580, 336907, 123011]
    assert sum(totals) == 3_589_885


def test_one_pot_with_a_blended_key_is_another_bill():
    """60 % shares and 40 % use in one key: weights over the common denominator 40 x 22,700 x 5."""
    blended = {member: 3 * SHARES[member] * 22_700 + 2 * HECTARES[member] * 40 for member in SHARES}
    assert split(3_589_885, blended) == [925621, 739168, 576121, 533738, 376701, 330839, 107697]


def test_june_is_divided_by_hectares():
    assert split(100_000, HECTARES) == [26960, 21476, 17621, 14670, 11233, 8040, 0]


def test_a_late_cost_of_june_uses_the_keys_of_june():
    assert split(12_345, HECTARES) == [3328, 2651, 2175, 1811, 1387, 993, 0]


def test_a_correction_by_reversal_differs_from_dividing_the_difference():
    june, corrected = split(100_000, HECTARES), split(98_000, HECTARES)
    corrections = [new - old for new, old in zip(corrected, june, strict=True)]
    assert corrections == [-539, -430, -352, -294, -224, -161, 0]

    directly = split(-2_000, HECTARES)
    assert directly[3:5] == [-293, -225]


def test_without_any_use_there_is_no_fair_division():
    with pytest.raises(NothingUsed):
        split_cents(100, {1: 0, 2: 0})
    with pytest.raises(NothingUsed):
        split_cents(100, {})


def test_a_negative_weight_is_a_bug():
    with pytest.raises(ValueError, match="negative weight"):
        split_cents(100, {1: 3, 2: -1})
