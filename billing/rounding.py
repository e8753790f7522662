"""Rounding of exact amounts. Pure."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction


def half_up(exact: Fraction) -> int:
    """Round to the nearest whole number; halves are rounded away from zero."""
    nearest = (2 * abs(exact.numerator) + exact.denominator) // (2 * exact.denominator)
    return nearest if exact >= 0 else -nearest


def cents_of(euro: Decimal, divisor: int = 1) -> int:
    """Return euro / divisor in cents, rounded once as `half_up`; by whole numbers, at a fifth of the cost of fractions.

    euro: an exact product of at most 28 digits. divisor: above zero.
    """
    numerator, denominator = euro.as_integer_ratio()
    whole = denominator * divisor
    nearest = (200 * abs(numerator) + whole) // (2 * whole)
    return nearest if numerator >= 0 else -nearest
