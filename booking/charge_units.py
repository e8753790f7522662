"""The units in which the use of a machine is measured and charged.

An amount is always an integer in a small unit (seconds, ares, grams); people read and write the large
one (hours, hectares, kilograms). Shown amounts are exact decimals: dividing by a power of ten or by
3,600 happens here alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal


@dataclass(frozen=True, slots=True)
class ChargeUnit:
    """How one kind of use is counted.

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
        """How finely an amount may be written; None for time, whose small unit is no decimal part of the large one."""
        digits = len(str(self.small_per_unit)) - 1
        return digits if self.small_per_unit == 10**digits else None


class TooFine(ValueError):
    """A written amount has parts of the smallest thing that is counted, half a bale say. decimals: how many fit."""

    def __init__(self, decimals: int) -> None:
        super().__init__(f"at most {decimals} decimals")
        self.decimals = decimals


CHARGE_UNITS: dict[str, ChargeUnit] = {
    unit.code: unit
    for unit in (
        ChargeUnit("hour", "seconds", 3_600, 2, from_clock=True),
        ChargeUnit("minute", "seconds", 60, 0, from_clock=True),
        ChargeUnit("place_day", "seconds", 86_400, 2, from_clock=True, places_count=True),
        ChargeUnit("engine_hour", "seconds", 3_600, 1),
        ChargeUnit("ha", "ares", 100, 2),
        ChargeUnit("m3", "litres", 1_000, 1),
        ChargeUnit("t", "kilograms", 1_000, 2),
        ChargeUnit("kg", "grams", 1_000, 2),
        ChargeUnit("g", "grams", 1, 0),
        ChargeUnit("km", "metres", 1_000, 1),
        ChargeUnit("kwh", "watt_hours", 1_000, 2),
        ChargeUnit("piece", "pieces", 1, 0),
    )
}


def to_small(amount: Decimal, unit: ChargeUnit) -> int:
    """A written amount in small units. Raises TooFine; of a time, parts of a second are rounded half up."""
    small = amount * unit.small_per_unit
    if unit.decimals_at_most is not None and small != small.to_integral_value():
        raise TooFine(unit.decimals_at_most)
    return int(small.quantize(Decimal(1), ROUND_HALF_UP))


def to_decimal(small: int, unit: ChargeUnit) -> Decimal:
    """An amount of small units as people read it, rounded to the unit's decimals."""
    return (Decimal(small) / unit.small_per_unit).quantize(Decimal(1).scaleb(-unit.decimals), ROUND_HALF_UP)
