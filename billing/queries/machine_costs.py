"""Views of what the costs of machines are calculated from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.models import MachineCost
from billing.pools.machine_cost_entry import MachineCostEntry
from billing.pools.machine_costs import MachineCostInput


@dataclass(frozen=True, slots=True)
class MachineCostView:
    """What was entered for a machine. charge_unit: the unit in which it is meant."""

    machine_id: int
    charge_unit: str
    entry: MachineCostEntry
    revision: int


_INPUTS = tuple(field.name for field in fields(MachineCostInput))


def machine_cost_entries(session: Session, machine_ids: Collection[int]) -> Mapping[int, MachineCostView]:
    """Return machine id -> what was entered, in one statement. Machines of which nothing was entered are left out."""
    rows = session.scalars(select(MachineCost).where(MachineCost.machine_id.in_(machine_ids)))
    return {row.machine_id: _view(row) for row in rows}


def _view(row: MachineCost) -> MachineCostView:
    costs = MachineCostInput(**{name: getattr(row, name) for name in _INPUTS})
    entry = MachineCostEntry(costs, row.planned_use, row.contractor_price)
    return MachineCostView(row.machine_id, row.charge_unit, entry, row.revision)


def calculated_machine_ids(session: Session, *, limit: int) -> tuple[int, ...]:
    """Return the first machines, in the order of their entry, whose costs were calculated."""
    return tuple(session.scalars(select(MachineCost.machine_id).order_by(MachineCost.machine_id).limit(limit)))
