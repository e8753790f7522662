"""The VAT in the price of a use: included in the prices of its tariff, or added to them. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from billing.prices.pricing import PriceCalculation
from billing.prices.working import VAT, WorkingLine, included_vat
from billing.rounding import cents_of


@dataclass(frozen=True, slots=True)
class VatTerms:
    """The VAT of a tariff: the rate of the day in percent, and whether the prices include it, or it is added."""

    percent: Decimal
    is_included: bool


def added_vat(vat: VatTerms | None, net: int) -> list[WorkingLine]:
    """Return the line that adds VAT to net cents, rounded once; none where the prices include it."""
    if vat is None or vat.is_included:
        return []
    return [WorkingLine(VAT, cents_of(vat.percent * net, 10_000), percent=vat.percent, base_cents=net)]


def with_included_vat(priced: PriceCalculation, vat: VatTerms | None) -> PriceCalculation:
    """Return a price with its part of VAT where the prices include it; the price itself stays what it is."""
    if vat is None or not vat.is_included or not priced.cents:
        return priced
    return replace(priced, included_vat=included_vat(priced.cents, vat.percent))
