"""The price of one use: exact decimals, rounded once. Pure; billing/tariffs stores tariffs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from billing.prices.working import VAT, IncludedVat, WorkingLine, included_vat, recalculated_cents
from billing.rounding import cents_of

USED, LARGER, BOOKED = "used", "larger", "booked"
BASES = (USED, LARGER, BOOKED)


@dataclass(frozen=True, slots=True)
class PriceTerms:
    """The terms of a tariff for one price class.

    unit_price: euro per charge unit (hour, hectare), exact. small_per_unit: small units in one charge unit.
    step_amount: use is rounded up to whole steps. minimum_amount: the smallest amount charged for a use; both in
    small units. minimum_cents: the lowest price of a use. basis: the amount to charge, see `counted_amount`.
    """

    unit_price: Decimal
    small_per_unit: int
    step_amount: int = 1
    minimum_amount: int = 0
    minimum_cents: int = 0
    basis: str = USED

    def __post_init__(self) -> None:
        if self.unit_price < 0 or self.minimum_amount < 0 or self.minimum_cents < 0:
            raise ValueError(f"negative number in {self!r}")
        if self.step_amount < 1 or self.small_per_unit < 1 or self.basis not in BASES:
            raise ValueError(f"no step, unit or basis in {self!r}")


@dataclass(frozen=True, slots=True)
class PriceCalculation:
    """Every number of a price, in the order of the calculation; amounts in small units.

    used -> counted (by the basis) -> stepped (rounded up) -> charged (raised to the minimum amount)
    -> priced_cents (times the price, rounded once) -> cents (raised to the minimum charge).
    lines: of a tariff with more than one price (slip_pricing.py); they add up to cents, and unit_price is that
    of the first unit. included_vat: where the prices of the tariff include it; it changes no price, so that it decides
    nothing where two calculations are compared.
    """

    basis: str
    used_amount: int
    booked_amount: int | None
    counted_amount: int
    step_amount: int
    stepped_amount: int
    minimum_amount: int
    charged_amount: int
    small_per_unit: int
    unit_price: Decimal
    priced_cents: int
    minimum_cents: int
    cents: int
    lines: tuple[WorkingLine, ...] = ()
    included_vat: IncludedVat | None = field(default=None, compare=False)

    @property
    def added_vat_cents(self) -> int:
        """Return the VAT that was added to the prices of the tariff; 0 where they include it."""
        return sum(line.cents for line in self.lines if line.kind == VAT)

    def as_json(self) -> dict[str, Any]:
        """Return JSON values for the database; the price is text, so that no digit is lost."""
        plain = {name: getattr(self, name) for name in PLAIN_FIELDS} | {"unit_price": str(self.unit_price)}
        if self.lines:
            plain["lines"] = [line.as_json() for line in self.lines]
        if self.included_vat is not None:
            plain["included_vat"] = [str(self.included_vat.percent), self.included_vat.cents]
        return plain

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> PriceCalculation:
        """Read a calculation as it was stored; numbers added by later versions of the program are ignored."""
        known = {name: stored[name] for name in PLAIN_FIELDS} | {"unit_price": Decimal(stored["unit_price"])}
        lines = tuple(WorkingLine.from_json(line) for line in stored.get("lines", ()))
        vat = stored.get("included_vat")
        return cls(**known, lines=lines, included_vat=IncludedVat(Decimal(vat[0]), vat[1]) if vat else None)

    def recalculated(self) -> int | None:
        """Return the price from the numbers of the calculation alone; None where a line or the VAT differs."""
        vat = self.included_vat
        if vat is not None and vat != included_vat(self.cents, vat.percent):
            return None
        if self.lines:
            return recalculated_cents(self.lines)
        terms = PriceTerms(
            unit_price=self.unit_price,
            small_per_unit=self.small_per_unit,
            step_amount=self.step_amount,
            minimum_amount=self.minimum_amount,
            minimum_cents=self.minimum_cents,
            basis=self.basis,
        )
        return price_cents(terms, self.used_amount, self.booked_amount).cents


PLAIN_FIELDS = tuple(name for name in PriceCalculation.__slots__ if name not in ("lines", "included_vat"))


def price_cents(terms: PriceTerms, used_amount: int, booked_amount: int | None = None) -> PriceCalculation:
    """Price one use and return the whole calculation; its `cents` are the price.

    Rounded once, half up away from zero. A use of nothing (and on a booked basis a booking of nothing) costs
    nothing: minimums are the lowest price of a use, not a call-out fee.

    Args:
        terms: of the tariff, for the price class of the member; unit_price in euro per charge unit.
        used_amount: in small units of the charge unit (seconds, ares, grams).
        booked_amount: the same, of the reserved span; None where only a meter can measure.

    Raises:
        ValueError: an amount is below zero. That is a bug in the caller, slips cannot hold one.

    Source: decisions 3 and 4 of billing/README.md.
    """
    counted = counted_amount(terms.basis, used_amount, booked_amount)
    stepped = -(-counted // terms.step_amount) * terms.step_amount
    charged = max(stepped, terms.minimum_amount) if counted else 0
    priced = cents_of(terms.unit_price * charged, terms.small_per_unit)
    return PriceCalculation(
        basis=terms.basis,
        used_amount=used_amount,
        booked_amount=booked_amount,
        counted_amount=counted,
        step_amount=terms.step_amount,
        stepped_amount=stepped,
        minimum_amount=terms.minimum_amount,
        charged_amount=charged,
        small_per_unit=terms.small_per_unit,
        unit_price=terms.unit_price,
        priced_cents=priced,
        minimum_cents=terms.minimum_cents,
        cents=max(priced, terms.minimum_cents) if counted else 0,
    )


def cents_of_many(terms: PriceTerms, used_amounts: Sequence[int]) -> list[int]:
    """Return the prices of many uses without a booked amount, each as `price_cents` has it.

    By whole numbers alone, for a season at once. Raises ValueError for an amount below zero.
    """
    if used_amounts and min(used_amounts) < 0:
        raise ValueError("negative amount among the uses")
    exact = Fraction(terms.unit_price) * 100 / terms.small_per_unit
    twice, whole, double = 2 * exact.numerator, exact.denominator, 2 * exact.denominator
    step, least, least_cents = terms.step_amount, terms.minimum_amount, terms.minimum_cents
    found = []
    for used in used_amounts:
        charged = -(-used // step) * step
        if charged < least:
            charged = least
        cents = (twice * charged + whole) // double if used else 0
        found.append(cents if cents > least_cents or not used else least_cents)
    return found


def counted_amount(basis: str, used_amount: int, booked_amount: int | None) -> int:
    """Return the amount to charge: the used one, the booked one, or the larger of the two.

    Where nothing is booked in the machine's unit (hectares, grams), it is the used amount.
    """
    if used_amount < 0 or (booked_amount or 0) < 0:
        raise ValueError(f"negative amount: used {used_amount}, booked {booked_amount}")
    if basis == USED or booked_amount is None:
        return used_amount
    return booked_amount if basis == BOOKED else max(used_amount, booked_amount)
