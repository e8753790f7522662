"""Rounding of exact amounts. Pure."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction


def half_up(exact: Fraction) -> int:
    """Round to the nearest whole number; halves are rounded away from zero."""
    return half_up_of(exact.numerator, exact.denominator)


def half_up_of(numerator: int, denominator: int) -> int:
    """Return numerator / denominator rounded as `half_up`, without the cost of fractions. denominator: above zero."""
    nearest = (2 * abs(numerator) + denominator) // (2 * denominator)
    return nearest if numerator >= 0 else -nearest


def cents_of(euro: Decimal, divisor: int = 1) -> int:
    """Return euro / divisor in cents, rounded once as `half_up`; by whole numbers, at a fifth of the cost of fractions.

    euro: an exact product of at most 28 digits. divisor: above zero.
    """
    numerator, denominator = euro.as_integer_ratio()
    return half_up_of(100 * numerator, denominator * divisor)
