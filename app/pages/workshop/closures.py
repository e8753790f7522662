"""/workshop/closures: take a machine out of service for a while, and end that early."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth import lookups, permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.span_form import END
from app.pages.declaration import GET_POST, POST, page
from app.pages.workshop import bp, presenter
from app.pages.workshop.forms import ClosureForm
from app.wording.errors import sentence_of
from app.wording.rules import violation_sentence
from booking import blockings, queries
from booking.errors import RequestRefused, SlotTaken, WrongStatus
from booking.kernel.transaction import in_write_transaction
from booking.queries import MachineCard, ReservationView


@page(bp, "/closures/new", methods=GET_POST, access=Access(manager=WORKSHOP, admin=ALL), keeps_input=True)
def close() -> ResponseReturnValue:
    """Close a machine of one's workshop; shows which reservations are in the way."""
    form, cards = ClosureForm(), presenter.my_machines(db.session())
    form.offer(cards)
    if not form.is_submitted():
        form.machine.data, form.until.data = request.args.get("machine"), END
        return _page(form, (), 200)
    card = next((card for card in cards if card.slug == form.machine.data), None)
    if card is None or not form.read_span(card.zone):
        return _page(form, (), 422)
    return _close(form, card)


@page(bp, "/closures/<int:closure_id>/lift", methods=POST, access=Access(manager=WORKSHOP, admin=ALL))
def lift(closure_id: int) -> ResponseReturnValue:
    """End a closure; the machine is to be had at once."""
    session = db.session()
    lookups.closure(closure_id)
    by = current_actor()
    try:
        in_write_transaction(session, lambda: blockings.lift(session, closure_id, by=by, now=now()))
    except WrongStatus as refusal:
        flash(sentence_of(refusal), "warning")
    else:
        flash(_("The closure is lifted. The machine can be reserved again."))
    return redirect(url_for(".index"), code=303)


def _close(form: ClosureForm, card: MachineCard) -> ResponseReturnValue:
    session, by = db.session(), current_actor()
    permissions.require(workshop_id=card.workshop_id)
    span = form.span
    assert span is not None  # read_span() said so
    try:
        in_write_transaction(
            session, lambda: blockings.close(session, card.id, span, form.reason.data or "", by=by, now=now())
        )
    except SlotTaken:
        return _page(form, queries.hit_by(session, card.id, span), 409)
    except RequestRefused as refusal:
        form.time.errors = [violation_sentence(violation, card.zone) for violation in refusal.violations]
        return _page(form, (), 422)
    flash(_("The machine is closed for that time."))
    return redirect(url_for(".index"), code=303)


def _page(form: ClosureForm, in_the_way: tuple[ReservationView, ...], status: int) -> ResponseReturnValue:
    return render_template("workshop/close.html", form=form, in_the_way=in_the_way, is_taken=status == 409), status
