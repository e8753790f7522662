"""What holds for the price of every use."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from billing.prices.pricing import BASES, PriceCalculation, PriceTerms, price_cents

prices = st.decimals(min_value=0, max_value=100_000, places=4)
amounts = st.integers(min_value=0, max_value=10_000_000)
terms = st.builds(
    PriceTerms,
    unit_price=prices,
    small_per_unit=st.sampled_from([1, 60, 100, 1_000, 3_600, 86_400]),
    step_amount=st.integers(min_value=1, max_value=7_200),
    minimum_amount=st.integers(min_value=0, max_value=100_000),
    minimum_cents=st.integers(min_value=0, max_value=100_000),
    basis=st.sampled_from(BASES),
)


@given(terms, amounts, amounts, st.one_of(st.none(), amounts))
def test_more_use_never_costs_less(tariff, use, more, booked):
    assert price_cents(tariff, use + more, booked).cents >= price_cents(tariff, use, booked).cents


@given(terms, amounts, st.one_of(st.none(), amounts))
def test_the_price_is_within_half_a_cent_of_the_exact_one(tariff, use, booked):
    calculation = price_cents(tariff, use, booked)
    exact = tariff.unit_price * 100 * calculation.charged_amount
    assert abs(Decimal(calculation.priced_cents) * tariff.small_per_unit - exact) * 2 <= tariff.small_per_unit


@given(terms, amounts, st.one_of(st.none(), amounts))
def test_a_use_costs_at_least_the_minimum(tariff, use, booked):
    calculation = price_cents(tariff, use, booked)
    if calculation.counted_amount:
        assert calculation.cents >= tariff.minimum_cents
        assert calculation.charged_amount >= max(tariff.minimum_amount, calculation.counted_amount)
    else:
        assert calculation.cents == 0


@given(terms, amounts, st.one_of(st.none(), amounts))
def test_the_stored_calculation_gives_the_same_amounts(tariff, use, booked):
    calculation = price_cents(tariff, use, booked)
    assert PriceCalculation.from_json(calculation.as_json()) == calculation
