"""The tables of billing."""

from billing.models.allocation import (
    Allocation,
    AllocationCost,
    AllocationCostGroup,
    AllocationCount,
    AllocationLine,
    AllocationSlip,
    Cost,
    Pool,
    Share,
)
from billing.models.tariff import Charge, ChargeTotal, Tariff, TariffPrice, Unpriced

__all__ = [
    "Allocation",
    "AllocationCost",
    "AllocationCostGroup",
    "AllocationCount",
    "AllocationLine",
    "AllocationSlip",
    "Charge",
    "ChargeTotal",
    "Cost",
    "Pool",
    "Share",
    "Tariff",
    "TariffPrice",
    "Unpriced",
]
