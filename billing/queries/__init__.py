"""The money as people read it: frozen views, never a live row of a table.

One file per topic: tariffs, charges, pools with their costs and shares, allocations, the sums of a year.
"""

from billing.queries.allocations import (
    AllocationView,
    BorneLine,
    allocation,
    allocations,
    lines_of_member,
    posted_costs,
    posted_slips,
)
from billing.queries.charges import ChargeView, charged_since, charges_of_member, unpriced_count
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
from billing.queries.year import YearFigures, year_figures

__all__ = [
    "AllocationView",
    "BorneLine",
    "ChargeView",
    "CostView",
    "PoolView",
    "ShareView",
    "TariffView",
    "YearFigures",
    "allocation",
    "allocations",
    "charged_since",
    "charges_of_member",
    "cost",
    "costs",
    "lines_of_member",
    "pool",
    "pools",
    "posted_costs",
    "posted_slips",
    "shares",
    "tariff",
    "tariff_history",
    "tariffs_on",
    "unpriced_count",
    "year_figures",
]
