"""Rounding of exact amounts. Pure."""

from __future__ import annotations

from fractions import Fraction


def half_up(exact: Fraction) -> int:
    """Round to the nearest whole number; halves are rounded away from zero."""
    nearest = (2 * abs(exact.numerator) + exact.denominator) // (2 * exact.denominator)
    return nearest if exact >= 0 else -nearest
