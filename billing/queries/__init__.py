"""Read-only views of billing as frozen dataclasses.

One module per topic: tariffs, charges, pools with their costs and shares, allocations, totals of a year.
"""

from billing.queries.allocations import (
    AllocationView,
    MemberTotal,
    allocation,
    allocations,
    posted_costs,
    posted_slips,
    totals_of_member,
)
from billing.queries.charges import (
    ChargeView,
    SlipCharge,
    SlipPrice,
    cents_of_slips,
    charge_of_slip,
    charged_by_year,
    charges_of_member,
    prices_of_slips,
    unpriced_count,
)
from billing.queries.leavers import HeldShares, MemberSums, OpenPart, member_sums
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
from billing.queries.year import (
    WaitingCosts,
    YearTotals,
    YearWork,
    waiting_by_year,
    year_of_member,
    year_totals,
    year_with_open_work,
    years_of_member,
    years_of_ring,
)

__all__ = [
    "AllocationView",
    "ChargeView",
    "CostView",
    "HeldShares",
    "MemberSums",
    "MemberTotal",
    "OpenPart",
    "PoolView",
    "ShareView",
    "SlipCharge",
    "SlipPrice",
    "TariffView",
    "WaitingCosts",
    "YearTotals",
    "YearWork",
    "allocation",
    "allocations",
    "cents_of_slips",
    "charge_of_slip",
    "charged_by_year",
    "charges_of_member",
    "cost",
    "costs",
    "member_sums",
    "pool",
    "pools",
    "posted_costs",
    "posted_slips",
    "prices_of_slips",
    "shares",
    "tariff",
    "tariff_history",
    "tariffs_on",
    "totals_of_member",
    "unpriced_count",
    "waiting_by_year",
    "year_of_member",
    "year_totals",
    "year_with_open_work",
    "years_of_member",
    "years_of_ring",
]
