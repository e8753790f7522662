"""Texts of the machine-cost calculator."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from flask_babel import lazy_gettext as _l

from app.wording.formats import format_money, format_unit_price
from billing.pools.machine_costs import CostPart, MachineCosts
from billing.rounding import half_up

PART_LABELS: dict[str, Any] = {
    "depreciation": _l("Depreciation"),
    "interest": _l("Interest"),
    "insurance": _l("Insurance"),
    "housing": _l("Housing"),
    "other": _l("Other fixed costs"),
    "repair": _l("Repair and wear"),
    "supplies": _l("Fuel or material"),
}


@dataclass(frozen=True, slots=True)
class CostRows:
    """The parts of the costs as pairs of label and amount, and their sums."""

    fixed: list[tuple[str, str]]
    fixed_sum: str
    variable: list[tuple[str, str]]
    variable_sum: str
    full: str | None


def cost_rows(costs: MachineCosts, charge_unit: str) -> CostRows:
    """Return the parts of the costs in the language of the page. Sums are of the exact parts, not of those shown."""

    def per_year(part: CostPart) -> tuple[str, str]:
        return str(PART_LABELS[part.code]), format_money(half_up(part.cents))

    def per_unit(part: CostPart) -> tuple[str, str]:
        return str(PART_LABELS[part.code]), unit_cost(part.cents, charge_unit)

    full = costs.full_cents
    return CostRows(
        fixed=[per_year(part) for part in costs.fixed],
        fixed_sum=format_money(half_up(costs.fixed_cents)),
        variable=[per_unit(part) for part in costs.variable],
        variable_sum=unit_cost(costs.variable_cents, charge_unit),
        full=None if full is None else unit_cost(full, charge_unit),
    )


def unit_cost(cents: Fraction, charge_unit: str) -> str:
    """Return such as €186.16 per hectare."""
    return format_unit_price(Decimal(half_up(cents)).scaleb(-2), charge_unit)
