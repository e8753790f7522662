"""/reservations/<id>/proposal and beside it: answer what a manager proposed because of a closure."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.pages.declaration import POST, page
from app.pages.reservations import bp, conflicts
from app.pages.waiting.offer_routes import AnswerForm
from booking import replan
from booking.errors.schedule_errors import (
    MachineNotFound,
    RequestRefused,
    SlotTaken,
    StaleRevision,
    WrongStatus,
)
from booking.kernel.transaction import in_write_transaction
from booking.models import Reservation
from booking.queries import ReservationView
from booking.replan.errors import OldTimeGone
from booking.reservations import lifecycle, reservations
from booking.reservations.lifecycle import Step

ANSWER = Access(member=OWN, manager=WORKSHOP, admin=ALL)


@page(bp, "/<int:reservation_id>/proposal/accept", methods=POST, access=ANSWER)
def accept_proposal(reservation_id: int) -> ResponseReturnValue:
    """Accept the proposed time."""
    return _answer(reservation_id, reservations.accept_proposal, _("The proposed time is accepted."))


@page(bp, "/<int:reservation_id>/proposal/decline", methods=POST, access=ANSWER)
def decline_proposal(reservation_id: int) -> ResponseReturnValue:
    """Decline the proposed time: the reservation is cancelled."""
    return _answer(reservation_id, reservations.cancel, _("The proposed time is declined; it is free again."))


@page(bp, "/<int:reservation_id>/old-time", methods=POST, access=ANSWER)
def go_back(reservation_id: int) -> ResponseReturnValue:
    """Return to the old time and machine after a breakdown."""
    return _place(reservation_id, replan.go_back, _("Done: it has its old time again."))


@page(bp, "/<int:reservation_id>/proposed-time", methods=POST, access=ANSWER)
def take_offer(reservation_id: int) -> ResponseReturnValue:
    """Take the time and machine that were proposed after a breakdown."""
    return _place(reservation_id, replan.take_offer, _("Done: you have the proposed time."))


@page(bp, "/<int:reservation_id>/proposed-time/decline", methods=POST, access=ANSWER)
def decline_offer(reservation_id: int) -> ResponseReturnValue:
    """Decline what was proposed after a breakdown: the reservation is cancelled, which is never late."""
    return _place(reservation_id, replan.decline, _("Declined: the reservation is cancelled. It costs nothing."))


def _place(reservation_id: int, verb: Callable[..., Reservation], done: str) -> ResponseReturnValue:
    """Carry out an answer to a re-plan; a refusal is shown on the page of the reservation."""
    revision = _revision_of(lookups.reservation(reservation_id))
    session, by, instant = db.session(), current_actor(), now()
    try:
        in_write_transaction(session, lambda: verb(session, reservation_id, by=by, now=instant, revision=revision))
    except (OldTimeGone, StaleRevision, SlotTaken, RequestRefused, MachineNotFound) as refusal:
        return conflicts.changed_page(reservation_id, refusal)
    flash(done)
    return redirect(url_for("reservations.show", reservation_id=reservation_id), code=303)


def _answer(reservation_id: int, verb: Callable[..., Reservation], done: str) -> ResponseReturnValue:
    view, session, by, instant = lookups.reservation(reservation_id), db.session(), current_actor(), now()
    revision = _revision_of(view)
    try:
        lifecycle.require(view, Step.ACCEPT_PROPOSAL, instant)
        in_write_transaction(session, lambda: verb(session, reservation_id, by=by, now=instant, revision=revision))
    except (WrongStatus, StaleRevision) as refusal:
        return conflicts.changed_page(reservation_id, refusal)
    flash(done)
    return redirect(url_for("reservations.show", reservation_id=reservation_id), code=303)


def _revision_of(view: ReservationView) -> int:
    """Return the revision that the page showed, so that nobody accepts another time than they saw."""
    shown = AnswerForm().revision.data
    return view.revision if shown is None else shown
