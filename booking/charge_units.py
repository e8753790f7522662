"""The units in which the use of a machine is measured and charged.

An amount is stored as an integer in a small unit (seconds, ares, tenths of a gram); it is shown and entered in the
charge unit (hours, hectares, kilograms) as an exact decimal. Only this module converts between the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal


@dataclass(frozen=True, slots=True)
class ChargeUnit:
    """A unit in which use is counted.

    code: stored with the machine. small_per_unit: small units in one charge unit. from_clock: the amount
    is the reserved or elapsed time itself, no meter needed. places_count: every place held counts.
    """

    code: str
    small_unit: str
    small_per_unit: int
    decimals: int
    from_clock: bool = False
    places_count: bool = False

    @property
    def decimals_at_most(self) -> int | None:
        """The decimals that an entered amount may have; None for time, whose small unit is no decimal fraction."""
        digits = len(str(self.small_per_unit)) - 1
        return digits if self.small_per_unit == 10**digits else None

    @property
    def distinct_decimals(self) -> int:
        """The decimals with which an amount in this unit still differs from the next small unit; exact unless time."""
        return len(str(self.small_per_unit - 1)) if self.small_per_unit > 1 else 0


class TooFine(ValueError):
    """An entered amount has too many decimals for the small unit, such as half a bale. decimals: the most."""

    def __init__(self, decimals: int) -> None:
        super().__init__(f"at most {decimals} decimals")
        self.decimals = decimals


CHARGE_UNITS: dict[str, ChargeUnit] = {
    unit.code: unit
    for unit in (
        ChargeUnit("hour", "seconds", 3_600, 2, from_clock=True),
        ChargeUnit("minute", "seconds", 60, 0, from_clock=True),
        ChargeUnit("day", "seconds", 86_400, 2, from_clock=True),
        ChargeUnit("place_day", "seconds", 86_400, 2, from_clock=True, places_count=True),
        ChargeUnit("engine_hour", "seconds", 3_600, 1),
        ChargeUnit("ha", "ares", 100, 2),
        ChargeUnit("m3", "litres", 1_000, 1),
        ChargeUnit("t", "kilograms", 1_000, 2),
        ChargeUnit("kg", "grams", 1_000, 2),
        ChargeUnit("g", "decigrams", 10, 1),
        ChargeUnit("km", "metres", 1_000, 1),
        ChargeUnit("kwh", "watt_hours", 1_000, 2),
        ChargeUnit("piece", "pieces", 1, 0),
        ChargeUnit("animal", "animals", 1, 0),
    )
}


def to_small(amount: Decimal, unit: ChargeUnit) -> int:
    """Convert an entered amount to small units. Raises TooFine; fractions of a second are rounded half up."""
    small = amount * unit.small_per_unit
    if unit.decimals_at_most is not None and small != small.to_integral_value():
        raise TooFine(unit.decimals_at_most)
    return int(small.quantize(Decimal(1), ROUND_HALF_UP))


def to_decimal(small: int, unit: ChargeUnit) -> Decimal:
    """Convert an amount in small units to the charge unit, with at least its decimals.

    Time is rounded to them. What is counted has as many more as it needs: 0.125 kg must not become 0.13 kg.
    """
    amount, decimals = to_exact_decimal(small, unit), unit.decimals
    if unit.decimals_at_most is not None:
        decimals = max(decimals, -int(amount.normalize().as_tuple().exponent))
    return amount.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def to_exact_decimal(small: int, unit: ChargeUnit) -> Decimal:
    """Convert an amount in small units to the charge unit, with all its decimals; of time the first 28 digits."""
    return Decimal(small) / unit.small_per_unit
