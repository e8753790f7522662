"""The tables of the money."""

from billing.models.allocation import (
    Allocation,
    AllocationCost,
    AllocationLine,
    AllocationPot,
    AllocationSlip,
    Cost,
    Pool,
    Share,
)
from billing.models.tariff import Charge, Tariff, Unpriced

__all__ = [
    "Allocation",
    "AllocationCost",
    "AllocationLine",
    "AllocationPot",
    "AllocationSlip",
    "Charge",
    "Cost",
    "Pool",
    "Share",
    "Tariff",
    "Unpriced",
]
