"""Downloads for the treasurer's other programs."""

from __future__ import annotations

from flask import abort, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.auth.permissions import ALL, LOGGED_IN, OWN, Access
from app.exports.files import page_file
from app.extensions import db
from app.forms.period_form import requested_days
from app.forms.year_choice import requested_year, requested_year_days, year_days
from app.pages.costs import bp
from app.pages.costs.desk import today
from app.pages.costs.years.my_year import requested_machine
from app.pages.declaration import page
from billing import queries
from billing.errors.money_errors import AllocationNotFound
from billing.exports.allocations import allocation_list, allocation_table, due_table
from billing.exports.books import cost_table, share_table, tariff_table
from billing.exports.my_costs import my_charge_table, my_part_table
from billing.exports.slips import slip_table
from booking.queries import machine_card


@page(bp, "/allocations/<int:allocation_id>/file.<any(csv, xlsx):file_format>", access=Access(treasurer=ALL, admin=ALL))
def download_allocation(allocation_id: int, file_format: str) -> ResponseReturnValue:
    """Return all lines of an allocation, in the language of the page."""
    try:
        return page_file(allocation_table(db.session(), allocation_id), file_format)
    except AllocationNotFound:
        abort(404)


@page(
    bp,
    "/allocations/<int:allocation_id>/dues/file.<any(csv, xlsx):file_format>",
    access=Access(treasurer=ALL, admin=ALL),
)
def download_dues(allocation_id: int, file_format: str) -> ResponseReturnValue:
    """Return what an allocation makes each member owe."""
    return page_file(due_table(db.session(), allocation_id), file_format)


@page(bp, "/allocations/file.<any(csv, xlsx):file_format>", access=Access(treasurer=ALL, admin=ALL))
def download_allocations(file_format: str) -> ResponseReturnValue:
    """Return all allocations and reversals, a line each; or those of ?year=."""
    return page_file(allocation_list(db.session(), requested_year_days()), file_format)


@page(bp, "/mine/file.<any(csv, xlsx):file_format>", access=Access(member=OWN, leaver=OWN))
def download_my_charges(file_format: str) -> ResponseReturnValue:
    """Return one's own charges of a year: ?year=&machine=."""
    session, member_id = db.session(), current_user.member_id
    year, machine = requested_year() or queries.year_of_member(session, member_id, today()), requested_machine(session)
    table = my_charge_table(
        session,
        member_id,
        year_days(year),
        machine_id=machine.id if machine else None,
        subject=machine.name if machine else "",
    )
    return page_file(table, file_format)


@page(bp, "/mine/allocations/file.<any(csv, xlsx):file_format>", access=Access(member=OWN, leaver=OWN))
def download_my_allocations(file_format: str) -> ResponseReturnValue:
    """Return one's own parts of allocations; all, or those of ?year=."""
    return page_file(my_part_table(db.session(), current_user.member_id, requested_year_days()), file_format)


@page(bp, "/pools/<int:pool_id>/file.<any(csv, xlsx):file_format>", access=Access(treasurer=ALL, admin=ALL))
def download_costs(pool_id: int, file_format: str) -> ResponseReturnValue:
    """Return the bills of a pool; all, or those of ?year=."""
    return page_file(cost_table(db.session(), pool_id, requested_year_days()), file_format)


@page(bp, "/pools/<int:pool_id>/shares/file.<any(csv, xlsx):file_format>", access=Access(treasurer=ALL, admin=ALL))
def download_shares(pool_id: int, file_format: str) -> ResponseReturnValue:
    """Return who holds how many shares of a pool, since when."""
    return page_file(share_table(db.session(), pool_id), file_format)


@page(bp, "/tariffs/file.<any(csv, xlsx):file_format>", access=LOGGED_IN)
def download_tariffs(file_format: str) -> ResponseReturnValue:
    """Return today's price list."""
    return page_file(tariff_table(db.session(), today()), file_format)


@page(bp, "/slips/file.<any(csv, xlsx):file_format>", access=Access(treasurer=ALL, admin=ALL))
def download_slips(file_format: str) -> ResponseReturnValue:
    """Return the slips of some days with their prices: ?from=&until=&machine=SLUG&member=TEXT."""
    since, until = requested_days()
    slug = request.args.get("machine")
    machine_id = machine_card(db.session(), slug).id if slug else None
    table = slip_table(
        db.session(), since, until, machine_id=machine_id, member_text=request.args.get("member", "").strip()
    )
    return page_file(table, file_format)
