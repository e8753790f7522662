"""Sending a wish: once for each form, for a machine or for any machine of a group."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_login import current_user
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.auth.current_login import current_actor
from app.clock import now
from app.extensions import db
from app.pages.reservations import deciding, grouped
from app.pages.reservations.forms import ReservationForm
from app.pages.reservations.options import GROUP_PREFIX, ChosenGroup
from booking import availability, queries
from booking.errors.schedule_errors import ReservationNotFound
from booking.kernel.transaction import in_write_transaction
from booking.models import Status
from booking.queries import MachineCard
from booking.reservations.group_requests import request_in_group
from booking.reservations.reservations import request_reservation
from booking.reservations.wishes import UID_DOMAIN, Wish


def send(wish: Wish, form: ReservationForm, card: MachineCard, group: ChosenGroup | None) -> tuple[int, Status]:
    """Enter what a form asks for; return the reservation and its status, also of a form that was sent before.

    Raises RequestRefused, SlotTaken, OtherPrice, Busy, OutcomeUnknown.
    """
    session, user_id, instant = db.session(), current_user.id, now()
    overruling = deciding.overruling_of(form, card.workshop_id)
    uid = _uid(wish, form, user_id, group)
    asked: dict[str, Any] = {
        "by": current_actor(),
        "now": instant,
        "uid": uid,
        "approve": deciding.may_decide(card.workshop_id),
        "overruling": overruling,
    }

    def once() -> tuple[int, Status]:
        if (known := _entered_before(session, uid)) is not None:
            return known
        if group is None:
            entered = request_reservation(session, wish, **asked)
        else:
            machine_id, entered = request_in_group(session, grouped.asked_of_group(session, group, wish), **asked)
            grouped.require_price_shown(session, group, form.shown_machine.data, machine_id, wish)
        return entered.id, entered.status

    if (
        group is None
        and overruling is None
        and (known := _decided_before_lock(session, wish, uid, instant)) is not None
    ):
        return known
    try:
        return in_write_transaction(session, once)
    except IntegrityError:
        # On PostgreSQL both requests of a double click can get this far; the first one has stored it by now.
        known = _entered_before(session, uid)
        if known is None:
            raise
        return known


def _decided_before_lock(session: Session, wish: Wish, uid: str | None, instant: datetime) -> tuple[int, Status] | None:
    """Return what the form became when it was sent before. Raises SlotTaken for a span that is plainly taken.

    A thousand who want the same hour are then refused by a read, and only who may win waits for the write lock.
    """
    if availability.places_free(session, wish) >= wish.places:
        return None
    if (known := _entered_before(session, uid)) is not None:
        return known
    check = availability.check_wish(session, wish, now=instant)
    if check.taken is not None and not check.violations:
        raise check.taken
    return None


def _uid(wish: Wish, form: ReservationForm, user_id: int, group: ChosenGroup | None) -> str | None:
    """Return the uid of the reservation: a form sent twice with the same wish gives the same one."""
    target = wish.machine_id if group is None else f"{GROUP_PREFIX}{group.id}"
    asked = wish.member_id, wish.span.start, wish.span.end, wish.places, *wish.choices
    name = form.derive_id(user_id, target, *asked)
    return None if name is None else f"{name}@{UID_DOMAIN}"


def _entered_before(session: Session, uid: str | None) -> tuple[int, Status] | None:
    if uid is None:
        return None
    try:
        known = queries.reservation_by_uid(session, uid)
    except ReservationNotFound:
        return None
    return known.id, known.status
