"""/fees: the list, one fee with its working, a new one, taking one back. Members see their own."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from app.auth import permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, Access
from app.clock import now
from app.extensions import db
from app.forms.list_filter import INVALID, ListFilter
from app.forms.submit import submit
from app.pages.declaration import GET_POST, POST, MenuEntry, page
from app.pages.fees import bp
from app.pages.fees.forms import FeeForm, ReverseFeeForm
from app.web.paging import page_number
from app.wording.documents import CODE_LABELS
from app.wording.fees import KIND_LABELS, ONCE_REVERSED, fee_steps
from app.wording.formats import as_zone
from billing.charges.charges import waits_for_rate
from billing.errors.fee_errors import FeeNotFound
from billing.fees import posting
from billing.fees.deposits import DEPOSIT, is_set_off
from billing.queries import charge_of_slip
from billing.queries import fees as queries
from billing.queries.fees import NO_DEPOSIT, FeeFilter, FeeView
from booking.queries import machine_names, member_names, usage_slip
from booking.queries.usage import ended_uses
from booking.times.wall_clock import local_day

PER_PAGE = 25
WITHOUT_DEPOSITS = {NO_DEPOSIT: _l("Without deposits")}  # its sum is income
SEEN = Access(member=OWN, treasurer=ALL, admin=ALL, leaver=OWN)


@dataclass(frozen=True, slots=True)
class WaitingSlip:
    """A slip without a price, for which a deposit is held. lacks_rate: of the VAT that its tariff adds."""

    usage_id: int
    lacks_rate: bool


@page(bp, "", access=SEEN, menu=MenuEntry(_l("Fees"), 64, icon="receipt"))
def index() -> ResponseReturnValue:
    """List fees and reversals, the newest first: ?kind=&member=&from=&until=. Members see only their own."""
    session, all_of_them = db.session(), permissions.reaches_all()
    form = ListFilter.of(request.args, ())
    is_valid = form.validate()
    wanted = _wanted(form) if is_valid else FeeFilter()
    if not all_of_them:
        wanted = replace(wanted, member_id=current_user.member_id, member_text="")
    offset = (page_number() - 1) * PER_PAGE
    rows, has_next = queries.fees(session, wanted, limit=PER_PAGE, offset=offset) if is_valid else ((), False)
    count, cents = queries.fee_totals(session, wanted) if is_valid else (0, 0)
    return render_template(
        "fees/index.html",
        form=form,
        kind=_kind(),
        kinds=KIND_LABELS,
        chips=(WITHOUT_DEPOSITS if all_of_them else {}) | KIND_LABELS,
        rows=rows,
        count=count,
        cents=cents,
        members={name.id: name for name in member_names(session, {row.member_id for row in rows})},
        machines=machine_names(session),
        all_of_them=all_of_them,
        page=page_number(),
        has_next=has_next,
    ), (200 if is_valid else INVALID)


@page(bp, "/new", methods=GET_POST, access=Access(treasurer=ALL), keeps_input=True)
def new() -> ResponseReturnValue:
    """Enter a fee of a member."""
    session, form = db.session(), FeeForm()
    if not form.is_submitted():
        form.issue_key()
        form.service_date.data = local_day(now(), as_zone(None))
        form.quantity.data = "1"
    form.offer(session, current_user, machine_names(session).items(), today=local_day(now(), as_zone(None)))
    if form.is_searching:
        return _new_page(form)
    entered = submit(
        form,
        lambda: _enter(form),
        message=_("The fee is entered. The member gets an e-mail about it."),
        location=lambda fee_id: url_for(".show", fee_id=fee_id),
    )
    return entered or _new_page(form)


@page(bp, "/<int:fee_id>", access=SEEN)
def show(fee_id: int) -> ResponseReturnValue:
    """Show a fee with its working."""
    return _show(fee_id, ReverseFeeForm(formdata=None))


@page(bp, "/<int:fee_id>/reverse", methods=POST, access=Access(treasurer=ALL), keeps_input=True)
def reverse(fee_id: int) -> ResponseReturnValue:
    """Take a fee back by its mirror."""
    session, form = db.session(), ReverseFeeForm()
    reversed_ = submit(
        form,
        lambda: posting.reverse_fee(session, fee_id, form.reason.data or "", by=current_actor(), now=now()).id,
        message=_("The fee is reversed. Both stay visible."),
        location=url_for(".show", fee_id=fee_id),
    )
    return reversed_ or _show(fee_id, form)


def _enter(form: FeeForm) -> int:
    wanted, by = form.entry(), current_actor()
    return posting.enter_fee(db.session(), wanted, by=by, now=now(), form_key=form.derive_id(by.user_id, wanted)).id


def _new_page(form: FeeForm) -> ResponseReturnValue:
    return render_template("fees/new.html", form=form), form.status


def _show(fee_id: int, form: ReverseFeeForm) -> ResponseReturnValue:
    session, row = db.session(), _seen(fee_id)
    (member,) = member_names(session, [row.member_id])
    return render_template(
        "fees/show.html",
        fee=row,
        member=member,
        machine=machine_names(session).get(row.machine_id or 0, ""),
        kind=KIND_LABELS[row.kind],
        once_reversed=ONCE_REVERSED[row.kind],
        steps=fee_steps(row.working),
        vat=CODE_LABELS.get(row.tax_code or ""),
        waiting=_waiting_slip(row),
        form=form,
    ), form.status


def _seen(fee_id: int) -> FeeView:
    """Return a fee that the present login may see; another's is answered like a missing one."""
    row = queries.fee(db.session(), fee_id)
    permissions.require(member_id=row.member_id, missing=FeeNotFound(id=fee_id))
    return row


def _kind() -> str:
    kind = request.args.get("kind", "")
    return kind if kind in KIND_LABELS | WITHOUT_DEPOSITS else ""


def _wanted(form: ListFilter) -> FeeFilter:
    since, until = form.days
    return FeeFilter(kind=_kind(), member_text=form.member_text, since=since, until=until)


def _waiting_slip(fee: FeeView) -> WaitingSlip | None:
    """Return the slip for whose price a deposit is held although the machine is back; None where none is."""
    session = db.session()
    is_held = fee.kind == DEPOSIT and fee.reverses_id is None and fee.reversed_by_id is None
    if not is_held or fee.reservation_id is None or fee.machine_id is None:
        return None
    usage_id = next(iter(ended_uses(session, [fee.reservation_id])), None)
    waits = usage_id is not None and is_set_off(session, fee.machine_id, fee.service_from)
    if usage_id is None or not waits or charge_of_slip(session, usage_id) is not None:
        return None  # it goes back as soon as the worker gets to it
    return WaitingSlip(usage_id, waits_for_rate(session, usage_slip(session, usage_id)))
