"""The price of one use, with the golden figures of the laser cutter and the harvest."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from billing.prices.pricing import BOOKED, LARGER, PriceCalculation, PriceTerms, price_cents
from billing.rounding import half_up

MINUTE, HOUR = 60, 3_600
MEMBER = PriceTerms(Decimal("0.50"), small_per_unit=MINUTE, step_amount=MINUTE, minimum_amount=10 * MINUTE)
GUEST = PriceTerms(Decimal("0.80"), small_per_unit=MINUTE, step_amount=MINUTE, minimum_amount=10 * MINUTE)
MATERIAL = PriceTerms(Decimal("0.05"), small_per_unit=10)  # tenths of a gram


def test_a_short_cut_costs_the_minimum_of_ten_minutes():
    calculation = price_cents(MEMBER, used_amount=6 * MINUTE + 20)
    assert (calculation.stepped_amount, calculation.charged_amount, calculation.cents) == (7 * MINUTE, 10 * MINUTE, 500)


def test_every_started_minute_counts():
    calculation = price_cents(MEMBER, used_amount=31 * MINUTE + 5)
    assert (calculation.charged_amount, calculation.cents) == (32 * MINUTE, 1600)


def test_a_half_cent_is_rounded_up():
    assert price_cents(MATERIAL, used_amount=375).cents == 188


def test_the_evening_at_the_laser_adds_up_for_member_and_guest():
    def evening(terms):
        uses = [(terms, 6 * MINUTE + 20), (terms, 31 * MINUTE + 5), (MATERIAL, 375)]
        return sum(price_cents(each, used).cents for each, used in uses)

    assert (evening(MEMBER), evening(GUEST)) == (2288, 3548)


def test_tons_of_chopped_maize():
    assert price_cents(PriceTerms(Decimal("3.95"), small_per_unit=1_000), used_amount=46_300).cents == 18_289


def test_the_clock_change_is_paid_by_real_hours():
    hourly = PriceTerms(Decimal("30.00"), small_per_unit=HOUR)
    assert [price_cents(hourly, hours * HOUR).cents for hours in (1, 3)] == [3_000, 9_000]


def test_the_minimum_charge_is_the_least_price_of_a_use():
    terms = PriceTerms(Decimal("2.00"), small_per_unit=HOUR, minimum_cents=500)
    calculation = price_cents(terms, used_amount=HOUR)
    assert (calculation.priced_cents, calculation.cents) == (200, 500)


def test_who_used_nothing_pays_nothing():
    terms = PriceTerms(Decimal("2.00"), small_per_unit=HOUR, minimum_cents=500, minimum_amount=HOUR)
    calculation = price_cents(terms, used_amount=0, booked_amount=3 * HOUR)
    assert (calculation.charged_amount, calculation.cents) == (0, 0)


def test_a_tariff_of_a_price_alone_charges_exactly_what_was_used():
    calculation = price_cents(PriceTerms(Decimal("1.00"), small_per_unit=1), used_amount=3, booked_amount=9)
    assert (calculation.charged_amount, calculation.cents) == (3, 300)
    assert (calculation.step_amount, calculation.minimum_amount, calculation.minimum_cents) == (1, 0, 0)


@pytest.mark.parametrize(
    ("basis", "used_hours", "booked_hours", "counted_hours"),
    [
        ("used", 2, 3, 2),
        (LARGER, 2, 3, 3),
        (LARGER, 4, 3, 4),
        (BOOKED, 4, 3, 3),
        (BOOKED, 0, 3, 3),
    ],
)
def test_the_tariff_decides_whether_use_or_reservation_counts(basis, used_hours, booked_hours, counted_hours):
    terms = PriceTerms(Decimal("10.00"), small_per_unit=HOUR, basis=basis)
    calculation = price_cents(terms, used_hours * HOUR, booked_hours * HOUR)
    assert (calculation.counted_amount, calculation.cents) == (counted_hours * HOUR, counted_hours * 1_000)


def test_where_nothing_is_booked_in_the_unit_use_counts():
    terms = PriceTerms(Decimal("115.00"), small_per_unit=100, basis=LARGER)
    assert price_cents(terms, used_amount=1_250, booked_amount=None).cents == 143_750


def test_a_half_goes_away_from_zero():
    halves = (Fraction(1, 2), Fraction(-1, 2), Fraction(5, 2), Fraction(-7, 3))
    assert [half_up(half) for half in halves] == [1, -1, 3, -2]


def test_the_calculation_survives_being_stored():
    calculation = price_cents(MEMBER, used_amount=6 * MINUTE + 20, booked_amount=HOUR)
    assert PriceCalculation.from_json(calculation.as_json()) == calculation


def test_negative_amounts_are_bugs():
    with pytest.raises(ValueError, match="negative amount"):
        price_cents(MEMBER, used_amount=-1)
    with pytest.raises(ValueError, match="negative amount"):
        price_cents(MEMBER, used_amount=0, booked_amount=-1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"unit_price": Decimal("-0.01")}, "negative number"),
        ({"minimum_amount": -1}, "negative number"),
        ({"minimum_cents": -1}, "negative number"),
        ({"step_amount": 0}, "no step"),
        ({"small_per_unit": 0}, "no step"),
        ({"basis": "guessed"}, "no step"),
    ],
    ids=str,
)
def test_impossible_terms_are_bugs(changes, message):
    with pytest.raises(ValueError, match=message):
        PriceTerms(**{"unit_price": Decimal("0.01"), "small_per_unit": 60, **changes})


def test_what_is_given_away_costs_nothing():
    gift = PriceTerms(Decimal(0), small_per_unit=1)

    assert price_cents(gift, used_amount=5).cents == 0


def test_on_a_booked_basis_who_came_without_using_pays_what_was_booked_and_the_minimums():
    terms = PriceTerms(Decimal("2.00"), small_per_unit=HOUR, minimum_cents=500, basis=BOOKED)

    assert price_cents(terms, used_amount=0, booked_amount=HOUR).cents == 500
    assert price_cents(terms, used_amount=HOUR, booked_amount=0).cents == 0


def test_the_least_use_there_is_costs_the_minimums():
    terms = PriceTerms(Decimal("2.00"), small_per_unit=HOUR, minimum_amount=2 * HOUR, minimum_cents=500)

    calculation = price_cents(terms, used_amount=1)

    assert (calculation.charged_amount, calculation.priced_cents, calculation.cents) == (2 * HOUR, 400, 500)
