"""The lines of a price, each with every number it comes from, so that it can be recomputed from itself alone. Pure."""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from billing.rounding import half_up, half_up_of

USE, LINE = "use", "line"  # the use itself; another amount of it
PERCENT, FIXED, PER_UNIT = "percent", "fixed", "per_unit"  # surcharges and discounts
MINIMUM, FLOOR, CAP = "minimum", "floor", "cap"
VAT = "vat"  # added to all lines before it
KINDS = (USE, LINE, PERCENT, FIXED, PER_UNIT, MINIMUM, FLOOR, CAP, VAT)


class Part(NamedTuple):
    """Some of the amount of a line, in small units, at one price per charge unit."""

    amount: int
    unit_price: Decimal


class IncludedVat(NamedTuple):
    """The VAT that a price includes: its rate in percent, and its part of the price in cents."""

    percent: Decimal
    cents: int


@dataclass(frozen=True, slots=True)
class WorkingLine:
    """One line of a price; its cents are rounded once. Amounts in small units of charge_unit.

    used -> counted (by the basis) -> stepped (rounded up) -> charged (raised to the minimum) -> less free -> parts.
    percent: of base_cents (of VAT: of all lines before it), for share_seconds of of_seconds. limit_cents: of a minimum
    or a cap; days: for how many days a cap holds; earlier_cents: what earlier uses of the day took of it.
    """

    kind: str
    cents: int
    name: str = ""
    charge_unit: str = ""
    small_per_unit: int = 1
    used_amount: int = 0
    counted_amount: int = 0
    step_amount: int = 1
    stepped_amount: int = 0
    minimum_amount: int = 0
    charged_amount: int = 0
    free_amount: int = 0
    parts: tuple[Part, ...] = ()
    percent: Decimal | None = None
    base_cents: int = 0
    share_seconds: int = 1
    of_seconds: int = 1
    limit_cents: int = 0
    days: int = 1
    earlier_cents: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return JSON values without what has its default; exact decimals are text."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        stored = {name: value for name, value in found.items() if value != DEFAULTS.get(name)}
        if self.parts:
            stored["parts"] = [[part.amount, str(part.unit_price)] for part in self.parts]
        if self.percent is not None:
            stored["percent"] = str(self.percent)
        return stored

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> WorkingLine:
        """Read a line as it was stored; what later versions of the program added is ignored."""
        known = {field.name: stored[field.name] for field in fields(cls) if field.name in stored}
        if "parts" in known:
            known["parts"] = tuple(Part(amount, Decimal(price)) for amount, price in known["parts"])
        if "percent" in known:
            known["percent"] = Decimal(known["percent"])
        return cls(**known)

    def recalculated(self, before: int) -> int:
        """Return the cents of the line from its own numbers. before: the sum of the lines before it."""
        if self.kind == PERCENT:
            assert self.percent is not None
            exact = Fraction(self.percent) * self.base_cents * self.share_seconds / (100 * self.of_seconds)
            return half_up(exact)
        if self.kind == VAT:
            assert self.percent is not None
            return half_up(Fraction(self.percent) * before / 100)
        if self.kind in (MINIMUM, FLOOR):
            return max(self.limit_cents - before, 0)
        if self.kind == CAP:
            return min(max(self.limit_cents * self.days - self.earlier_cents, 0) - before, 0)
        return half_up(sum((_exact_cents(part, self.small_per_unit) for part in self.parts), Fraction(0)))


DEFAULTS = {field.name: field.default for field in fields(WorkingLine)}


def recalculated_cents(lines: tuple[WorkingLine, ...]) -> int | None:
    """Return the price from the numbers of its lines; None if a line differs from its own numbers."""
    total = 0
    for line in lines:
        cents = line.recalculated(total)
        if cents != line.cents:
            return None
        total += cents
    return total


def included_vat(cents: int, percent: Decimal) -> IncludedVat:
    """Return the VAT in a price that includes it: the net price is rounded once, and the VAT is the rest."""
    numerator, denominator = percent.as_integer_ratio()  # a check reads hundreds of thousands: no fractions
    return IncludedVat(percent, cents - half_up_of(100 * cents * denominator, 100 * denominator + numerator))


def _exact_cents(part: Part, small_per_unit: int) -> Fraction:
    return Fraction(part.unit_price) * 100 * part.amount / small_per_unit
