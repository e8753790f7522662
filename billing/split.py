"""Splitting a sum among members, exact to the cent. Pure; see docs/allocation.md for method and examples."""

from __future__ import annotations

from collections.abc import Mapping

from billing.errors.money_errors import NothingUsed


def split_cents(total_cents: int, weights: Mapping[int, int]) -> dict[int, int]:
    """Divide a sum in proportion to weights, losing and inventing no cent.

    Each member first gets the whole cents of the exact share. The remaining cents go, one each, to the
    largest remainders; equal remainders favour the lower id, so that a second run gives the same bill.

    Args:
        total_cents: euro cents; negative when a surplus is paid back.
        weights: member id -> amount of use in one common unit (seconds, ares, shares). None below zero.

    Returns:
        Member id -> euro cents. The values add up to total_cents; a weight of zero gets nothing.

    Raises:
        NothingUsed: no weight is above zero, so there is no fair division.
        ValueError: a weight is below zero. That is a bug in the caller.

    Source: largest-remainder method (Hare-Niemeyer), decided in billing/README.md.
    """
    if any(weight < 0 for weight in weights.values()):
        raise ValueError(f"negative weight in {dict(weights)!r}")
    weight_sum = sum(weights.values())
    if weight_sum == 0:
        raise NothingUsed(total_cents=total_cents)

    shares, remainders = _whole_cents(abs(total_cents), weights, weight_sum)
    cents_left = abs(total_cents) - sum(shares.values())
    by_remainder = sorted(remainders, key=lambda member_id: (-remainders[member_id], member_id))
    for member_id in by_remainder[:cents_left]:
        shares[member_id] += 1
    sign = -1 if total_cents < 0 else 1
    return {member_id: sign * cents for member_id, cents in shares.items()}


def has_rounding_cent(total_cents: int, weight: int, weight_sum: int, cents: int) -> bool:
    """Return whether a member's share of a split includes one of the remaining cents.

    total_cents, weight_sum: of the whole split; weight, cents: of the member. weight_sum is above zero.
    """
    return abs(cents) > abs(total_cents) * weight // weight_sum


def _whole_cents(
    total_cents: int, weights: Mapping[int, int], weight_sum: int
) -> tuple[dict[int, int], dict[int, int]]:
    shares: dict[int, int] = {}
    remainders: dict[int, int] = {}
    for member_id, weight in weights.items():
        shares[member_id], remainders[member_id] = divmod(total_cents * weight, weight_sum)
    return shares, remainders
