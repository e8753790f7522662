"""Decisions about a request or an unused reservation: approve, reject, expire, report a no-show; and taking them back.

Verbs as in reservations.py: given the session, the actor and the time, they flush and never commit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import WrongStatus
from booking.events import reservation_events
from booking.events.reservation_events import to_timestamp
from booking.kernel.events import Actor, RecordedEvent
from booking.models import Reservation, Status
from booking.places import occupancies
from booking.records import catalogue
from booking.records.overruling import Overruling, record_overruled
from booking.records.publish import publish
from booking.reservations import former_times, late_moves, lifecycle, moving, reservation_writer, wishes
from booking.reservations.former_times import HeldTime
from booking.reservations.lifecycle import Step
from booking.reservations.wishes import Wish
from booking.rules.move_rules import Held
from booking.timespan import TimeSpan


def approve(
    session: Session,
    reservation_id: int,
    *,
    by: Actor,
    now: datetime,
    revision: int | None = None,
    overruling: Overruling | None = None,
    series_id: int | None = None,
) -> Reservation:
    """Confirm a request, after checking every rule again as of the time it was made.

    A move is checked for what it adds, and its former time is free at once. series_id: of the series decided with it.

    Raises ReservationNotFound, StaleRevision, WrongStatus (or its deadline passed), MachineNotFound, RequestRefused.
    """
    reservation = reservation_writer.lock(session, reservation_id, revision)
    lifecycle.require(reservation, Step.APPROVE, now)
    occupancies.lock_machines(session, [reservation.machine_id])
    terms = catalogue.bookable_machine(session, reservation.machine_id)
    former = former_times.former_time(reservation)
    overruled = wishes.refuse_violations(
        session,
        Wish.of(reservation),
        terms.policy,
        asked_at=reservation.asked_at,
        held=None if former is None else Held(former.span, former.places),
        reservation_id=reservation_id,
        overruling=overruling,
        now=now,
    )

    with late_moves.noted(session, reservation, now, counts=series_id is None):
        lifecycle.advance(reservation, Step.APPROVE, now)
        reservation.decided_at, reservation.decided_by, reservation.decide_until = now, by.user_id, None
        moving.approve(session, reservation, former, terms, now)
    reservation_writer.save(session, reservation, now)
    publish(session, _confirmed(reservation, former, series_id), by=by, now=now)
    record_overruled(session, reservation, overruled, overruling, by=by, now=now)
    return reservation


def reject(
    session: Session,
    reservation_id: int,
    reason: str,
    *,
    by: Actor,
    now: datetime,
    revision: int | None = None,
    series_id: int | None = None,
) -> Reservation:
    """Decline a request with a reason; its span is free at once. A declined move leaves the reservation as it was.

    series_id: the series that is decided with it.

    Raises ReservationNotFound, StaleRevision, WrongStatus.
    """
    reservation = reservation_writer.lock(session, reservation_id, revision)
    lifecycle.require(reservation, Step.REJECT, now)
    reservation.decided_at, reservation.decided_by = now, by.user_id
    restored = _end_or_restore(session, reservation, Step.REJECT, reason, now)
    publish(
        session, reservation_events.ReservationRejected.of(reservation, series_id=series_id, **restored), by=by, now=now
    )
    return reservation


def expire(session: Session, reservation_id: int, *, by: Actor, now: datetime) -> bool:
    """End a request that no manager decided in time; return whether it was still open.

    A move that nobody decided leaves the reservation as it was.
    """
    reservation = reservation_writer.lock(session, reservation_id)
    if not lifecycle.is_possible(reservation, Step.EXPIRE, now):
        return False
    restored = _end_or_restore(session, reservation, Step.EXPIRE, "", now)
    publish(session, reservation_events.ReservationExpired.of(reservation, **restored), by=by, now=now)
    return True


def overdue_requests(session: Session, *, now: datetime, limit: int = 100) -> Sequence[int]:
    """Return the ids of requests whose deadline has passed, oldest deadline first."""
    return session.scalars(
        select(Reservation.id)
        .where(Reservation.status == Status.REQUESTED, Reservation.decide_until <= now)
        .order_by(Reservation.decide_until, Reservation.id)
        .limit(limit)
    ).all()


def report_no_show(
    session: Session, reservation_id: int, *, by: Actor, now: datetime, revision: int | None = None
) -> Reservation:
    """Record that the member did not come. Only after the start; the rest of the span is free at once.

    Raises ReservationNotFound, StaleRevision, WrongStatus.
    """
    reservation = reservation_writer.lock(session, reservation_id, revision)
    reservation_writer.end(session, reservation, Step.REPORT_NO_SHOW, "", now)
    publish(session, reservation_events.ReservationNoShow.of(reservation), by=by, now=now)
    return reservation


def take_back_no_show(
    session: Session, reservation_id: int, *, by: Actor, now: datetime, revision: int | None = None
) -> Reservation:
    """Confirm a reservation again that was reported as a no-show by mistake.

    Before its end it takes what is left of its time, where places are free; what somebody else had meanwhile stays
    theirs. Once it is over it holds nothing.
    Raises ReservationNotFound, StaleRevision, WrongStatus, SlotTaken, MachineNotFound (retired meanwhile).
    """
    reservation = reservation_writer.lock(session, reservation_id, revision)
    lifecycle.advance(reservation, Step.TAKE_BACK_NO_SHOW, now)
    if now < reservation.ends_at:
        reservation_writer.retake(session, reservation, now)
    reservation_writer.save(session, reservation, now)
    publish(session, reservation_events.ReservationNoShowTakenBack.of(reservation), by=by, now=now)
    return reservation


def take_back(session: Session, reservation_id: int, *, by: Actor, now: datetime, revision: int) -> Reservation:
    """Take back an approval or a refusal of a request (not of a move): it waits again, until its former deadline.

    revision: the one that the decision left, so that nothing that came after it is undone. A declined request takes its
    time again.
    Raises ReservationNotFound, StaleRevision, WrongStatus (also for a move, or after its deadline), SlotTaken,
    MachineNotFound (retired meanwhile).
    """
    reservation = reservation_writer.lock(session, reservation_id, revision)
    was_approved = reservation.status == Status.CONFIRMED
    lifecycle.require(reservation, Step.TAKE_BACK_DECISION, now)
    if _was_move(session, reservation_id):
        raise WrongStatus(status="moved", wanted=[Status.REQUESTED.value])
    lifecycle.advance(reservation, Step.TAKE_BACK_DECISION, now)
    span = TimeSpan(reservation.starts_at, reservation.ends_at)
    terms = catalogue.lending_terms(session, reservation.machine_id)
    reservation.decide_until = wishes.decide_until(span, terms.policy, reservation.asked_at)
    lifecycle.require(reservation, Step.APPROVE, now)
    reservation.decided_at, reservation.decided_by, reservation.reason = None, None, ""
    if not was_approved:
        reservation_writer.retake(session, reservation, now)
    reservation_writer.save(session, reservation, now)
    publish(session, reservation_events.DecisionTakenBack.of(reservation, was_approved=was_approved), by=by, now=now)
    return reservation


def _was_move(session: Session, reservation_id: int) -> bool:
    """Return whether the last decision on a reservation was on a move: its event names the span before."""
    types = reservation_events.ReservationConfirmed.type, reservation_events.ReservationRejected.type
    of_it = RecordedEvent.type.in_(types), RecordedEvent.facts["reservation_id"].as_integer() == reservation_id
    newest = select(RecordedEvent.facts).where(*of_it).order_by(RecordedEvent.id.desc()).limit(1)
    return session.scalars(newest).one().get("old_starts_at") is not None


def _end_or_restore(
    session: Session, reservation: Reservation, step: Step, reason: str, now: datetime
) -> Mapping[str, Any]:
    """End a request, or give a reservation its former time back; return what its event says of that."""
    if reservation.former_starts_at is None:
        reservation_writer.end(session, reservation, step, reason, now)
        return {}
    wished = former_times.present_time(reservation)
    moving.restore(session, reservation, now)
    reservation.reason = reason
    reservation_writer.save(session, reservation, now)
    return {"is_restored": True, **_before(wished)}


def _confirmed(
    reservation: Reservation, former: HeldTime | None, series_id: int | None
) -> reservation_events.ReservationConfirmed:
    details = {**_before(former), "series_id": series_id}
    return reservation_events.ReservationConfirmed.of(reservation, was_request=True, **details)


def _before(time: HeldTime | None) -> Mapping[str, Any]:
    """Return the span that a reservation had, as facts of an event."""
    if time is None:
        return {}
    return {"old_starts_at": to_timestamp(time.span.start), "old_ends_at": to_timestamp(time.span.end)}
