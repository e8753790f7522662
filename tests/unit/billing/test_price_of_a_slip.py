"""The price of a slip by a tariff with lines; the figures marked G are the golden examples of the trade."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from billing.prices.price_windows import PriceWindow
from billing.prices.pricing import PriceCalculation, PriceTerms
from billing.prices.slip_pricing import Adjustment, LineTerms, SlipTerms, SlipUse, price_slip
from booking.charge_units import CHARGE_UNITS
from booking.timespan import TimeSpan

HOUR = 3_600
BERLIN = ZoneInfo("Europe/Berlin")


def main(price, unit="hour", **terms):
    return PriceTerms(Decimal(price), CHARGE_UNITS[unit].small_per_unit, **terms)


def line(name, unit, *tiers, **terms):
    return LineTerms(name, unit, tuple((start, Decimal(price)) for start, price in tiers), **terms)


def tiers(unit, *tiers, **terms):
    return SlipTerms(main(tiers[0][1], unit), unit, line=line("", unit, *tiers, **terms))


def cents(terms, used, **use):
    return price_slip(terms, SlipUse(used, **use)).cents


def span(start, hours):
    begin = datetime.fromisoformat(start).replace(tzinfo=BERLIN).astimezone(UTC)
    return {"span": TimeSpan(begin, begin + timedelta(hours=hours)), "zone": BERLIN}


GRADUATED = ((0, "40"), (10 * HOUR, "36"), (50 * HOUR, "30"))


@pytest.mark.parametrize(
    ("hours", "graduated", "volume"),
    [("10", 40_000, 40_000), ("10.25", 40_900, 36_900), ("50", 184_000, 180_000), ("63.5", 224_500, 190_500)],
)
def test_g10_tiers_are_graduated_or_by_volume(hours, graduated, volume):
    used = int(Decimal(hours) * HOUR)
    assert cents(tiers("hour", *GRADUATED), used) == graduated
    assert cents(tiers("hour", *GRADUATED, is_volume=True), used) == volume


def test_g7_the_slaughter_day():
    day = SlipTerms(
        main("145", "animal"),
        "animal",
        line=line("Cattle", "animal", (0, "145")),
        lines=(
            line("Pigs", "animal", (0, "42")),
            line("Lambs", "animal", (0, "28")),
            line("Ageing of cattle", "kg", (0, "0.06")),  # kilograms times days
            line("Ageing of lambs", "kg", (0, "0.06")),
            line("Cutting of cattle", "kg", (0, "0.48")),
            line("Cutting of pigs", "kg", (0, "0.42")),
            line("Cutting of lambs", "piece", (0, "15")),
            line("By-products", "kg", (0, "0.21")),
        ),
    )
    amounts = {
        "Pigs": 3,
        "Lambs": 1,
        "Ageing of cattle": 5 * 600_300,
        "Ageing of lambs": 2 * 19_800,
        "Cutting of cattle": 600_300,
        "Cutting of pigs": 291_400,
        "Cutting of lambs": 1,
        "By-products": 148_500,
    }
    priced = price_slip(day, SlipUse(2, amounts=amounts))

    assert [one.cents for one in priced.lines] == [29_000, 12_600, 2_800, 18_009, 238, 28_814, 12_239, 1_500, 3_119]
    assert priced.cents == 108_319


def test_g7_the_inspection_falls_with_the_rank_of_the_animal():
    pigs = tiers("animal", (0, "25.30"), (1, "17.80"), (5, "13.60"))
    cattle = tiers("animal", (0, "31.00"), (1, "25.00"))
    assert cents(pigs, 3) + cents(cattle, 2) + 1_800 == 13_490


def test_g3_laser_by_the_started_minute_with_filament_as_a_line():
    laser = SlipTerms(
        main("0.50", "minute", step_amount=60, minimum_amount=600),
        "minute",
        lines=(line("Filament", "g", (0, "0.05")),),
    )
    assert cents(laser, 6 * 60 + 20) == 500
    assert cents(laser, 31 * 60 + 5, amounts={"Filament": 375}) == 1_600 + 188
    guest = replace(laser, main=replace(laser.main, unit_price=Decimal("0.80")))
    assert cents(guest, 6 * 60 + 20) + cents(guest, 31 * 60 + 5, amounts={"Filament": 375}) == 3_548


@pytest.mark.parametrize(("day", "hours", "expected"), [("2026-03-29", 1, 3_000), ("2026-10-25", 3, 9_000)])
def test_g13_the_clock_change_is_billed_as_it_ran(day, hours, expected):
    terms = SlipTerms(main("30"), "hour", cap_day_cents=100_000)
    assert cents(terms, hours * HOUR, **span(f"{day}T01:30", hours)) == expected


def test_a_night_over_the_clock_change_has_the_surcharge_of_its_real_hours():
    night = Adjustment("Night", "percent", Decimal(50), "times", PriceWindow(from_minute=22 * 60, until_minute=6 * 60))
    terms = SlipTerms(main("10"), "hour", adjustments=(night,))
    # 21:00 to 7:00 on the night of the doubled hour: 11 h, 9 of them in the night.
    priced = price_slip(terms, SlipUse(11 * HOUR, **span("2026-10-24T21:00", 11)))
    assert (priced.lines[1].share_seconds, priced.cents) == (9 * HOUR, 11_000 + 4_500)


def test_a_kilometre_and_a_day_are_two_lines_and_the_clock_counts_the_day():
    trailer = SlipTerms(
        main("0.30", "km"),
        "km",
        line=line("", "km", (0, "0.30")),
        lines=(line("", "day", (0, "25"), step_amount=86_400),),
    )
    priced = price_slip(trailer, SlipUse(128_000, **span("2026-06-01T08:00", 30)))
    assert [one.cents for one in priced.lines] == [3_840, 5_000]
    by_place = replace(trailer, lines=(line("", "place_day", (0, "25"), step_amount=86_400),))
    two = {"places": 2, **span("2026-06-01T08:00", 48)}
    assert [price_slip(one, SlipUse(0, **two)).lines[1].cents for one in (trailer, by_place)] == [5_000, 10_000]


def test_the_first_two_kilometres_of_each_way_are_free():
    travel = SlipTerms(main("40"), "hour", lines=(line("Travel", "km", (0, "1.10"), free_amount=2_000, free_times=2),))
    assert cents(travel, HOUR, amounts={"Travel": 12_500}) == 4_000 + 935
    assert cents(travel, HOUR, amounts={"Travel": 3_000}) == 4_000


def test_what_is_free_in_a_month_is_free_once():
    terms = tiers("hour", (0, "10"), month_free_amount=5 * HOUR)
    assert cents(terms, 4 * HOUR) == 0
    assert cents(terms, 4 * HOUR, earlier_amount=4 * HOUR) == 3_000
    assert cents(terms, 4 * HOUR, earlier_amount=9 * HOUR) == 4_000


def test_variants_count_where_they_were_chosen():
    terms = SlipTerms(
        main("60"),
        "hour",
        adjustments=(
            Adjustment("With operator", "per_unit", Decimal("32.50"), "chosen"),
            Adjustment("With fuel", "percent", Decimal(15), "chosen"),
            Adjustment("Cleaning", "fixed", Decimal("12.00")),
        ),
    )
    assert cents(terms, 2 * HOUR) == 13_200
    both = frozenset({"With operator", "With fuel"})
    assert cents(terms, 2 * HOUR, choices=both) == 12_000 + 6_500 + 1_800 + 1_200
    assert not terms.fits({}, {"With snow chains"})


def test_a_day_costs_no_more_than_its_cap():
    terms = SlipTerms(main("7.20"), "hour", cap_day_cents=4_000)
    assert cents(terms, 9 * HOUR, **span("2026-06-01T08:00", 9)) == 4_000
    assert cents(terms, 2 * HOUR, earlier_cents=3_500, **span("2026-06-01T18:00", 2)) == 500
    assert cents(terms, 20 * HOUR, **span("2026-06-01T12:00", 20)) == 8_000  # on two days


def test_winter_is_cheaper_over_the_turn_of_the_year():
    winter = Adjustment("Winter", "percent", Decimal(-20), "times", PriceWindow(from_day=1201, until_day=228))
    terms = SlipTerms(main("10"), "hour", adjustments=(winter,))
    assert [cents(terms, HOUR, **span(f"{day}T10:00", 1)) for day in ("2026-02-28", "2026-03-01", "2026-12-01")] == [
        800,
        1_000,
        800,
    ]


def test_a_discount_never_pays_out_and_a_use_of_nothing_costs_nothing():
    terms = SlipTerms(main("1"), "hour", adjustments=(Adjustment("Thanks", "fixed", Decimal(-5)),))
    assert cents(terms, HOUR) == 0
    raised = replace(terms, main=replace(terms.main, minimum_cents=300))
    assert cents(raised, HOUR) == 300
    nothing = price_slip(raised, SlipUse(0))
    assert (nothing.cents, nothing.priced_cents) == (0, 0)


def test_a_slip_without_a_required_amount_or_with_an_unknown_one_does_not_fit():
    terms = SlipTerms(main("60"), "hour", lines=(line("Travel", "km", (0, "1"), is_required=True),))
    assert terms.fits({"Travel": 0}, ())
    assert not terms.fits({}, ())
    assert not terms.fits({"Travel": 0, "Pigs": 1}, ())


def test_tiers_that_overlap_or_leave_a_gap_are_no_terms():
    for starts in ((5,), (0, 10, 10), (0, 20, 10), ()):
        with pytest.raises(ValueError, match="overlap"):
            line("", "hour", *((start, "1") for start in starts))


def test_the_calculation_survives_being_stored_and_recomputes_itself():
    terms = SlipTerms(
        main("0.30", "km", minimum_cents=50_000),
        "km",
        line=line("", "km", (0, "0.30"), (100_000, "0.25"), free_amount=2_000),
        lines=(line("", "day", (0, "25"), step_amount=86_400),),
        adjustments=(Adjustment("Fuel", "percent", Decimal("12.5")),),
        cap_day_cents=20_000,
    )
    priced = price_slip(terms, SlipUse(128_300, earlier_cents=100, **span("2026-06-01T08:00", 30)))

    assert PriceCalculation.from_json(priced.as_json()) == priced
    assert priced.recalculated() == priced.cents == 39_900
    broken = replace(priced, lines=(replace(priced.lines[0], cents=1), *priced.lines[1:]))
    assert broken.recalculated() is None


def test_the_use_itself_has_one_step_and_one_minimum():
    with pytest.raises(ValueError, match="two steps"):
        SlipTerms(main("1", step_amount=60), "hour", line=line("", "hour", (0, "1")))


def test_a_plain_tariff_stores_what_it_always_stored():
    assert "lines" not in price_slip(SlipTerms(main("30"), "hour"), SlipUse(HOUR)).as_json()


def test_only_caps_of_a_day_and_what_is_free_in_a_month_look_back_at_earlier_uses():
    free = tiers("hour", (0, "10"), month_free_amount=1)
    assert [one.looks_back for one in (free, tiers("hour", (0, "10")), SlipTerms(main("10"), "hour"))] == [
        True,
        False,
        False,
    ]
    assert SlipTerms(main("10"), "hour", cap_day_cents=0).looks_back
    assert cents(free, 1) == 0  # without earlier uses all of it is free
