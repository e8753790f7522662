"""/workshop/closures: take a machine out of service for a while, and end that early."""

from __future__ import annotations

from datetime import timedelta

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
from app.pages.workshop.forms import ChangeClosureForm, ClosureForm
from app.wording.errors import sentence_of
from booking import blockings, queries
from booking.errors import SlotTaken, WrongStatus
from booking.kernel.transaction import in_write_transaction
from booking.queries import ClosureView, ReservationView
from booking.timespan import TimeSpan

USUAL_LENGTH = timedelta(days=1)  # proposed for a machine that is closed now


@page(bp, "/closures/new", methods=GET_POST, access=Access(manager=WORKSHOP, admin=ALL), keeps_input=True)
def close() -> ResponseReturnValue:
    """Close a machine of one's workshop; shows which reservations are in the way."""
    form = ClosureForm()
    form.offer(presenter.choices_of_machines(db.session()))
    if not form.is_submitted():
        _fill(form)
    closed = submit(form, lambda: _close(form), message=_("Closed for that time."), location=_next_page)
    return closed or _page(form)


@page(
    bp,
    "/closures/<int:closure_id>/change",
    methods=GET_POST,
    access=Access(manager=WORKSHOP, admin=ALL),
    keeps_input=True,
)
def change_closure(closure_id: int) -> ResponseReturnValue:
    """Change the time or the reason of a closure; a breakdown that takes longer is closed around reservations."""
    closure, form = lookups.closure(closure_id), ChangeClosureForm()
    card = queries.machine_card(db.session(), closure.machine_id)
    form.offer((card,))
    if not form.is_submitted():
        form.fill_in(closure, card)
        form.until.data = END
    changed = submit(
        form, lambda: _change(form, closure_id), message=_("The closure was changed."), location=_next_page
    )
    return changed or _page(form, lookups.closure(closure_id))


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
        flash(_("The closure is lifted. Reserving is possible again."))
    return redirect(url_for(".index"), code=303)


def _fill(form: ClosureForm) -> None:
    """Fill in the machine of the address; with `now=1` a closure from now until tomorrow, around reservations."""
    form.machine.data = request.args.get("machine")
    if request.args.get("now") == "1" and (chosen := form.chosen()) is not None:
        start = now().replace(second=0, microsecond=0)
        form.fill(TimeSpan(start, start + USUAL_LENGTH), queries.machine_card(db.session(), chosen.id))
        form.around_reservations.data = True
    form.until.data = END


def _close(form: ClosureForm) -> int:
    span, card = form.span, lookups.managed_machine(form.machine.data)
    assert span is not None  # of a valid form
    return blockings.close(
        db.session(),
        card.id,
        span,
        form.reason.data or "",
        by=current_actor(),
        now=now(),
        around_reservations=form.around_reservations.data,
    )


def _change(form: ChangeClosureForm, closure_id: int) -> int:
    span = form.span
    assert span is not None  # of a valid form
    blockings.change(
        db.session(),
        closure_id,
        span,
        form.reason.data or "",
        by=current_actor(),
        now=now(),
        revision=form.revision.data,
        around_reservations=form.around_reservations.data,
    )
    return closure_id


def _next_page(closure_id: int) -> str:
    """Return where a closure leads to: to the plan for what it hits, or back to the desk."""
    closure = queries.closure(db.session(), closure_id)
    if queries.undecided_counts(db.session(), [closure], now=now()):
        return url_for(".plan", closure_id=closure_id)
    return url_for(".index")


def _page(form: ClosureForm, closure: ClosureView | None = None) -> ResponseReturnValue:
    is_taken, card = isinstance(form.refusal, SlotTaken), form.chosen()
    in_the_way: tuple[ReservationView, ...] = ()
    if is_taken and card is not None and form.span is not None:
        in_the_way = tuple(view for view in queries.hit_by(db.session(), card.id, form.span) if view.is_holding)
    page = render_template("workshop/close.html", form=form, closure=closure, in_the_way=in_the_way, is_taken=is_taken)
    return page, form.status
