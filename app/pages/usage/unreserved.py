"""/usage/new: enter a use that was not reserved, of one's own or, as a manager, of a member."""

from __future__ import annotations

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
from app.forms.submit import submit
from app.pages.declaration import GET_POST, page
from app.pages.usage import bp
from app.pages.usage.use_forms import UnreservedUseForm
from booking import queries, usage
from booking.errors import MachineNotFound
from booking.queries import MachineCard, SlipView
from booking.wall_clock import local_day


@page(bp, "/new", methods=GET_POST, access=Access(member=OWN, manager=WORKSHOP, admin=ALL), keeps_input=True)
def report_use() -> ResponseReturnValue:
    """Enter a use without reservation; first its machine is chosen, which says what is measured."""
    session = db.session()
    slug = request.values.get("machine", "")
    if not slug:
        return render_template("usage/choose_machine.html", machines=queries.machine_cards(session, limit=None).items)
    card = queries.machine_card(session, slug)
    permissions.require(
        member_id=current_user.member_id, workshop_id=card.workshop_id, missing=MachineNotFound(id=slug)
    )
    form = UnreservedUseForm(card)
    if not permissions.may_touch("usage.report_use", "POST", workshop_id=card.workshop_id):
        form.drop_members()
    if not form.is_submitted():
        _fill(form, card)
    form.offer_members(session, current_user, day=ANY_DAY)
    entered = None
    if not form.is_searching:
        entered = submit(form, lambda: _enter(form, card), message="", location=_slip_address)
    return entered or (
        render_template("usage/unreserved.html", form=form, card=card, unit=form.unit, known=_overlapping(form)),
        form.status,
    )


def _fill(form: UnreservedUseForm, card: MachineCard) -> None:
    write_typed(form.date, local_day(now(), card.zone))
    if form.member is not None and current_user.member_id is not None:
        form.member.data = str(current_user.member_id)


def _enter(form: UnreservedUseForm, card: MachineCard) -> usage.Recorded:
    member_id = current_user.member_id if form.member is None else int(form.member.data)
    return usage.record_usage(db.session(), form.to_use(card.id, member_id), by=current_actor(), now=now())


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
