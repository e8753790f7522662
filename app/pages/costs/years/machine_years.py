"""/costs/use: how much each machine was used against its break-even, and what a unit of use cost over the years."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.auth.permissions import ALL, Access
from app.extensions import db
from app.forms.year_choice import year_choice
from app.pages.costs import bp
from app.pages.costs.desk import today
from app.pages.declaration import page
from app.web.paging import page_number
from app.wording.formats import format_amount, format_money, format_number
from app.wording.units import UNIT_NAMES
from billing import queries
from billing.pools.machine_costs import break_even
from billing.queries import PoolView
from billing.queries.machine_costs import MachineCostView, machine_cost_entries
from billing.queries.machine_years import MachineYears, machine_years
from billing.rounding import half_up
from booking.charge_units import CHARGE_UNITS
from booking.queries import machine_cards

MACHINES_PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class YearCell:
    """What a unit of use cost in a year; "" where there was no use or no bill."""

    year: int
    money: str


@dataclass(frozen=True, slots=True)
class MachineYearRow:
    """A machine: its use in the year, from which use on it pays, and what a unit cost in each year, the oldest first.

    unit: of its use, in words. pays_from: in words, "" where that is not calculated. percent: of the break-even, also
    above 100; None without one. pool_id: where its bills are, None without a pool. first_day, last_day: of the year.
    """

    machine_id: int
    pool_id: int | None
    name: str
    slug: str
    unit: str
    used: str
    pays_from: str
    percent: int | None
    cells: tuple[YearCell, ...]
    first_day: date
    last_day: date


@page(bp, "/use", access=Access(treasurer=ALL, admin=ALL))
def use_of_machines() -> ResponseReturnValue:
    """List the machines with their use and its costs; ?year= is the last of the years shown."""
    session, number = db.session(), page_number()
    choice = year_choice(queries.years_of_ring(session, today()), today().year, today=today())
    assert choice.chosen
    found = machine_cards(session, limit=MACHINES_PER_PAGE, offset=(number - 1) * MACHINES_PER_PAGE)
    return render_template(
        "costs/use.html",
        rows=machine_year_rows(session, [card.id for card in found.items], queries.pools(session), choice.chosen),
        years=choice,
        page=number,
        has_next=found.total > number * MACHINES_PER_PAGE,
    )


def machine_year_rows(
    session: Session, machine_ids: Collection[int], pools: Sequence[PoolView], year: int
) -> tuple[MachineYearRow, ...]:
    """Return the rows of machines by name, in three statements. pools: all of the ring."""
    entries = machine_cost_entries(session, machine_ids)
    pool_of = {pool.machine_id: pool.id for pool in reversed(pools) if pool.counts_machine}
    return tuple(_row(one, pool_of, entries.get(one.machine_id)) for one in machine_years(session, machine_ids, year))


def _row(found: MachineYears, pool_of: Mapping[int, int], entered: MachineCostView | None) -> MachineYearRow:
    of_year = found.years[-1]
    pays_from, percent = _pays_from(found, of_year.used, entered)
    costs = [(one.year, found.cents_per_unit(one)) for one in found.years]
    return MachineYearRow(
        found.machine_id,
        pool_of.get(found.machine_id),
        found.name,
        found.slug,
        str(UNIT_NAMES[found.charge_unit]),
        format_amount(of_year.used, found.charge_unit),
        pays_from,
        percent,
        tuple(YearCell(year, format_money(half_up(cents)) if cents is not None else "") for year, cents in costs),
        date(of_year.year, 1, 1),
        date(of_year.year, 12, 31),
    )


def _pays_from(found: MachineYears, used: int, entered: MachineCostView | None) -> tuple[str, int | None]:
    """Return the break-even in words, and how much of it was used in per cent; nothing where units differ."""
    if entered is None or entered.charge_unit != found.charge_unit or entered.entry.contractor_price is None:
        return "", None
    units = break_even(entered.entry.costs, entered.entry.contractor_price)
    if units is None:
        return _("never"), None
    reached = Fraction(100 * used, units * CHARGE_UNITS[found.charge_unit].small_per_unit) if units else Fraction(100)
    return f"{format_number(units)} {UNIT_NAMES[found.charge_unit]}", int(reached)
