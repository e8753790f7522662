"""What a member does with a reservation: request, move, cancel. decisions.py has what a manager does.

Every verb gets the session, the actor and the time, flushes and never commits: call it inside write_transaction().
"""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from booking.errors.schedule_errors import MachineNotFound
from booking.events import reservation_events
from booking.events.closure_events import ProposalWithdrawn
from booking.events.reservation_events import to_timestamp
from booking.kernel.events import Actor
from booking.models import Replanned, Reservation, Status
from booking.offers import held_proposals
from booking.places import freed_time, occupancies
from booking.quotas import quota_use
from booking.records import catalogue, schedule_versions
from booking.records.catalogue import MachineTerms
from booking.records.overruling import Overruling, record_overruled
from booking.records.publish import publish
from booking.reservations import (
    cancelling,
    late_moves,
    lifecycle,
    machine_moves,
    moving,
    reservation_writer,
    wishes,
)
from booking.reservations.lifecycle import Step
from booking.reservations.reservation_writer import NewReservation
from booking.reservations.wishes import Wish
from booking.timespan import TimeSpan


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
    session: Session,
    wish: Wish,
    *,
    by: Actor,
    now: datetime,
    uid: str | None = None,
    approve: bool = False,
    overruling: Overruling | None = None,
) -> RequestResult:
    """Hold a machine for a member, at once or pending the manager's approval.

    uid: the caller's own name for this request, by which it finds it again when it is sent twice. approve: the actor
    may decide and approves it at once. Who overrules rules approves as well.

    Raises MachineNotFound, MemberNotFound, RequestRefused, SlotTaken.
    """
    quota_use.lock(session, [wish.member_id])
    occupancies.lock_machines(session, [wish.machine_id])
    terms = catalogue.bookable_machine(session, wish.machine_id)
    overruled = wishes.refuse_violations(session, wish, terms.policy, asked_at=now, overruling=overruling)

    new = new_reservation(wish, terms, uid or wishes.new_uid(), now, approve=approve or bool(overruled))
    (entered,) = reservation_writer.enter(session, [new], by=by, now=now, are_counted=bool(terms.policy.quotas))
    record_overruled(session, entered, overruled, overruling, by=by, now=now)
    return RequestResult(
        id=entered.id,
        uid=entered.uid,
        status=entered.status,
        revision=entered.revision,
        occupied=new.occupied,
        decide_until=new.decide_until,
        cancel_until=new.cancel_until,
    )


def move(
    session: Session,
    reservation_id: int,
    span: TimeSpan | None,
    *,
    by: Actor,
    now: datetime,
    places: int | None = None,
    machine_id: int | None = None,
    may_decide: bool = False,
    by_member: bool = True,
    revision: int | None = None,
    blocking_id: int | None = None,
    series_id: int | None = None,
    overruling: Overruling | None = None,
) -> Reservation:
    """Give a reservation another span, number of places or machine, keeping its identity; what it leaves is free.

    Keeping less needs no approval, nor does the end of what is out. More, on a machine that needs approval and by an
    actor who may not approve (may_decide), becomes a request that keeps the former time until it is decided. A request
    stays one, with a new deadline unless it keeps less; an actor who may approve settles a move that waits. What is so
    already stays, unannounced. by_member: whether its member chose it; else it is never late. blocking_id: the closure
    because of which a manager moves it. series_id: of the series whose plan judges quotas and records overruling.
    Raises ReservationNotFound, StaleRevision, WrongStatus, MachineNotFound, RequestRefused, SlotTaken.
    """
    reservation = reservation_writer.lock(session, reservation_id, revision)
    lifecycle.require(reservation, Step.MOVE, now)
    before = Wish.of(reservation)
    wish = _changed(before, machine_id=machine_id, span=span, places=places)
    _lock_machines(session, reservation, before, wish, by=by, now=now)
    if wish == before and not (may_decide and reservation.status == Status.REQUESTED):
        return reservation  # sent twice
    terms = catalogue.lending_terms(session, wish.machine_id).counting(quotas=series_id is None)
    with late_moves.noted(session, reservation, now, counts=by_member and blocking_id is None and series_id is None):
        found = _carry_out(session, reservation, wish, terms, may_decide=may_decide, now=now, overruling=overruling)
    moving.judge_again(session, reservation, terms.policy)
    reservation_writer.save(session, reservation, now)
    _publish_moved(session, reservation, before, blocking_id, series_id, by=by, now=now)
    record_overruled(session, reservation, () if series_id else found, overruling, by=by, now=now)
    return reservation


def _lock_machines(
    session: Session, reservation: Reservation, before: Wish, wish: Wish, *, by: Actor, now: datetime
) -> None:
    """Lock the machines of a move, and release what a re-plan holds for a reservation that leaves its time."""
    held = held_proposals.machines_of(session, [reservation.id])
    occupancies.lock_machines(session, [before.machine_id, wish.machine_id, *held])
    if held and (wish.machine_id, wish.span) != (before.machine_id, before.span):
        held_proposals.end(session, ProposalWithdrawn, held_proposals.of_reservations([reservation.id]), by=by, now=now)


def _changed(wish: Wish, **changes: Any) -> Wish:
    """Return a wish with some fields changed; None keeps a field."""
    return dataclasses.replace(wish, **{name: value for name, value in changes.items() if value is not None})


