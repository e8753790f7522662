"""The money as people read it: frozen views, never a live row of a table.

One file per topic: tariffs, charges, pools with their costs and shares, allocations.
"""

from billing.queries.allocations import (
    AllocationView,
    BorneLine,
    PostedCost,
    PostedSlip,
    allocation,
    allocations,
    lines_of_member,
    posted_costs,
    posted_slips,
)
from billing.queries.charges import ChargeView, charges_of_member, price_estimate, unpriced_count
from billing.queries.pools import (
    CostView,
    PoolView,
    ShareView,
    cost,
    costs,
    pool,
    pools,
    shares,
)
from billing.queries.tariffs import TariffView, tariff, tariff_history, tariffs_on

__all__ = [
    "AllocationView",
    "BorneLine",
    "ChargeView",
    "CostView",
    "PoolView",
    "PostedCost",
    "PostedSlip",
    "ShareView",
    "TariffView",
    "allocation",
    "allocations",
    "charges_of_member",
    "cost",
    "costs",
    "lines_of_member",
    "pool",
    "pools",
    "posted_costs",
    "posted_slips",
    "price_estimate",
    "shares",
    "tariff",
    "tariff_history",
    "tariffs_on",
    "unpriced_count",
]
