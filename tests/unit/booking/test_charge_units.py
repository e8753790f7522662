"""Amounts as people write them, and as they are counted."""

from __future__ import annotations

from decimal import Decimal

import pytest

from booking.charge_units import CHARGE_UNITS, TooFine, to_decimal, to_small


@pytest.mark.parametrize(
    ("written", "unit", "small"),
    [
        ("17.3", "ha", 1_730),
        ("17.300", "ha", 1_730),
        ("4.0", "piece", 4),
        ("37.5", "g", 375),
        ("1234.567", "km", 1_234_567),
        ("1.25", "engine_hour", 4_500),
        ("0.3333", "hour", 1_200),  # 1,199.88 seconds
    ],
)
def test_an_amount_is_counted_in_whole_small_units(written, unit, small):
    assert to_small(Decimal(written), CHARGE_UNITS[unit]) == small


@pytest.mark.parametrize(
    ("written", "unit", "decimals"), [("3.5", "piece", 0), ("37.55", "g", 1), ("17.305", "ha", 2), ("1.2345", "t", 3)]
)
def test_what_is_finer_than_anything_counted_is_not_rounded_in_silence(written, unit, decimals):
    with pytest.raises(TooFine) as refusal:
        to_small(Decimal(written), CHARGE_UNITS[unit])

    assert refusal.value.decimals == decimals


@pytest.mark.parametrize("unit", CHARGE_UNITS.values(), ids=lambda unit: unit.code)
def test_a_whole_amount_is_read_back_as_it_was_written(unit):
    assert to_decimal(to_small(Decimal(7), unit), unit) == 7


@pytest.mark.parametrize(
    ("code", "small", "shown"),
    [
        ("kg", 125, "0.125"),
        ("kg", 120, "0.12"),
        ("t", 46_345, "46.345"),
        ("m3", 37_250, "37.25"),
        ("km", 1_000, "1.0"),
        ("kwh", 1, "0.001"),
        ("kg", -125, "-0.125"),
        ("g", 375, "37.5"),
        ("piece", 7, "7"),
        ("hour", 1_200, "0.33"),  # time is rounded: its seconds are no decimal fraction
        ("engine_hour", 900, "0.3"),
    ],
)
def test_what_is_counted_is_never_rounded(code, small, shown):
    assert str(to_decimal(small, CHARGE_UNITS[code])) == shown
