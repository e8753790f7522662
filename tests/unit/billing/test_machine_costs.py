"""What a machine costs: the published figures of the ÖKL, the threshold of the KTBL, and from which use owning pays."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.pools.machine_costs import DEPRECIATION, MachineCostInput, break_even, machine_costs, threshold
from billing.rounding import half_up

SPLITTER = MachineCostInput(
    new_value_cents=1_670_000,
    residual_cents=167_000,
    life_years=10,
    interest_percent=Decimal("2.5"),
    insurance_percent=Decimal(1),
    housing_cents=22_644,  # 12 square metres at 18.87
    repair_price=Decimal("5.7615"),
)
COMBINE = MachineCostInput(
    new_value_cents=32_000_000,
    residual_cents=6_400_000,
    life_years=10,
    life_use=Decimal(3_000),
    interest_percent=Decimal(3),
    insurance_percent=Decimal("0.5"),
    housing_cents=90_000,
    repair_price=Decimal("14.50"),
    supplies=Decimal(18),
    supplies_price=Decimal("1.25"),
)


def test_a_log_splitter_costs_what_the_okl_publishes():
    costs = machine_costs(SPLITTER, Decimal(200))

    assert [half_up(part.cents) for part in costs.fixed] == [150_300, 22_963, 16_700, 22_644]
    assert half_up(costs.fixed_cents) == 212_607
    assert (half_up(costs.fixed_cents / 200), half_up(costs.variable_cents)) == (1_063, 576)
    assert half_up(costs.full_cents) == 1_639


def test_parts_are_summed_before_they_are_rounded():
    """Printed as 0.66 + 0.19, but 0.84 in all."""
    auger = MachineCostInput(1, 1, 1, other_cents=6_556, repair_price=Decimal("0.185"))

    costs = machine_costs(auger, Decimal(100))

    assert (half_up(costs.fixed_cents / 100), half_up(costs.variable_cents)) == (66, 19)
    assert half_up(costs.full_cents) == 84


@pytest.mark.parametrize(
    ("use", "fixed", "variable", "full"),
    [(227, 3_386_000, 3_700, 18_616), (300, 3_386_000, 3_700, 14_987), (380, 826_000, 12_233, 14_407)],
)
def test_above_the_threshold_the_combine_is_worn_out_by_work(use, fixed, variable, full):
    costs = machine_costs(COMBINE, Decimal(use))

    assert costs.threshold == 300
    assert half_up(costs.fixed_cents) == fixed
    assert half_up(costs.variable_cents) == variable
    assert half_up(costs.full_cents) == full
    assert [part.code for part in costs.variable][0 if use > 300 else -1] == (
        DEPRECIATION if use > 300 else costs.variable[-1].code
    )


def test_a_combine_pays_from_222_hectares_on():
    assert break_even(COMBINE, Decimal("190.00")) == 222


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        ("37.00", None),  # what each hectare costs in fuel and repair already
        ("122.00", None),  # below the costs of work beyond the threshold
        ("140.00", 468),  # beyond the threshold: 8,260.00 / (140.00 - 122.33)
    ],
)
def test_a_cheap_contractor_is_beaten_late_or_never(price, expected):
    assert break_even(COMBINE, Decimal(price)) == expected


def test_a_machine_without_costs_pays_at_once():
    free = MachineCostInput(100, 100, 1)

    assert break_even(free, Decimal(1)) == 0
    assert machine_costs(free, Decimal(0)).full_cents is None


INPUTS = st.builds(
    lambda new, rest, years, use, other, repair: MachineCostInput(
        new * 100, new * rest, years, life_use=use, other_cents=other, repair_price=repair
    ),
    st.integers(1, 500_000),
    st.integers(0, 100),
    st.integers(1, 30),
    st.none() | st.decimals(1, 20_000, places=1),
    st.integers(0, 500_000),
    st.decimals(0, 50, places=2),
)


@given(INPUTS, st.decimals(0, 400, places=2))
def test_below_break_even_owning_is_dearer_and_from_it_on_it_is_not(entered, price):
    def margin(use):
        costs = machine_costs(entered, Fraction(use))
        return Fraction(price) * 100 * use - costs.fixed_cents - costs.variable_cents * use

    use = break_even(entered, price)

    if use is None:
        assert margin(1) < 0
        assert margin(10**9) <= 0
    else:
        assert margin(use) >= 0
        assert use == 0 or margin(use - 1) < 0


@given(INPUTS)
def test_wear_by_age_and_by_work_meet_at_the_threshold(entered):
    limit = threshold(entered)
    if limit is None:
        return
    at, beyond = machine_costs(entered, limit), machine_costs(entered, limit + 1)

    assert beyond.fixed_cents + beyond.variable_cents * limit == at.fixed_cents + at.variable_cents * limit
