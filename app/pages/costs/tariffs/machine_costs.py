"""/costs/machine-costs: what each machine costs per year and per unit, and from which use on owning pays."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from app.forms.submit import submit
from app.pages.costs import bp
from app.pages.costs.desk import today
from app.pages.costs.tariffs.machine_cost_form import MachineCostForm
from app.pages.declaration import POST, page
from app.web.paging import page_number
from app.wording.formats import format_number
from app.wording.machine_costs import cost_rows, unit_cost
from billing.allocations.periods import accounting_year
from billing.pools.machine_cost_entry import MachineCostEntry, set_machine_cost
from billing.pools.machine_costs import MachineCosts, break_even, machine_costs
from billing.queries.machine_costs import MachineCostView, machine_cost_entries
from billing.rounding import half_up
from booking.charge_units import CHARGE_UNITS
from booking.queries import MachineCard, machine_card, machine_cards
from booking.queries.used_amounts import used_amount

MACHINES_PER_PAGE = 50
CALCULATE = "calculate"  # the button that shows the costs, and stores nothing
TREASURERS = Access(treasurer=ALL, admin=ALL)


@dataclass(frozen=True, slots=True)
class Calculation:
    """The costs of a machine at its planned use. break_even: charge units per year; None: owning never pays.

    charge_unit: in which it was entered; the machine may be charged by another one since then.
    """

    entry: MachineCostEntry
    charge_unit: str
    costs: MachineCosts
    break_even: int | None

    @classmethod
    def of(cls, entry: MachineCostEntry, charge_unit: str) -> Calculation:
        """Calculate what was entered."""
        price = entry.contractor_price
        pays_from = None if price is None else break_even(entry.costs, price)
        return cls(entry, charge_unit, machine_costs(entry.costs, entry.planned_use), pays_from)


@page(bp, "/machine-costs", access=TREASURERS)
def list_machine_costs() -> ResponseReturnValue:
    """List the machines with their costs per unit and their break-even, a page at a time."""
    session, number = db.session(), page_number()
    found = machine_cards(session, limit=MACHINES_PER_PAGE, offset=(number - 1) * MACHINES_PER_PAGE)
    entries = machine_cost_entries(session, [card.id for card in found.items])
    return render_template(
        "costs/machine_costs.html",
        machines=found.items,
        calculations={machine_id: Calculation.of(view.entry, view.charge_unit) for machine_id, view in entries.items()},
        unit_cost=unit_cost,
        page=number,
        has_next=found.total > number * MACHINES_PER_PAGE,
    )


@page(bp, "/machine-costs/<int:machine_id>", access=TREASURERS)
def machine_cost(machine_id: int) -> ResponseReturnValue:
    """Show what the costs of a machine are calculated from, and the costs."""
    card = machine_card(db.session(), machine_id)
    return _calculator(card, _stored(machine_id))


@page(bp, "/machine-costs/<int:machine_id>", methods=POST, access=TREASURERS, keeps_input=True)
def save_machine_cost(machine_id: int) -> ResponseReturnValue:
    """Calculate the costs of a machine, and store what they are calculated from."""
    session = db.session()
    card, form = machine_card(session, machine_id), MachineCostForm()
    if CALCULATE in request.form:
        if not form.validate():
            form.status = 422
        return _calculator(card, form)
    saved = submit(
        form,
        lambda: set_machine_cost(
            session, machine_id, form.entry(), by=current_actor(), now=now(), revision=form.revision.data
        ),
        message=_("The machine costs were saved."),
        location=url_for(".machine_cost", machine_id=machine_id),
        stored=lambda: _stored(machine_id),
    )
    return saved or _calculator(card, form)


def _stored(machine_id: int) -> MachineCostForm:
    form = MachineCostForm(formdata=None)
    form.fill(_view(machine_id))
    return form


def _view(machine_id: int) -> MachineCostView | None:
    return machine_cost_entries(db.session(), [machine_id]).get(machine_id)


def _calculation(card: MachineCard, form: MachineCostForm) -> Calculation | None:
    """Return the costs of what was sent, if it is valid; else of what is stored, if the form shows that."""
    if form.is_submitted():
        return None if form.errors else Calculation.of(form.entry(), card.charge_unit)
    view = _view(card.id)
    return Calculation.of(view.entry, view.charge_unit) if view else None


def _calculator(card: MachineCard, form: MachineCostForm) -> ResponseReturnValue:
    calculation = _calculation(card, form)
    unit = calculation.charge_unit if calculation else card.charge_unit
    first, last = accounting_year(today())
    used = used_amount(db.session(), card.id, unit, first, last)
    return render_template(
        "costs/machine_cost.html",
        form=form,
        card=card,
        calculation=calculation,
        rows=cost_rows(calculation.costs, unit) if calculation else None,
        shown_unit=unit,
        threshold=_threshold(calculation),
        used=used,
        used_units=Fraction(used, CHARGE_UNITS[unit].small_per_unit),
        year=first.year,
        calculate=CALCULATE,
    ), form.status


def _threshold(calculation: Calculation | None) -> str | None:
    """Return the use a year at which depreciation begins to depend on it, to a hundredth of a unit."""
    limit = calculation.costs.threshold if calculation else None
    return None if limit is None else format_number(Decimal(half_up(limit * 100)).scaleb(-2).normalize())
