"""Row 19: 10^6 slips priced and a cost divided by them, against a bare loop over integers that does the same.

`python -m bench.pricing` prints processor time and the ratio (goal 1.5), then that of slips with a tariff of several
lines, for which there is no goal. Both sides are measured in turns; the best of each counts.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from billing.prices.pricing import PriceTerms, cents_of_many
from billing.prices.slip_pricing import Adjustment, LineTerms, SlipTerms, SlipUse, price_slip
from billing.split import split_cents

SLIPS, MEMBERS, TURNS, COST_CENTS = 1_000_000, 500, 5, 3_589_885
TERMS = PriceTerms(Decimal("0.50"), small_per_unit=60, step_amount=60, minimum_amount=600, minimum_cents=500)


@dataclass(frozen=True)
class PricingResult:
    """Seconds of processor time for all slips. lines_s: of a hundredth of them by a tariff with lines, times 100."""

    priced_s: float
    bare_s: float
    lines_s: float

    @property
    def ratio(self) -> float:
        """Priced and split against the bare loop."""
        return self.priced_s / self.bare_s


def measure(slips: int = SLIPS) -> PricingResult:
    """Price and split slips of random amounts, the same in each run."""
    chance = random.Random(7)
    uses = [chance.randrange(1, 40_000) for _slip in range(slips)]
    members = [chance.randrange(MEMBERS) for _slip in range(slips)]
    if _priced(uses, members) != _bare(uses, members):
        raise ValueError("the two sides differ")
    priced, bare = [], []
    for _turn in range(TURNS):
        priced.append(_seconds(lambda: _priced(uses, members)))
        bare.append(_seconds(lambda: _bare(uses, members)))
    return PricingResult(min(priced), min(bare), _seconds(lambda: _with_lines(uses[: slips // 100])) * 100)


def _seconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _priced(uses: list[int], members: list[int]) -> tuple[int, dict[int, int]]:
    total = sum(cents_of_many(TERMS, uses))
    weights = dict.fromkeys(range(MEMBERS), 0)
    for member, used in zip(members, uses, strict=True):
        weights[member] += used
    return total, split_cents(COST_CENTS, weights)


def _bare(uses: list[int], members: list[int]) -> tuple[int, dict[int, int]]:
    """Do the same with numbers alone: 50 cents for each started minute, at least 10 minutes and 5 euro."""
    found = []
    for used in uses:
        charged = -(-used // 60) * 60
        if charged < 600:
            charged = 600
        cents = (2 * 50 * charged + 60) // 120
        found.append(cents if cents > 500 else 500)  # noqa: FURB136
    weights = [0] * MEMBERS
    for member, used in zip(members, uses, strict=True):
        weights[member] += used
    whole = sum(weights)
    shares = [COST_CENTS * weight // whole for weight in weights]
    left = COST_CENTS - sum(shares)
    order = sorted(range(MEMBERS), key=lambda member: (-(COST_CENTS * weights[member] % whole), member))
    for member in order[:left]:
        shares[member] += 1
    return sum(found), dict(enumerate(shares))


def _with_lines(uses: list[int]) -> int:
    tiers = ((0, Decimal("0.50")), (36_000, Decimal("0.40")))
    own = LineTerms("", "minute", tiers, step_amount=60, minimum_amount=600)
    line = LineTerms("Filament", "g", ((0, Decimal("0.05")),))
    terms = SlipTerms(TERMS, "minute", own, (line,), (Adjustment("Fuel", "percent", Decimal("12.5")),), 5_000)
    return sum(price_slip(terms, SlipUse(used, amounts={"Filament": used % 900})).cents for used in uses)


if __name__ == "__main__":
    result = measure()
    print(f"priced and split {result.priced_s:.2f} s, bare loop {result.bare_s:.2f} s, ratio {result.ratio:.2f}")
    print(f"by a tariff with tiers, another amount, a surcharge and a cap {result.lines_s:.1f} s")
