"""/reservations/<id>/no-show: a manager reports that nobody came, and takes that back."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.pages.declaration import POST, page
from app.pages.reservations import bp, conflicts
from booking.errors.schedule_errors import SlotTaken, WrongStatus
from booking.kernel.transaction import in_write_transaction
from booking.models import Reservation
from booking.reservations import decisions


@page(bp, "/<int:reservation_id>/no-show", methods=POST, access=Access(manager=WORKSHOP, admin=ALL))
def report_no_show(reservation_id: int) -> ResponseReturnValue:
    """Report that the member did not come; its time is free from now on."""
    view = lookups.reservation(reservation_id)
    done = _(
        "No-show reported: %(machine)s, %(member)s. You can take it back.",
        machine=view.machine_name,
        member=view.member_name,
    )
    return _do(reservation_id, decisions.report_no_show, done)


@page(bp, "/<int:reservation_id>/no-show/undo", methods=POST, access=Access(manager=WORKSHOP, admin=ALL))
def take_back_no_show(reservation_id: int) -> ResponseReturnValue:
    """Take back a no-show that was reported by mistake."""
    lookups.reservation(reservation_id)
    done = _("The no-show is taken back; the reservation is confirmed again.")
    return _do(reservation_id, decisions.take_back_no_show, done)


def _do(reservation_id: int, verb: Callable[..., Reservation], done: str) -> ResponseReturnValue:
    session, by, instant = db.session(), current_actor(), now()
    try:
        in_write_transaction(session, lambda: verb(session, reservation_id, by=by, now=instant))
    except (WrongStatus, SlotTaken) as refusal:
        return conflicts.changed_page(reservation_id, refusal)
    flash(done)
    if request.form.get("back") == "today":
        return redirect(url_for("today.show"), code=303)
    return redirect(url_for("reservations.show", reservation_id=reservation_id), code=303)
