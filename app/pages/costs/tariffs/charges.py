"""/costs/charges: all charges and reversals by the day on which they were posted."""

from __future__ import annotations

from flask import abort, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.auth.permissions import ALL, Access
from app.exports.files import page_file
from app.extensions import db
from app.forms.list_filter import INVALID, ListFilter
from app.forms.year_choice import year_days, year_of_days
from app.pages.costs import bp, presenter
from app.pages.costs.desk import PER_PAGE, SUMMED_MAX, offset, today
from app.pages.declaration import MenuEntry, page
from app.web.paging import page_number, sums_all
from app.web.sorting import Sorting
from billing import queries
from billing.errors.money_errors import WrongPeriod
from billing.exports.charges import charge_table
from billing.queries import ChargeFilter, ChargeTotals
from booking.queries import few_members_matching, machine_card, machines_with_slips, member_names, ring_zone


@page(
    bp,
    "/charges",
    access=Access(treasurer=ALL, admin=ALL),
    menu=MenuEntry(_l("Charges"), 62, icon="receipt", bar={"treasurer": 40}),
)
def charges() -> ResponseReturnValue:
    """List charges and reversals, the last posted first or by ?sort=, with the sums of the filter (see /usage)."""
    session, form = db.session(), _filter()
    is_valid = form.validate()
    wanted = _found_once(_wanted(form)) if is_valid else ChargeFilter()
    at_most = None if sums_all() else SUMMED_MAX
    sorting = Sorting.of(request.args, queries.CHARGE_ORDERS, "-posted")
    listed = _listed(sorting, wanted) if is_valid else ()
    rows, zone = listed[:PER_PAGE], ring_zone(session)
    members = {name.id: name for name in member_names(session, {row.member_id for row in rows})}
    return render_template(
        "costs/charges.html",
        form=form,
        sorting=sorting,
        years=year_of_days(queries.years_of_ring(session, today()), *form.days, today=today()),
        rows=rows,
        totals=queries.charge_totals(session, at_most=at_most, **wanted) if is_valid else ChargeTotals(0, 0, {}),
        machines=presenter.machine_names(session),
        members=members,
        zone=zone,
        page=page_number(),
        has_next=len(listed) > PER_PAGE,
    ), (200 if is_valid else INVALID)


@page(bp, "/charges/file.<any(csv, xlsx):file_format>", access=Access(treasurer=ALL, admin=ALL))
def download_charges(file_format: str) -> ResponseReturnValue:
    """Return the charges and reversals of a filter: ?from=&until=&machine=&member=.

    Without days: from the oldest year with open work to the end of the present one.
    """
    form = _filter()
    if not form.validate():
        _refuse_filter()
    years = queries.years_of_ring(db.session(), today())
    first, last = year_days(queries.year_with_open_work(years, today()))[0], year_days(today().year)[1]
    wanted = _wanted(form)
    try:
        table = charge_table(
            db.session(),
            wanted.get("since") or min(first, wanted.get("until") or first),
            wanted.get("until") or last,
            machine_id=wanted.get("machine_id"),
            member_text=wanted.get("member_text", ""),
        )
    except WrongPeriod:
        _refuse_filter()
    return page_file(table, file_format)


def _filter() -> ListFilter:
    return ListFilter.of(request.args, machines_with_slips(db.session()))


def _listed(sorting: Sorting, wanted: ChargeFilter) -> tuple[queries.PostedCharge, ...]:
    """Return a page of charges, and the first of the next."""
    return queries.posted_charges(
        db.session(),
        sorted_by=sorting.column,
        is_descending=sorting.is_descending,
        limit=PER_PAGE + 1,
        offset=offset(),
        **wanted,
    )


def _wanted(form: ListFilter) -> ChargeFilter:
    since, until = form.days
    machine_id = machine_card(db.session(), form.machine.data).id if form.machine.data else None
    return ChargeFilter(since=since, until=until, machine_id=machine_id, member_text=form.member_text)


def _found_once(wanted: ChargeFilter) -> ChargeFilter:
    """Return a filter whose members are found already, where they are few: for the list and its sums."""
    text = wanted.get("member_text")
    few = few_members_matching(db.session(), text) if text else None
    if few is None:
        return wanted
    return ChargeFilter(
        since=wanted.get("since"), until=wanted.get("until"), machine_id=wanted.get("machine_id"), member_ids=few
    )


def _refuse_filter() -> None:
    sentence = _("Choose the first and the last day, at most ten years apart, and a machine of the list.")
    abort(
        make_response(render_template("error.html", status=INVALID, title=_("Which days?"), sentence=sentence), INVALID)
    )
