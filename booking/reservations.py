"""What a member does with a reservation: request, move, cancel. decisions.py has what a manager does.

Every verb gets the session, the actor and the time, flushes and never commits: call it inside write_transaction().
"""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy.orm import Session

from booking import catalogue, events, lifecycle, occupancies, reservation_writer, wishes
from booking.catalogue import MachineTerms
from booking.events import to_timestamp
from booking.kernel.events import Actor
from booking.lifecycle import Step
from booking.models import Reservation, Status
from booking.occupancies import Taking
from booking.publish import publish
from booking.reservation_writer import NewReservation
from booking.timespan import TimeSpan
from booking.wishes import Wish


class RequestResult(NamedTuple):
    """The reservation that a request made. cancel_until: cancelling it later, once confirmed, is late."""

    id: int
    uid: str
    status: Status
    revision: int
    occupied: TimeSpan
    decide_until: datetime | None
    cancel_until: datetime


def request_reservation(
    session: Session, wish: Wish, *, by: Actor, now: datetime, uid: str | None = None
) -> RequestResult:
    """Hold a machine for a member, at once or pending the manager's approval.

    uid: the caller's own name for this request, by which it finds it again when it is sent twice.

    Raises MachineNotFound, MemberNotFound, RequestRefused, SlotTaken.
    """
    occupancies.lock_machines(session, [wish.machine_id])
    terms = catalogue.bookable_machine(session, wish.machine_id)
    wishes.refuse_violations(session, wish, terms.policy, asked_at=now)

    new = _new_reservation(wish, terms, uid or wishes.new_uid(), now)
    (entered,) = reservation_writer.enter(session, [new], by=by, now=now)
    return RequestResult(
        id=entered.id,
        uid=entered.uid,
        status=entered.status,
        revision=entered.revision,
        occupied=new.occupied,
        decide_until=new.decide_until,
        cancel_until=_cancel_until(entered.starts_at, terms),
    )


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
    blocking_id: int | None = None,
) -> Reservation:
    """Move a reservation to another span, keeping its identity; the old span is free at once.

    may_decide: the actor may approve, so that a confirmed reservation stays confirmed; otherwise on a machine
    that needs approval it becomes a request. A request stays a request, with a new deadline.
    blocking_id: the closure because of which a manager moves it.

    Raises ReservationNotFound, StaleRevision, WrongStatus, MachineNotFound, RequestRefused, SlotTaken.
    """
    reservation = reservation_writer.lock(session, reservation_id, revision)
    lifecycle.require(reservation, Step.MOVE, now)
    before = TimeSpan(reservation.starts_at, reservation.ends_at)
    wish = dataclasses.replace(Wish.of(reservation), span=span, places=reservation.places if places is None else places)
    occupancies.lock_machines(session, [wish.machine_id])
    terms = catalogue.bookable_machine(session, wish.machine_id)
    wishes.refuse_violations(session, wish, terms.policy, asked_at=now)

    needs_approval = terms.policy.needs_approval and not may_decide
    lifecycle.advance(reservation, Step.MOVE_FOR_APPROVAL if needs_approval else Step.MOVE, now)
    _restart_deadline(reservation, wish, terms, now)
    _retake_places(session, reservation, wish, terms)
    reservation_writer.save(session, reservation, now)
    publish(session, _moved(reservation, before, blocking_id), by=by, now=now)
    return reservation


def cancel(
    session: Session,
    reservation_id: int,
    *,
    by: Actor,
    now: datetime,
    reason: str = "",
    revision: int | None = None,
    blocking_id: int | None = None,
) -> Reservation:
    """Cancel a reservation before its end; its span is free at once.

    A confirmed reservation cancelled later than the machine's rule allows is marked as a late cancellation, unless
    a manager cancels it because of a closure (blocking_id).
    Raises ReservationNotFound, StaleRevision, WrongStatus.
    """
    reservation = reservation_writer.lock(session, reservation_id, revision)
    lifecycle.require(reservation, Step.CANCEL, now)
    is_confirmed = reservation.status == Status.CONFIRMED and blocking_id is None
    is_late = is_confirmed and now > cancel_until(session, reservation)
    reservation.is_late_cancel = is_late
    reservation_writer.end(session, reservation, Step.CANCEL, reason, now)
    cancelled = events.ReservationCancelled.of(reservation, is_late=is_late, blocking_id=blocking_id)
    publish(session, cancelled, by=by, now=now)
    return reservation


def cancel_until(session: Session, reservation: Reservation) -> datetime:
    """Return the last instant at which cancelling is not late."""
    return _cancel_until(reservation.starts_at, catalogue.lending_terms(session, reservation.machine_id))


def _cancel_until(starts_at: datetime, terms: MachineTerms) -> datetime:
    return starts_at - timedelta(hours=terms.policy.late_cancel_hours)


def _new_reservation(wish: Wish, terms: MachineTerms, uid: str, now: datetime) -> NewReservation:
    policy, needs_approval = terms.policy, terms.policy.needs_approval
    return NewReservation(
        wish=wish,
        uid=uid,
        step=Step.REQUEST if needs_approval else Step.CONFIRM,
        occupied=policy.occupied_by(wish.span),
        place_ids=terms.place_ids,
        decide_until=wishes.decide_until(wish.span, policy, now) if needs_approval else None,
    )


def _restart_deadline(reservation: Reservation, wish: Wish, terms: MachineTerms, now: datetime) -> None:
    reservation.asked_at = now
    if reservation.status == Status.REQUESTED:
        reservation.decided_at, reservation.decided_by = None, None
        reservation.decide_until = wishes.decide_until(wish.span, terms.policy, now)


def _moved(reservation: Reservation, before: TimeSpan, blocking_id: int | None) -> events.ReservationMoved:
    return events.ReservationMoved.of(
        reservation,
        old_starts_at=to_timestamp(before.start),
        old_ends_at=to_timestamp(before.end),
        needs_decision=reservation.status == Status.REQUESTED,
        blocking_id=blocking_id,
    )


def _retake_places(session: Session, reservation: Reservation, wish: Wish, terms: MachineTerms) -> None:
    """Give a reservation the span and places of a wish. Raises SlotTaken."""
    occupied = terms.policy.occupied_by(wish.span)
    occupancies.retake(session, Taking(reservation.id, wish.machine_id, terms.place_ids, occupied, wish.places))
    reservation.starts_at, reservation.ends_at, reservation.places = wish.span.start, wish.span.end, wish.places
    reservation.occupied_from, reservation.occupied_until = occupied.start, occupied.end
