"""The answer of a member to a re-plan, by one tap: back to the old time, or to the time that was proposed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from booking.closures.breakdown import RULES_OF_ASKING
from booking.errors.schedule_errors import RequestRefused
from booking.kernel.events import Actor
from booking.models import Blocking, Replanned, Reservation, Status
from booking.offers import held_proposals
from booking.places import occupancies
from booking.records import catalogue
from booking.replan import batch
from booking.replan.errors import OldTimeGone
from booking.reservations import reservation_writer, wishes
from booking.reservations.wishes import Wish
from booking.timespan import TimeSpan

Place = tuple[int, datetime, datetime]  # a machine, from when until when


def go_back(
    session: Session, reservation_id: int, *, by: Actor, now: datetime, revision: int | None = None
) -> Reservation:
    """Return a reservation that a re-plan moved to its old machine and time, if that is free again.

    It was confirmed there, so it needs no approval and no notice; inductions, opening hours and quotas are judged.
    Raises ReservationNotFound, StaleRevision, OldTimeGone, MachineNotFound (retired), RequestRefused, SlotTaken.
    """
    return _place(session, reservation_id, "moved", by=by, now=now, revision=revision)


def take_offer(
    session: Session, reservation_id: int, *, by: Actor, now: datetime, revision: int | None = None
) -> Reservation:
    """Give a reservation the machine and time that a re-plan proposed; it was held, and is free at no moment.

    It stands while the closure takes the time of the reservation away, and until it lapses. Raises as go_back().
    """
    return _place(session, reservation_id, "offered", by=by, now=now, revision=revision)


def is_used_up(kind: str, starts_at: datetime, ends_at: datetime, now: datetime) -> bool:
    """Return whether a reservation can no longer be put elsewhere: its new time has begun, or its old time is over."""
    return (starts_at if kind == "moved" else ends_at) <= now


def still_closes(session: Session, closure_id: int, occupied: TimeSpan) -> bool:
    """Return whether a closure still takes the time of a reservation away: only then what was proposed stands."""
    closure = session.get(Blocking, closure_id, populate_existing=True)
    if closure is None or closure.lifted_at is not None:
        return False
    return TimeSpan(closure.starts_at, closure.ends_at).overlaps(occupied)


def old_times(session: Session, machine_id: int, *, now: datetime) -> Sequence[tuple[TimeSpan, int]]:
    """Return the times of a machine to which moved reservations may go back, each with its number of places."""
    is_where_moved = (
        Reservation.machine_id == Replanned.to_machine_id,
        Reservation.starts_at == Replanned.to_starts_at,
        Reservation.ends_at == Replanned.to_ends_at,
        Reservation.former_starts_at.is_(None),
        Reservation.proposed_at.is_not(None),  # who accepted the new time may go back, but comes before nobody
        Reservation.status.in_((Status.REQUESTED, Status.CONFIRMED)),
        Reservation.starts_at > now,
    )
    found = session.execute(
        select(Replanned.from_starts_at, Replanned.from_ends_at, Reservation.places)
        .join(Reservation, Reservation.id == Replanned.reservation_id)
        .where(Replanned.from_machine_id == machine_id, Replanned.kind == "moved", Replanned.from_starts_at > now)
        .where(*is_where_moved)
    )
    return [(TimeSpan(since, until), places) for since, until, places in found]


def note_told_free(session: Session, reservation_ids: Collection[int], *, now: datetime) -> None:
    """Note that members heard that the old times of reservations are free again, so that they hear of it once."""
    told = update(Replanned).where(Replanned.reservation_id.in_(reservation_ids)).values(told_free_at=now)
    session.execute(told.execution_options(synchronize_session=False))


def _place(
    session: Session, reservation_id: int, kind: str, *, by: Actor, now: datetime, revision: int | None
) -> Reservation:
    reservation = reservation_writer.lock(session, reservation_id, revision)
    noted = session.get(Replanned, reservation_id, populate_existing=True)
    machine_id = _target(reservation, noted, kind, now)[0]
    occupancies.lock_machines(session, [reservation.machine_id, machine_id])
    # A closure of the proposed machine may have taken it back before its lock was free.
    noted = session.get(Replanned, reservation_id, populate_existing=True)
    _machine_id, since, until = _target(reservation, noted, kind, now)
    held = TimeSpan(reservation.occupied_from, reservation.occupied_until)
    if noted is not None and kind == "offered" and not still_closes(session, noted.blocking_id, held):
        raise OldTimeGone(reservation_id=reservation.id)
    terms, span = catalogue.bookable_machine(session, machine_id), TimeSpan(since, until)
    wish = replace(Wish.of(reservation), machine_id=machine_id, span=span)
    if wish.second is not None and not wish.second.name:
        wish = replace(wish, second=None)  # nobody was named: hand-out asks
    broken = wishes.violations_of(session, wish, terms.policy, asked_at=now, reservation_id=reservation.id)
    RequestRefused.raise_for([one for one in broken if one.rule not in RULES_OF_ASKING])
    reservation.proposed_at = None  # the member chose it
    held_proposals.release(session, held_proposals.of_reservations([reservation.id]))
    batch.place(session, reservation.machine_id, [(reservation, span, terms)], by=by, now=now)
    session.execute(delete(Replanned).where(Replanned.reservation_id == reservation.id))
    return reservation


def _target(reservation: Reservation, noted: Replanned | None, kind: str, now: datetime) -> Place:
    """Return where a reservation goes. Raises OldTimeGone where the re-plan no longer says so."""
    if noted is None or noted.kind != kind or reservation.status not in (Status.REQUESTED, Status.CONFIRMED):
        raise OldTimeGone(reservation_id=reservation.id)
    old: Place = noted.from_machine_id, noted.from_starts_at, noted.from_ends_at
    new: Place = noted.to_machine_id, noted.to_starts_at, noted.to_ends_at
    left, target = (new, old) if kind == "moved" else (old, new)
    present: Place = reservation.machine_id, reservation.starts_at, reservation.ends_at
    is_over = is_used_up(kind, present[1], present[2], now) or (noted.lapses_at is not None and noted.lapses_at <= now)
    if present != left or reservation.former_starts_at is not None or target[1] <= now or is_over:
        raise OldTimeGone(reservation_id=reservation.id)
    return target
