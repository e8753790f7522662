"""What some tariffs of the demo ring have beyond one price."""

from __future__ import annotations

from decimal import Decimal

from billing.prices.slip_pricing import CHOSEN
from billing.prices.tariff_parts import AdjustmentEntry, LineEntry, MainEntry, TariffParts
from billing.prices.working import PER_UNIT

WITH_OPERATOR = "Mit Fahrer"
_TRAVEL = LineEntry(
    "Anfahrt",
    "km",
    {"member": Decimal("1.10"), "guest": Decimal("1.40")},
    free_amount=2_000,
    free_times=2,
)
PARTS_OF_TARIFFS = {
    "combine": TariffParts(
        MainEntry("Drusch"),
        (_TRAVEL,),
        (AdjustmentEntry(WITH_OPERATOR, PER_UNIT, Decimal("14.00"), CHOSEN),),
    ),
    "forage-harvester": TariffParts(
        adjustments=(AdjustmentEntry(WITH_OPERATOR, PER_UNIT, Decimal("18.00"), CHOSEN),),
    ),
}
