"""What holds for the price of every slip, whatever lines its tariff has."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from billing.prices.price_vat import VatTerms
from billing.prices.pricing import BASES, PriceCalculation, PriceTerms, cents_of_many, price_cents
from billing.prices.slip_pricing import Adjustment, LineTerms, SlipTerms, SlipUse, price_slip
from billing.rounding import cents_of, half_up
from booking.charge_units import CHARGE_UNITS

MEASURED = sorted(code for code, unit in CHARGE_UNITS.items() if not unit.from_clock)
prices = st.decimals(min_value=0, max_value=1_000, places=4)
amounts = st.integers(min_value=0, max_value=1_000_000)


@st.composite
def line_terms(draw, name, *, is_linear=False):
    starts = [] if is_linear else sorted(draw(st.sets(st.integers(1, 900_000), max_size=4)))
    limits = (
        {}
        if is_linear
        else {
            "step_amount": draw(st.integers(1, 5_000)),
            "minimum_amount": draw(st.integers(0, 50_000)),
            "free_amount": draw(st.integers(0, 50_000)),
            "free_times": draw(st.integers(1, 2)),
            "month_free_amount": draw(st.integers(0, 50_000)),
        }
    )
    tiers = tuple((start, draw(prices)) for start in (0, *starts))
    return LineTerms(name, draw(st.sampled_from(MEASURED)), tiers, **limits)


@st.composite
def slip_terms(draw):
    own = draw(line_terms(""))
    main = PriceTerms(
        own.tiers[0][1],
        CHARGE_UNITS[own.charge_unit].small_per_unit,
        own.step_amount,
        own.minimum_amount,
        draw(st.integers(0, 10_000)),
        draw(st.sampled_from(BASES)),
    )
    adjustments = tuple(
        Adjustment(f"a{number}", kind, draw(st.decimals(min_value=0, max_value=200, places=2)))
        for number, kind in enumerate(draw(st.lists(st.sampled_from(["percent", "fixed", "per_unit"]), max_size=3)))
    )
    cap = draw(st.one_of(st.none(), st.integers(1, 100_000)))
    vat = draw(st.one_of(st.none(), st.builds(VatTerms, st.decimals(1, 99, places=2), st.booleans())))
    return SlipTerms(main, own.charge_unit, own, (draw(line_terms("other")),), adjustments, cap, vat)


uses = st.builds(
    SlipUse,
    used_amount=amounts,
    booked_amount=st.one_of(st.none(), amounts),
    amounts=st.fixed_dictionaries({"other": amounts}),
    earlier_cents=st.integers(0, 50_000),
    earlier_amount=amounts,
)


@given(slip_terms(), uses)
def test_the_lines_add_up_to_the_price_and_recompute_it(terms, use):
    priced = price_slip(terms, use)
    if priced.lines:
        assert sum(line.cents for line in priced.lines) == priced.cents
    else:
        assert priced.cents == 0
    assert priced.recalculated() == priced.cents >= 0
    stored = PriceCalculation.from_json(priced.as_json())
    assert (stored, stored.included_vat) == (priced, priced.included_vat)


@given(slip_terms(), uses, st.decimals(1, 99, places=2))
def test_vat_that_is_included_changes_no_price_and_vat_that_is_added_is_rounded_once(terms, use, percent):
    bare = price_slip(replace(terms, vat=None), use).cents
    included = price_slip(replace(terms, vat=VatTerms(percent, is_included=True)), use)
    added = price_slip(replace(terms, vat=VatTerms(percent, is_included=False)), use)
    assert included.cents == bare
    assert added.cents == bare + half_up(Fraction(percent) * bare / 100)
    assert added.added_vat_cents == added.cents - bare


@given(slip_terms(), uses, amounts, amounts)
def test_more_use_never_costs_less_by_graduated_tiers(terms, use, more, more_of_the_other):
    larger = replace(
        use, used_amount=use.used_amount + more, amounts={"other": use.amounts["other"] + more_of_the_other}
    )
    assert price_slip(terms, larger).cents >= price_slip(terms, use).cents


@given(line_terms("", is_linear=True), line_terms("other", is_linear=True), uses, amounts)
def test_a_slip_split_in_two_costs_the_same_but_for_one_rounding_a_line(own, other, use, part):
    """A tariff of whole cents per small unit is exact; else each of the two lines of the second slip is rounded."""
    small = CHARGE_UNITS[own.charge_unit].small_per_unit
    terms = SlipTerms(PriceTerms(own.tiers[0][1], small), own.charge_unit, own, (other,))
    first = min(part, use.used_amount)
    halves = (replace(use, used_amount=first), replace(use, used_amount=use.used_amount - first, amounts={"other": 0}))
    whole, split = price_slip(terms, use).cents, sum(price_slip(terms, half).cents for half in halves)
    assert abs(whole - split) <= 1
    exact = replace(own, tiers=((0, Decimal(int(own.tiers[0][1]) * small) / 100),))
    whole_cents = replace(terms, main=PriceTerms(exact.tiers[0][1], small), line=exact)
    assert price_slip(whole_cents, use).cents == sum(price_slip(whole_cents, half).cents for half in halves)


@given(slip_terms(), st.lists(amounts, max_size=6))
def test_many_uses_at_once_cost_what_each_costs_alone(terms, used):
    assert cents_of_many(terms.main, used) == [price_cents(terms.main, one).cents for one in used]


@given(st.decimals(min_value=-1_000_000, max_value=1_000_000, places=6), st.integers(1, 100_000))
def test_cents_are_rounded_as_exact_fractions_are(euro, divisor):
    assert cents_of(euro, divisor) == half_up(Fraction(euro) * 100 / divisor)


@given(slip_terms(), amounts, st.one_of(st.none(), amounts))
def test_a_tariff_without_lines_prices_as_before(terms, used, booked):
    plain = SlipTerms(terms.main, terms.charge_unit)
    assert price_slip(plain, SlipUse(used, booked)) == price_cents(terms.main, used, booked)
