"""What a machine costs per year and per unit of use, and from which use on it is cheaper than a contractor.

Source: the cost model of the ÖKL (fixed costs, sums of unrounded parts) and the threshold of the KTBL: the use per year
at which a machine is worn out by work and by age at once. Below it depreciation is fixed, above it it depends on use.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from billing.rounding import half_up

DEPRECIATION, INTEREST, INSURANCE, HOUSING, OTHER = "depreciation", "interest", "insurance", "housing", "other"
REPAIR, SUPPLIES = "repair", "supplies"


@dataclass(frozen=True, slots=True)
class MachineCostInput:
    """What the costs of a machine are calculated from.

    Cents: new_value_cents (above zero), residual_cents (at most the new value), housing_cents and other_cents per year.
    life_years: by age, from 1. life_use: by work, in charge units; None: the machine is worn out by age alone.
    interest_percent: per year, of the capital tied up on average. insurance_percent: per year, of the new value.
    repair_price: euro per charge unit. supplies: units of fuel or another supply per charge unit, at supplies_price.
    """

    new_value_cents: int
    residual_cents: int
    life_years: int
    life_use: Decimal | None = None
    interest_percent: Decimal = Decimal(0)
    insurance_percent: Decimal = Decimal(0)
    housing_cents: int = 0
    other_cents: int = 0
    repair_price: Decimal = Decimal(0)
    supplies: Decimal = Decimal(0)
    supplies_price: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class CostPart:
    """A part of the costs, exact. code: such as DEPRECIATION; cents: per year or per charge unit."""

    code: str
    cents: Fraction


@dataclass(frozen=True, slots=True)
class MachineCosts:
    """The costs of a machine at a use per year. All exact; round only what is shown.

    use: charge units per year. threshold: the use at which depreciation begins to depend on it; None without life_use.
    """

    use: Fraction
    threshold: Fraction | None
    fixed: tuple[CostPart, ...]
    variable: tuple[CostPart, ...]

    @property
    def fixed_cents(self) -> Fraction:
        """Return the fixed costs per year."""
        return sum((part.cents for part in self.fixed), Fraction(0))

    @property
    def variable_cents(self) -> Fraction:
        """Return the costs that depend on use, per charge unit."""
        return sum((part.cents for part in self.variable), Fraction(0))

    @property
    def full_cents(self) -> Fraction | None:
        """Return all costs per charge unit; None for a use of zero."""
        return self.fixed_cents / self.use + self.variable_cents if self.use else None

    @property
    def year_cents(self) -> int:
        """Return all costs of a year, rounded to the cent."""
        return half_up(self.fixed_cents + self.variable_cents * self.use)


def machine_costs(entered: MachineCostInput, use: Decimal | Fraction) -> MachineCosts:
    """Return the costs at a use of so many charge units per year, zero or more."""
    amount, limit = Fraction(use), threshold(entered)
    loss = Fraction(entered.new_value_cents - entered.residual_cents)
    by_work = limit is not None and amount > limit
    fixed = [] if by_work else [CostPart(DEPRECIATION, loss / entered.life_years)]
    fixed += [
        CostPart(INTEREST, percent(entered.interest_percent) / 2 * (entered.new_value_cents + entered.residual_cents)),
        CostPart(INSURANCE, percent(entered.insurance_percent) * entered.new_value_cents),
        CostPart(HOUSING, Fraction(entered.housing_cents)),
        CostPart(OTHER, Fraction(entered.other_cents)),
    ]
    variable = [
        CostPart(REPAIR, Fraction(entered.repair_price) * 100),
        CostPart(SUPPLIES, Fraction(entered.supplies) * Fraction(entered.supplies_price) * 100),
    ]
    if by_work:
        assert entered.life_use
        variable.insert(0, CostPart(DEPRECIATION, loss / Fraction(entered.life_use)))
    return MachineCosts(amount, limit, _without_zeros(fixed), _without_zeros(variable))


def threshold(entered: MachineCostInput) -> Fraction | None:
    """Return life by work / life by age, in charge units per year; None for a machine worn out by age alone."""
    return Fraction(entered.life_use) / entered.life_years if entered.life_use else None


def break_even(entered: MachineCostInput, contractor_price: Decimal) -> int | None:
    """Return the use per year, in whole charge units, from which on owning costs no more than a contractor.

    contractor_price: euro per charge unit. None: owning is dearer at any use.
    """
    price, limit = Fraction(contractor_price) * 100, threshold(entered)
    by_age = _first_unit_that_pays(machine_costs(entered, Fraction(0)), price)
    if limit is None or (by_age is not None and by_age <= limit):
        return by_age
    beyond = machine_costs(entered, Fraction(int(limit) + 1))
    if beyond.fixed_cents + beyond.variable_cents * beyond.use <= price * beyond.use:
        return int(beyond.use)
    return _first_unit_that_pays(beyond, price)


def percent(number: Decimal) -> Fraction:
    """Return a percentage as a fraction of one."""
    return Fraction(number) / 100


def _first_unit_that_pays(costs: MachineCosts, price: Fraction) -> int | None:
    margin = price - costs.variable_cents
    if margin <= 0:
        return None if costs.fixed_cents or margin < 0 else 0
    return -(-costs.fixed_cents // margin)


def _without_zeros(parts: list[CostPart]) -> tuple[CostPart, ...]:
    return tuple(part for part in parts if part.cents)
