"""/workshop/closures: take a machine out of service for a while, and end that early."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.span_form import END
from app.forms.submit import submit
from app.pages.declaration import GET_POST, POST, page
from app.pages.workshop import bp, presenter
from app.pages.workshop.forms import ClosureForm
from app.wording.errors import sentence_of
from booking import blockings, queries
from booking.errors import SlotTaken, WrongStatus
from booking.kernel.transaction import in_write_transaction
from booking.queries import ReservationView


@page(bp, "/closures/new", methods=GET_POST, access=Access(manager=WORKSHOP, admin=ALL), keeps_input=True)
def close() -> ResponseReturnValue:
    """Close a machine of one's workshop; shows which reservations are in the way."""
    form = ClosureForm()
    form.offer(presenter.my_machines(db.session()))
    if not form.is_submitted():
        form.machine.data, form.until.data = request.args.get("machine"), END
    closed = submit(
        form, lambda: _close(form), message=_("The machine is closed for that time."), location=url_for(".index")
    )
    return closed or _page(form)


@page(bp, "/closures/<int:closure_id>/lift", methods=POST, access=Access(manager=WORKSHOP, admin=ALL))
def lift(closure_id: int) -> ResponseReturnValue:
    """End a closure; the machine is free at once."""
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


def _close(form: ClosureForm) -> None:
    span, card = form.span, lookups.managed_machine(form.machine.data)
    assert span is not None  # of a valid form
    blockings.close(db.session(), card.id, span, form.reason.data or "", by=current_actor(), now=now())


def _page(form: ClosureForm) -> ResponseReturnValue:
    is_taken, card = isinstance(form.refusal, SlotTaken), form.chosen()
    in_the_way: tuple[ReservationView, ...] = ()
    if is_taken and card is not None and form.span is not None:
        in_the_way = queries.hit_by(db.session(), card.id, form.span)
    return render_template("workshop/close.html", form=form, in_the_way=in_the_way, is_taken=is_taken), form.status
