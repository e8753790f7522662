"""/usage/new: enter a use that was not reserved, of one's own or, as a manager, of a member."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.auth import permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.member_choice import ANY_DAY
from app.forms.span_form import write_typed
from app.forms.submit import INVALID, submit
from app.pages.declaration import GET_POST, page
from app.pages.usage import bp, live_price
from app.pages.usage.asked_fields import asking
from app.pages.usage.forms import CHECK
from app.pages.usage.use_forms import UnreservedUseForm
from billing.tariffs.asked_amounts import asked_on
from booking import queries
from booking.errors.schedule_errors import MachineNotFound
from booking.queries import MachineCard, SlipView
from booking.rule_changes import condition_changes
from booking.times.wall_clock import local_day
from booking.use import usage


@page(bp, "/new", methods=GET_POST, access=Access(member=OWN, manager=WORKSHOP, admin=ALL), keeps_input=True)
def report_use() -> ResponseReturnValue:
    """Enter a use without reservation; first its machine is chosen, which says what is measured."""
    session = db.session()
    slug = request.values.get("machine", "")
    if not slug:
        return render_template("usage/choose_machine.html", machines=queries.machine_choices(session))
    card, form = _open_form(slug)
    if form.is_searching:
        return _page(form, card, form.status)
    if CHECK in request.form:
        return _page(form, card, 200 if form.validate() else INVALID)
    entered = submit(form, lambda: _enter(form, card), message="", location=_slip_address)
    return entered or _page(form, card, form.status)


@page(bp, "/new/price", access=Access(member=OWN, manager=WORKSHOP, admin=ALL))
def price_of_use() -> ResponseReturnValue:
    """Return the price alone, for a form that is being filled in: its machine and fields as arguments."""
    slug = request.args.get("machine", "")
    if not slug:
        return ""
    card, form = _open_form(slug, formdata=request.args, meta={"csrf": False})
    form.validate()
    return render_template("usage/_live_price.html", price=_price(form, card))


def _open_form(slug: str, **kwargs: Any) -> tuple[MachineCard, UnreservedUseForm]:
    """Return the machine and its form, with the members who can be chosen. Raises MachineNotFound."""
    session = db.session()
    card = queries.machine_card(session, slug)
    permissions.require(
        member_id=current_user.member_id, workshop_id=card.workshop_id, missing=MachineNotFound(id=slug)
    )
    asked = asked_on(session, card.id, _typed_day(card))
    form = asking(UnreservedUseForm, asked)(card, **kwargs)
    if not permissions.may_touch("usage.report_use", "POST", workshop_id=card.workshop_id):
        form.drop_members()
    if not form.is_submitted() and not kwargs:
        _fill(form, card)
    form.offer_members(session, current_user, day=ANY_DAY)
    return card, form


def _typed_day(card: MachineCard) -> date:
    """Return the day that was sent, whose tariff says what is asked; the present one where none was."""
    try:
        return date.fromisoformat(request.values.get("date", ""))
    except ValueError:
        return local_day(now(), card.zone)


def _page(form: UnreservedUseForm, card: MachineCard, status: int) -> ResponseReturnValue:
    text = render_template(
        "usage/unreserved.html",
        form=form,
        card=card,
        unit=form.unit,
        known=_overlapping(form),
        price=_price(form, card),
        check_name=CHECK,
    )
    return text, status


def _price(form: UnreservedUseForm, card: MachineCard) -> live_price.LivePrice:
    return live_price.price_of_use(db.session(), card, form, _member_id(form), by=current_actor(), now=now())


def _member_id(form: UnreservedUseForm) -> int | None:
    """Return whose use it is; None while nobody who can be chosen is chosen."""
    if form.member is None:
        member_id: int | None = current_user.member_id
        return member_id
    is_offered = form.member.data in {str(choice[0]) for choice in form.member.choices or ()}
    return form.chosen_member_id if is_offered else None


def _fill(form: UnreservedUseForm, card: MachineCard) -> None:
    write_typed(form.date, local_day(now(), card.zone))
    if form.member is not None and current_user.member_id is not None:
        form.member.data = str(current_user.member_id)


def _enter(form: UnreservedUseForm, card: MachineCard) -> usage.Recorded:
    member_id = current_user.member_id if form.member is None else int(form.member.data)
    return condition_changes.record_usage(db.session(), form.to_use(card.id, member_id), by=current_actor(), now=now())


def _slip_address(recorded: usage.Recorded) -> str:
    flash(
        _("The use was entered. Here is the slip.")
        if recorded.is_new
        else _("This use had been entered before. Here is its slip.")
    )
    return url_for(".show", usage_id=recorded.slip.id)


def _overlapping(form: UnreservedUseForm) -> SlipView | None:
    """Return the slip that is in the way, where the login may see it."""
    if form.overlap is None:
        return None
    slip = queries.slip(db.session(), form.overlap.facts["usage_id"])
    may_see = permissions.may_touch("usage.show", member_id=slip.member_id, workshop_id=slip.workshop_id)
    return slip if may_see else None
