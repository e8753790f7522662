"""Answers to a form on a reservation that somebody else changed since it was opened, or whose time is over."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.auth import lookups
from app.clock import now
from app.extensions import db
from app.pages.reservations import presenter
from app.pages.reservations.forms import CancelForm, MoveForm
from app.wording.errors import sentence_of, status_of
from booking import queries
from booking.errors.schedule_errors import WrongStatus
from booking.kernel.errors import DomainError
from booking.queries import ReservationView
from booking.reservations import lifecycle
from booking.reservations.lifecycle import Step


def refresh_revision(form: MoveForm | CancelForm, reservation_id: int) -> ReservationView:
    """Give the form the present revision, and return the reservation as it stands: what was typed can be sent again."""
    view = lookups.reservation(reservation_id)
    form.revision.data = view.revision
    return view


def changed_page(reservation_id: int, refusal: DomainError) -> ResponseReturnValue:
    """Show the reservation as it stands, with the reason why nothing was done."""
    view = queries.reservation(db.session(), reservation_id)
    page = presenter.reservation_page(db.session(), view, now=now())
    return render_template("reservations/show.html", page=page, refusal=sentence_of(refusal)), status_of(refusal)


def lead_away(view: ReservationView, step: Step) -> ResponseReturnValue | None:
    """Lead to the page of a reservation whose form would only be refused, with the reason; None where it would not."""
    try:
        lifecycle.require(view, step, now())
    except WrongStatus as refusal:
        flash(sentence_of(refusal), "warning")
        return redirect(url_for("reservations.show", reservation_id=view.id), code=303)
    return None