def _carry_out(
    session: Session,
    reservation: Reservation,
    wish: Wish,
    terms: MachineTerms,
    *,
    may_decide: bool,
    now: datetime,
    overruling: Overruling | None,
) -> tuple[str, ...]:
    """Carry a move out and return the rules that are overruled."""
    if wish.machine_id != reservation.machine_id:
        if terms.is_retired:
            raise MachineNotFound(id=wish.machine_id)
        return machine_moves.carry_out(
            session, reservation, wish, terms, may_decide=may_decide, now=now, overruling=overruling
        )
    change = moving.change_of(reservation, wish, may_decide=may_decide)
    if terms.is_retired and not change.keeps_less:
        raise MachineNotFound(id=wish.machine_id)
    found = wishes.refuse_move(session, wish, terms.policy, change.held, reservation.id, now=now, overruling=overruling)
    moving.apply(session, reservation, wish, change, terms, may_decide=may_decide, now=now)
    return found


def withdraw_move(
    session: Session, reservation_id: int, *, by: Actor, now: datetime, revision: int | None = None
) -> Reservation:
    """Withdraw a move that waits for approval: the reservation is confirmed for its former time again.

    Raises ReservationNotFound, StaleRevision, WrongStatus.
    """
    reservation = reservation_writer.lock(session, reservation_id, revision)
    before = Wish.of(reservation)
    moving.restore(session, reservation, now)
    reservation_writer.save(session, reservation, now)
    _publish_moved(session, reservation, before, by=by, now=now)
    return reservation


def accept_proposal(
    session: Session, reservation_id: int, *, by: Actor, now: datetime, revision: int | None = None
) -> Reservation:
    """Accept the time that a manager proposed because of a closure: from now on the rule of cancelling holds for it.

    To decline it is to cancel, which is not late until the proposed time begins. The old time, which was kept for it,
    is offered to who waits for that.

    Raises ReservationNotFound, StaleRevision, WrongStatus (also when it was answered).
    """
    reservation = reservation_writer.lock(session, reservation_id, revision)
    lifecycle.advance(reservation, Step.ACCEPT_PROPOSAL, now)
    _give_up_old_time(session, reservation, now)
    policy = catalogue.lending_terms(session, reservation.machine_id).policy
    confirmed_start = reservation.former_starts_at or reservation.starts_at
    reservation.cancel_until = wishes.cancel_until(confirmed_start, policy, now)
    reservation.proposed_at = None
    reservation_writer.save(session, reservation, now)
    publish(session, reservation_events.ProposalAccepted.of(reservation), by=by, now=now)
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
    series_id: int | None = None,
) -> Reservation:
    """Cancel a reservation before its end; its span is free at once, and what a re-plan holds for it.

    A confirmed one cancelled after its cancel_until is late, also while a move waits for approval; never a request that
    was not confirmed, nor what a manager cancels because of a closure (blocking_id). series_id: the series cancelled
    with it. Raises ReservationNotFound, StaleRevision, WrongStatus.
    """
    reservation = reservation_writer.lock(session, reservation_id, revision)
    cancelling.cancel_all(
        session, [reservation], by=by, now=now, reason=reason, blocking_id=blocking_id, series_id=series_id
    )
    return reservation


def _give_up_old_time(session: Session, reservation: Reservation, now: datetime) -> None:
    """Note that the time from which a re-plan moved a reservation is open to others, as far as it is free."""
    noted = session.get(Replanned, reservation.id)
    if noted is not None and noted.kind == "moved" and noted.from_starts_at > now:
        occupancies.lock_machines(session, [reservation.machine_id, noted.from_machine_id])
        places = occupancies.places_of(session, noted.from_machine_id)
        freed_time.note(session, [(one, noted.from_starts_at, noted.from_ends_at) for one in places], now=now)


def new_reservation(
    wish: Wish, terms: MachineTerms, uid: str, now: datetime, *, approve: bool, series_id: int | None = None
) -> NewReservation:
    """Return what the writer enters for a wish: confirmed, or a request where the machine needs approval."""
    policy, needs_approval = terms.policy, terms.policy.needs_approval and not approve
    return NewReservation(
        wish=wish,
        uid=uid,
        step=Step.REQUEST if needs_approval else Step.CONFIRM,
        occupied=policy.occupied_by(wish.span),
        place_ids=terms.place_ids,
        cancel_until=wishes.cancel_until(wish.span.start, policy, now),
        decide_until=wishes.decide_until(wish.span, policy, now) if needs_approval else None,
        series_id=series_id,
    )


def _publish_moved(
    session: Session,
    reservation: Reservation,
    before: Wish,
    blocking_id: int | None = None,
    series_id: int | None = None,
    *,
    by: Actor,
    now: datetime,
) -> None:
    is_elsewhere = before.machine_id != reservation.machine_id
    moved = reservation_events.ReservationMoved.of(
        reservation,
        old_starts_at=to_timestamp(before.span.start),
        old_ends_at=to_timestamp(before.span.end),
        old_machine_id=before.machine_id if is_elsewhere else None,
        needs_decision=reservation.status == Status.REQUESTED,
        blocking_id=blocking_id,
        series_id=series_id,
    )
    publish(session, moved, by=by, now=now)
    if is_elsewhere:
        schedule_versions.note_moved_away(session, before.machine_id, now)
