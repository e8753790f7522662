"""What a member does with a reservation: request, move, cancel. Decisions about it stand in decisions.py.

Every verb is given the session and the time, flushes and never commits: call it inside
write_transaction(). Every verb records who did it.
"""

from __future__ import annotations

import dataclasses
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert
from sqlalchemy.orm import Session

from booking import announcements, catalogue, holds, occupancies
from booking.announcements import seconds
from booking.catalogue import MachineTerms
from booking.holds import Wish
from booking.kernel.events import Actor
from booking.kernel.orm import table_of
from booking.models import Reservation, Status
from booking.rules import Policy
from booking.timespan import TimeSpan

_ENTER = insert(table_of(Reservation)).returning(table_of(Reservation).c.id)


@dataclass(frozen=True, slots=True)
class Entered:
    """A request as it was stored. cancel_until: cancelling a confirmed one later is late."""

    id: int
    uid: str
    status: Status
    revision: int
    occupied: TimeSpan
    decide_until: datetime | None
    cancel_until: datetime


def request_reservation(session: Session, wish: Wish, *, by: Actor, now: datetime, uid: str | None = None) -> Entered:
    """Hold a machine for a member, at once or pending the manager's approval.

    uid: the caller's own name for this request, by which it can find it again when it is sent twice.

    Raises MachineNotFound, MemberNotFound, RequestRefused, SlotTaken.
    """
    occupancies.lock_machine(session, wish.machine_id)
    terms = catalogue.bookable_machine(session, wish.machine_id)
    holds.refuse_violations(session, wish, terms.policy, asked_at=now)

    uid = uid or f"{uuid.uuid4()}@{holds.UID_DOMAIN}"
    entered = _insert(session, wish, terms.policy, uid, by=by, now=now)
    occupancies.take_for_reservation(
        session, entered.id, wish.machine_id, terms.place_ids, entered.occupied, wish.places
    )

    is_request = entered.status is Status.REQUESTED
    told = announcements.ReservationRequested if is_request else announcements.ReservationConfirmed
    holds.announce(session, told(*holds.facts_of_new(entered.id, wish)), by, now)
    return entered


def move(
    session: Session,
    reservation_id: int,
    span: TimeSpan,
    *,
    by: Actor,
    now: datetime,
    places: int | None = None,
    may_decide: bool = False,
    revision: int | None = None,
) -> Reservation:
    """Put a reservation at another time, keeping its identity; the old time is free at once.

    may_decide: the actor may approve, so that a confirmed reservation stays confirmed; otherwise a machine
    that needs approval asks for it anew. A request stays a request, with a new deadline.

    Raises ReservationNotFound, StaleRevision, WrongStatus, MachineNotFound, RequestRefused, SlotTaken.
    """
    reservation = holds.locked(session, reservation_id, revision)
    holds.require_changeable(reservation, now)
    old = seconds(reservation.starts_at), seconds(reservation.ends_at)
    wish = dataclasses.replace(
        holds.wish_of(reservation), span=span, places=reservation.places if places is None else places
    )
    occupancies.lock_machine(session, wish.machine_id)
    terms = catalogue.bookable_machine(session, reservation.machine_id)
    holds.refuse_violations(session, wish, terms.policy, asked_at=now)

    _put(session, reservation, wish, terms)
    reservation.asked_at = now
    if reservation.status == Status.REQUESTED or (terms.policy.needs_approval and not may_decide):
        reservation.status = Status.REQUESTED
        reservation.decided_at, reservation.decided_by = None, None
        reservation.decide_until = holds.decide_until(span, terms.policy, now)
    holds.changed(session, reservation, now)
    moved = announcements.ReservationMoved(
        *holds.facts(reservation), *old, needs_decision=reservation.status == Status.REQUESTED
    )
    holds.announce(session, moved, by, now)
    return reservation


def cancel(
    session: Session,
    reservation_id: int,
    *,
    by: Actor,
    now: datetime,
    reason: str = "",
    revision: int | None = None,
) -> Reservation:
    """Give a reservation back before it is used; its span is free at once.

    A confirmed reservation cancelled later than the machine's rule allows is marked so.
    Raises ReservationNotFound, StaleRevision, WrongStatus.
    """
    reservation = holds.locked(session, reservation_id, revision)
    holds.require_changeable(reservation, now)
    reservation.is_late_cancel = reservation.status == Status.CONFIRMED and now > cancel_until(session, reservation)
    holds.end(session, reservation, Status.CANCELLED, reason, now)
    holds.announce(
        session,
        announcements.ReservationCancelled(*holds.facts(reservation), is_late=reservation.is_late_cancel),
        by,
        now,
    )
    return reservation


def cancel_until(session: Session, reservation: Reservation) -> datetime:
    """The last instant at which cancelling is not late."""
    terms = catalogue.lending_terms(session, reservation.machine_id)
    return reservation.starts_at - timedelta(hours=terms.policy.late_cancel_hours)


def _put(session: Session, reservation: Reservation, wish: Wish, terms: MachineTerms) -> None:
    occupied = terms.policy.occupied_by(wish.span)
    occupancies.release(session, reservation_id=reservation.id)
    occupancies.take_for_reservation(session, reservation.id, wish.machine_id, terms.place_ids, occupied, wish.places)
    reservation.starts_at, reservation.ends_at, reservation.places = wish.span.start, wish.span.end, wish.places
    reservation.occupied_from, reservation.occupied_until = occupied.start, occupied.end


def _insert(session: Session, wish: Wish, policy: Policy, uid: str, *, by: Actor, now: datetime) -> Entered:
    occupied = policy.occupied_by(wish.span)
    status = Status.REQUESTED if policy.needs_approval else Status.CONFIRMED
    decide_until = holds.decide_until(wish.span, policy, now) if policy.needs_approval else None
    row = holds.new_row(wish, occupied, uid, status, decide_until=decide_until, by=by, now=now)
    reservation_id = session.connection().execute(_ENTER, row).scalar_one()
    cancel_until = wish.span.start - timedelta(hours=policy.late_cancel_hours)
    return Entered(reservation_id, uid, status, holds.FIRST_REVISION, occupied, decide_until, cancel_until)
