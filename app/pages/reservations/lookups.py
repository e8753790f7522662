"""Finding the reservation that a page is about, and showing it when it changed under the reader's hands."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from app.auth import lookups
from app.clock import now
from app.extensions import db
from app.pages.reservations import presenter
from app.pages.reservations.forms import CancelForm, MoveForm
from app.wording.errors import sentence_of, status_of
from booking import queries
from booking.errors import StaleRevision, WrongStatus
from booking.queries import ReservationView


def to_decide_again(form: MoveForm | CancelForm, refusal: StaleRevision, reservation_id: int) -> ReservationView:
    """Somebody changed the reservation meanwhile: what was typed stays, beside how it stands now."""
    view = lookups.reservation(reservation_id)
    form.revision.data = view.revision
    form.form_errors.append(sentence_of(refusal))
    return view


def changed_meanwhile(reservation_id: int, refusal: StaleRevision | WrongStatus) -> ResponseReturnValue:
    """Somebody changed the reservation since it was looked at: show how it stands now."""
    view = queries.reservation(db.session(), reservation_id)
    page = presenter.reservation_page(db.session(), view, now=now())
    return render_template("reservations/show.html", page=page, refusal=sentence_of(refusal)), status_of(refusal)
