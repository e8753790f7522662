"""Entering what the costs of a machine are calculated from. Functions flush and never commit."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from billing.limits import CENTS_MAX, PRICE_MAX, require_between
from billing.models import MachineCost
from billing.pools.machine_costs import MachineCostInput
from booking import queries
from booking.events.reservation_events import RecordChanged
from booking.kernel import events, revisions
from booking.kernel.claims import insert_if_absent
from booking.kernel.errors import StaleRevision
from booking.kernel.events import Actor

NEW = 0  # the revision of a machine of which nothing was entered
LIFE_YEARS_MAX = 60
USE_MAX = Decimal(10_000_000)  # charge units, per year or in the life of a machine
PERCENT_MAX = Decimal(100)


@dataclass(frozen=True, slots=True)
class MachineCostEntry:
    """What is entered for a machine. planned_use: charge units per year. contractor_price: euro per unit, or None."""

    costs: MachineCostInput
    planned_use: Decimal
    contractor_price: Decimal | None = None


def set_machine_cost(
    session: Session,
    machine_id: int,
    entry: MachineCostEntry,
    *,
    by: Actor,
    now: datetime,
    revision: int | None = None,
) -> MachineCost:
    """Store what the costs of a machine are calculated from, in the charge unit of the machine.

    revision: NEW where nothing was entered; None accepts any.

    Raises MachineNotFound, StaleRevision, WrongAmount.
    """
    card = queries.machine_card(session, machine_id)
    _check(entry)
    values = asdict(entry.costs) | {
        "charge_unit": card.charge_unit,
        "planned_use": entry.planned_use,
        "contractor_price": entry.contractor_price,
    }
    is_new = insert_if_absent(session, MachineCost, machine_id=machine_id, revision=NEW + 1, **values)
    row = revisions.locked(session, MachineCost, machine_id, missing=StaleRevision)
    if is_new:
        revisions.require_revision(revision, NEW)
    else:
        revisions.require_revision(revision, row.revision)
        for name, value in values.items():
            setattr(row, name, value)
        row.revision += 1
    session.flush()
    events.record(session, RecordChanged(table="machine_cost", record_id=machine_id), by=by, at=now)
    return row


def _check(entry: MachineCostEntry) -> None:
    costs = entry.costs
    require_between("new_value_cents", costs.new_value_cents, 1, CENTS_MAX)
    require_between("residual_cents", costs.residual_cents, 0, costs.new_value_cents)
    require_between("life_years", costs.life_years, 1, LIFE_YEARS_MAX)
    if costs.life_use is not None:
        require_between("life_use", costs.life_use, Decimal("0.0001"), USE_MAX)
    for name in ("interest_percent", "insurance_percent"):
        require_between(name, getattr(costs, name), Decimal(0), PERCENT_MAX)
    for name in ("housing_cents", "other_cents"):
        require_between(name, getattr(costs, name), 0, CENTS_MAX)
    for name in ("repair_price", "supplies", "supplies_price"):
        require_between(name, getattr(costs, name), Decimal(0), PRICE_MAX)
    require_between("planned_use", entry.planned_use, Decimal(0), USE_MAX)
    if entry.contractor_price is not None:
        require_between("contractor_price", entry.contractor_price, Decimal(0), PRICE_MAX)
