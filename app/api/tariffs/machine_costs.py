"""Endpoints of the machine-cost calculator: what the costs of a machine are calculated from, and the costs."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from app.api import revisions
from app.api.endpoints import Endpoint, reply
from app.api.fields import DECIMAL_PATTERN, RequestModel, ResponseModel
from app.api.idempotency import run_idempotent
from app.api.problems import Reply
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from billing.limits import CENTS_MAX
from billing.pools.machine_cost_entry import LIFE_YEARS_MAX, NEW, MachineCostEntry, set_machine_cost
from billing.pools.machine_costs import MachineCostInput, break_even, machine_costs
from billing.queries.machine_costs import MachineCostView, machine_cost_entries
from billing.rounding import half_up
from booking.queries import machine_card

TREASURERS = Access(treasurer=ALL, admin=ALL)
Number = Annotated[str, Field(pattern=DECIMAL_PATTERN)]
Percent = Annotated[str, Field(pattern=r"^(100|[0-9]{1,2}(\.[0-9]{1,4})?)$")]
Cents = Annotated[int, Field(strict=True, ge=0, le=CENTS_MAX)]


class MachineCostFacts(RequestModel):
    """What the costs of a machine are calculated from; what is left out counts as zero.

    Per year: interest_percent (of half of new and residual value), insurance_percent (of the new value), housing_cents,
    other_cents. life_use, supplies, planned_use: in charge units; life_use null: worn out by age alone. repair_price,
    supplies_price, contractor_price: in euro, as text.
    """

    new_value_cents: Annotated[int, Field(strict=True, ge=1, le=CENTS_MAX)]
    residual_cents: Cents = 0
    life_years: Annotated[int, Field(strict=True, ge=1, le=LIFE_YEARS_MAX)]
    life_use: Number | None = None
    interest_percent: Percent = "0"
    insurance_percent: Percent = "0"
    housing_cents: Cents = 0
    other_cents: Cents = 0
    repair_price: Number = "0"
    supplies: Number = "0"
    supplies_price: Number = "0"
    planned_use: Number
    contractor_price: Number | None = None


class MachineCostFigures(ResponseModel):
    """What the costs are calculated from, and the costs at the planned use, each sum rounded once.

    full_cents: all costs per charge unit; null where no use is planned. break_even: the use per year, in whole charge
    units, from which on owning costs no more than the contractor; null: at no use, or nobody offers the work.
    """

    machine_id: int
    charge_unit: str
    facts: MachineCostFacts | None = None
    fixed_cents: int | None = None
    variable_cents: int | None = None
    full_cents: int | None = None
    year_cents: int | None = None
    break_even: int | None = None


@Endpoint(
    "GET",
    "/machines/<id:machine_id>/costs",
    access=TREASURERS,
    response=MachineCostFigures,
    errors=(404,),
    conditional=True,
)
def get_machine_costs(machine_id: int) -> Reply:
    """Get what a machine costs; nulls where nothing was entered."""
    return _reply(machine_id)


@Endpoint(
    "PUT",
    "/machines/<id:machine_id>/costs",
    access=TREASURERS,
    body=MachineCostFacts,
    response=MachineCostFigures,
    errors=(404, 412),
    conditional=True,
)
def put_machine_costs(machine_id: int, body: MachineCostFacts) -> Reply:
    """State what the costs of a machine are calculated from, all at once."""
    card = machine_card(db.session(), machine_id)
    view = _view(card.id)
    revision = revisions.expected(view.revision if view else NEW)
    by, instant, entry = current_actor(), now(), _entry(body)

    def put() -> Reply:
        set_machine_cost(db.session(), card.id, entry, by=by, now=instant, revision=revision)
        return _reply(card.id)

    return run_idempotent(body, put)


NUMBERS = (
    "life_use",
    "interest_percent",
    "insurance_percent",
    "repair_price",
    "supplies",
    "supplies_price",
)


def _entry(body: MachineCostFacts) -> MachineCostEntry:
    sent = body.model_dump(exclude={"planned_use", "contractor_price"})
    numbers = {name: None if sent[name] is None else Decimal(sent[name]) for name in NUMBERS}
    price = None if body.contractor_price is None else Decimal(body.contractor_price)
    return MachineCostEntry(MachineCostInput(**(sent | numbers)), Decimal(body.planned_use), price)


def _view(machine_id: int) -> MachineCostView | None:
    return machine_cost_entries(db.session(), [machine_id]).get(machine_id)


def _reply(machine_id: int) -> Reply:
    card, view = machine_card(db.session(), machine_id), _view(machine_id)
    if view is None:
        unknown = MachineCostFigures(machine_id=card.id, charge_unit=card.charge_unit)
        return reply(unknown, headers=revisions.etag(NEW))
    entry, costs = view.entry, machine_costs(view.entry.costs, view.entry.planned_use)
    price, full = entry.contractor_price, costs.full_cents
    figures = MachineCostFigures(
        machine_id=card.id,
        charge_unit=view.charge_unit,
        facts=_facts(entry),
        fixed_cents=half_up(costs.fixed_cents),
        variable_cents=half_up(costs.variable_cents),
        full_cents=None if full is None else half_up(full),
        year_cents=costs.year_cents,
        break_even=None if price is None else break_even(entry.costs, price),
    )
    return reply(figures, headers=revisions.etag(view.revision))


def _facts(entry: MachineCostEntry) -> MachineCostFacts:
    costs = entry.costs
    numbers = {name: _plain(getattr(costs, name)) for name in NUMBERS}
    whole = {
        name: getattr(costs, name)
        for name in ("new_value_cents", "residual_cents", "life_years", "housing_cents", "other_cents")
    }
    planned = {"planned_use": _plain(entry.planned_use), "contractor_price": _plain(entry.contractor_price)}
    return MachineCostFacts(**(whole | numbers | planned))


def _plain(number: Decimal | None) -> str | None:
    """Return a number as text without an exponent and without zeros at its end."""
    if number is None:
        return None
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
