"""Sums of a document by rate of VAT, from amounts with or without it. Pure; integer cents, one rounding per rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

STANDARD, EXEMPT, OUTSIDE = "S", "E", "O"  # categories of EN 16931


@dataclass(frozen=True, slots=True, order=True)
class Treatment:
    """How an amount is taxed. reason: of none or a special VAT (small, flat_rate, exempt, outside); else ""."""

    category: str
    percent: Decimal = Decimal(0)
    reason: str = ""


@dataclass(frozen=True, slots=True)
class VatGroup:
    """The sums at one treatment, in cents."""

    treatment: Treatment
    net_cents: int
    vat_cents: int

    @property
    def gross_cents(self) -> int:
        """Return net and VAT."""
        return self.net_cents + self.vat_cents


@dataclass(frozen=True, slots=True)
class Taxed:
    """The net amounts of lines in their order, and the sums by treatment."""

    net_cents: tuple[int, ...]
    groups: tuple[VatGroup, ...]

    @property
    def gross_cents(self) -> int:
        """Return the sum of the document."""
        return sum(group.gross_cents for group in self.groups)


def of_gross(lines: Sequence[tuple[int, Treatment]]) -> Taxed:
    """Return what is taxed in amounts that include VAT.

    The net sum of a rate is rounded once; the VAT is the rest, so that what is owed never changes by a cent. The net
    amounts of the lines are its exact parts, the missing cents at the largest remainders.
    """
    net: dict[int, int] = {}
    groups = []
    for treatment, numbers in _by_treatment(lines).items():
        gross = sum(lines[number][0] for number in numbers)
        sum_net = _rounded(Fraction(gross) * 100 / (100 + Fraction(treatment.percent)))
        net |= _parts(sum_net, {number: lines[number][0] for number in numbers}, treatment.percent)
        groups.append(VatGroup(treatment, sum_net, gross - sum_net))
    return Taxed(tuple(net[number] for number in range(len(lines))), tuple(groups))


def of_net(lines: Sequence[tuple[int, Treatment]]) -> Taxed:
    """Return what is taxed in amounts to which VAT is added: it is rounded once, half up, on the sum of each rate."""
    groups = []
    for treatment, numbers in _by_treatment(lines).items():
        net = sum(lines[number][0] for number in numbers)
        groups.append(VatGroup(treatment, net, vat_of(net, treatment.percent)))
    return Taxed(tuple(cents for cents, _treatment in lines), tuple(groups))


def vat_of(net_cents: int, percent: Decimal) -> int:
    """Return the VAT on a net sum, half up."""
    return _rounded(Fraction(net_cents) * Fraction(percent) / 100)


def _parts(sum_net: int, gross: dict[int, int], percent: Decimal) -> dict[int, int]:
    """Return the net amount of each line: rounded down or up so that they sum to the net sum of the rate."""
    # In whole numbers: a fraction for each line would take as long as all else of a preview.
    rate = Fraction(percent)
    times, by = 100 * rate.denominator, 100 * rate.denominator + rate.numerator
    divided = {number: divmod(cents * times, by) for number, cents in gross.items()}
    floors = {number: floor for number, (floor, _remainder) in divided.items()}
    missing = sum_net - sum(floors.values())
    by_remainder = sorted(divided, key=lambda number: (-divided[number][1], number))
    for number in by_remainder[:missing]:
        floors[number] += 1
    return floors


def _by_treatment(lines: Sequence[tuple[int, Treatment]]) -> dict[Treatment, list[int]]:
    """Return the numbers of the lines by treatment, the highest rate first."""
    found: dict[Treatment, list[int]] = {}
    for number, (_cents, treatment) in enumerate(lines):
        found.setdefault(treatment, []).append(number)
    order = sorted(found, key=lambda one: (-one.percent, one.category, one.reason))
    return {treatment: found[treatment] for treatment in order}


def _rounded(exact: Fraction) -> int:
    """Return whole cents, half away from zero."""
    doubled = abs(exact) * 2 + 1
    rounded = doubled.numerator // (2 * doubled.denominator)
    return -rounded if exact < 0 else rounded
