"""A member's own costs of a year: by month with sums, as a chart by machine, narrowed to a machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import NoReturn

from flask import abort, make_response, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.pages.costs.years.year_chart import YearChart, year_chart
from app.wording.periods import format_month
from billing import queries
from billing.queries import ChargeView, MachineMonth
from booking.errors.schedule_errors import MachineNotFound
from booking.queries import MachineCard, machine_card, machine_names, machine_slugs

INVALID = 422


@dataclass(frozen=True, slots=True)
class MonthOfCharges:
    """A month with the charges of the page. cents, count: of the whole month, also where its charges go on overleaf."""

    title: str
    cents: int
    count: int
    charges: tuple[ChargeView, ...]


@dataclass(frozen=True, slots=True)
class MachineOfYear:
    """A machine that the member was charged for in a year."""

    name: str
    slug: str
    cents: int


@dataclass(frozen=True, slots=True)
class MyYear:
    """A member's charges of a year, of all machines or of one.

    before_cents: the same of the whole year before. machines: those of the year, the dearest first. names, slugs: of
    machines by id.
    """

    year: int
    cents: int
    before_cents: int
    chart: YearChart | None
    machines: tuple[MachineOfYear, ...]
    months: tuple[MonthOfCharges, ...]
    names: Mapping[int, str]
    slugs: Mapping[int, str]


def my_year(
    session: Session,
    member_id: int,
    year: int,
    charges: Sequence[ChargeView],
    *,
    machine: MachineCard | None,
    today: date,
) -> MyYear:
    """Return the year of a page of charges, in three SQL statements."""
    found = queries.machine_months(session, member_id, (date(year - 1, 1, 1), date(year, 12, 31)))
    names, slugs = machine_names(session), machine_slugs(session)
    shown = [one for one in found if machine is None or one.machine_id == machine.id]
    of_year = [one for one in shown if one.year == year]
    return MyYear(
        year,
        sum(one.cents for one in of_year),
        sum(one.cents for one in shown if one.year != year),
        _chart(shown, names, year, today),
        _machines((one for one in found if one.year == year), names, slugs, machine),
        _months(of_year, charges, year),
        names,
        slugs,
    )


def requested_machine(session: Session) -> MachineCard | None:
    """Return the machine of ?machine=; None without one. Ends the request with 422 for what is no machine."""
    slug = request.args.get("machine", "")
    if not slug:
        return None
    try:
        return machine_card(session, slug)
    except MachineNotFound:
        _refuse_machine()


def _refuse_machine() -> NoReturn:
    sentence = _("The ring has no machine of this name. Choose one on the page of your costs.")
    abort(
        make_response(render_template("error.html", status=422, title=_("Which machine?"), sentence=sentence), INVALID)
    )


def _chart(shown: Iterable[MachineMonth], names: Mapping[int, str], year: int, today: date) -> YearChart | None:
    sums, before = Counter[tuple[int, str]](), Counter[int]()
    for one in shown:
        if one.year == year:
            sums[one.month, names[one.machine_id]] += one.cents
        else:
            before[one.month] += one.cents
    sentence = _("Usage charges by month of %(year)s: the highest in %(month)s with %(sum)s.")
    return year_chart(sums, year, today, sentence, before)


def _machines(
    of_year: Iterable[MachineMonth], names: Mapping[int, str], slugs: Mapping[int, str], chosen: MachineCard | None
) -> tuple[MachineOfYear, ...]:
    sums = Counter[int]({chosen.id: 0} if chosen else {})
    for one in of_year:
        sums[one.machine_id] += one.cents
    return tuple(MachineOfYear(names[machine_id], slugs[machine_id], cents) for machine_id, cents in sums.most_common())


def _months(of_year: Sequence[MachineMonth], charges: Sequence[ChargeView], year: int) -> tuple[MonthOfCharges, ...]:
    found = []
    for month, listed in groupby(charges, key=lambda charge: charge.service_date.month):
        sums = [one for one in of_year if one.month == month]
        title = f"{format_month(month)} {year}"
        found.append(
            MonthOfCharges(title, sum(one.cents for one in sums), sum(one.count for one in sums), tuple(listed))
        )
    return tuple(found)
