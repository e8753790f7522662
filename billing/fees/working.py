"""The working of a fee: every number its cents come from, so that it can be recomputed from itself alone. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billing.fees.missed_working import MissedFee
from billing.rounding import cents_of

QUANTITY_DECIMALS = 3


@dataclass(frozen=True, slots=True)
class PricedFee:
    """So many at a price. quantity: at most three decimals; unit_price: euro for one; unit: what is counted, or ""."""

    quantity: Decimal
    unit_price: Decimal
    unit: str = ""

    @property
    def cents(self) -> int:
        """Return the fee, rounded once, half up."""
        return cents_of(self.quantity * self.unit_price)

    def as_json(self) -> dict[str, Any]:
        """Return JSON values; exact decimals are text."""
        return {"quantity": str(self.quantity), "unit_price": str(self.unit_price), "unit": self.unit}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> PricedFee:
        """Read a working as it was stored."""
        return cls(Decimal(stored["quantity"]), Decimal(stored["unit_price"]), stored["unit"])


Working = PricedFee | MissedFee


def working_of(stored: dict[str, Any]) -> Working:
    """Return the working of a fee as it was stored."""
    return MissedFee.from_json(stored) if "percent" in stored else PricedFee.from_json(stored)
