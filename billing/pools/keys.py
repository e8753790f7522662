"""The keys that a ring composes itself: parts with percentages, a minimum, a cap. Pure; see docs/allocation.md.

Each step turns numbers of members into exact fractions of the whole; the last one makes whole weights of them, which
`split_cents` divides by. So whatever the key, no cent is lost or invented, the order of members changes nothing, and a
weight of zero bears nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

from billing.errors.cost_errors import CapTooLow
from billing.errors.money_errors import NothingUsed
from billing.split import split_cents

USE, SHARES, HEAD, PERCENT, METER = "use", "shares", "head", "percent", "meter"
BASES = (USE, SHARES, HEAD, PERCENT, METER)
MEASURED = (USE, METER)  # what a minimum can raise: the first of them that a key has
WHOLE = 1_000_000  # a hundred per cent, in ten-thousandths of a per cent
WEIGHTS_MAX = 2**62  # the sum that a column can hold
FINE = 10**15  # in so many parts fractions are expressed whose exact weights would be too large


@dataclass(frozen=True, slots=True)
class KeyPart:
    """A part of a key. base: what it looks at; percent: how much of the sum it divides, in ten-thousandths of 1 %."""

    base: str
    percent: int = WHOLE


@dataclass(frozen=True, slots=True)
class KeyTerms:
    """What a key consists of from a day on.

    minimum: whoever used less counts with so much, in small units (ares, seconds, thousandths of a meter's unit); 0 for
    none. It is of the use, of meters only where no part looks at the use. Who used nothing stays at nothing. cap: none
    bears more than so much of the sum, in ten-thousandths of 1 %; None for no cap. meter_unit: of readings, as text.
    percents: (member id, ten-thousandths of 1 %), by id.
    """

    parts: tuple[KeyPart, ...]
    minimum: int = 0
    cap: int | None = None
    meter_unit: str = ""
    percents: tuple[tuple[int, int], ...] = ()


def raised_base(bases: Collection[str]) -> str:
    """Return the base whose amounts a minimum raises: the use, else meters; "" where nothing is measured.

    Never both: a minimum of half a hectare says nothing about kilowatt hours.
    """
    return next((base for base in MEASURED if base in bases), "")


def own_weights(terms: KeyTerms, amounts: Sequence[Mapping[int, int]]) -> dict[int, int]:
    """Return the whole weights of a key.

    Args:
        terms: of the key.
        amounts: for each part of it, member id -> what its base measures. None below zero.

    Returns:
        Member id -> weight, of every member in any part.

    Raises:
        NothingUsed: nobody has anything of a part, so that its share of the sum has no fair division.
        CapTooLow: all members together may not bear the whole sum.
    """
    base = raised_base([part.base for part in terms.parts])
    raised = [
        raised_to(found, terms.minimum if part.base == base else 0)
        for part, found in zip(terms.parts, amounts, strict=True)
    ]
    fractions = blended([(part.percent, found, part.base) for part, found in zip(terms.parts, raised, strict=True)])
    return whole_weights(fractions if terms.cap is None else capped(fractions, Fraction(terms.cap, WHOLE)))


def raised_to(amounts: Mapping[int, int], minimum: int) -> dict[int, int]:
    """Raise what was used to a minimum; who used nothing stays at nothing."""
    return {one: max(amount, minimum) if amount > 0 else 0 for one, amount in amounts.items()}


def blended(parts: Sequence[tuple[int, Mapping[int, int], str]]) -> dict[int, Fraction]:
    """Return each member's fraction of the whole: of each part its percentage, by the member's number in it.

    parts: (ten-thousandths of 1 %, member id -> number, base).
    """
    found: dict[int, Fraction] = {}
    for percent, numbers, base in parts:
        whole = sum(numbers.values())
        if whole == 0:
            raise NothingUsed(total_cents=0, key=base)
        for one, number in numbers.items():
            found[one] = found.get(one, Fraction(0)) + Fraction(percent * number, WHOLE * whole)
    return found


def capped(fractions: Mapping[int, Fraction], cap: Fraction) -> dict[int, Fraction]:
    """Limit each member's fraction to a cap; what is above it is borne by the others, in their own proportion.

    Who reaches the cap by that is limited too, so that it takes a round for each member at most: each round limits
    another one, and the rest is never more than the caps of those who are not limited.

    Raises CapTooLow where the caps of all who bear anything are less than the whole.
    """
    bearing = {one: fraction for one, fraction in fractions.items() if fraction > 0}
    if cap * len(bearing) < 1:
        raise CapTooLow(cap=cap, members=len(bearing))
    limited: set[int] = set()
    while True:
        rest = 1 - cap * len(limited)
        free = sum((fraction for one, fraction in bearing.items() if one not in limited), Fraction(0))
        above = {one for one, fraction in bearing.items() if one not in limited and fraction * rest > cap * free}
        if not above:
            break
        limited |= above
    shared = {one: fraction * rest / free for one, fraction in bearing.items() if one not in limited}
    return dict.fromkeys(fractions, Fraction(0)) | shared | dict.fromkeys(limited, cap)


def whole_weights(fractions: Mapping[int, Fraction]) -> dict[int, int]:
    """Return whole numbers in the proportion of fractions, in lowest terms.

    Exact, unless their sum would be beyond what a column holds (only for long sums of use that have no common factor):
    then they are rounded to 10^-15 of the whole by the method of the division itself.
    """
    common = lcm(*(one.denominator for one in fractions.values()))
    weights = {one: fraction.numerator * (common // fraction.denominator) for one, fraction in fractions.items()}
    divisor = gcd(*weights.values())
    weights = {one: weight // divisor for one, weight in weights.items()}
    return weights if sum(weights.values()) <= WEIGHTS_MAX else split_cents(FINE, weights)
