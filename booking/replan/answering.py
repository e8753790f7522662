"""The end of a held proposal: declined by its member, lapsed, or needless because its reservation was changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from booking.events.closure_events import ProposalDeclined, ProposalEvent, ProposalLapsed, ProposalWithdrawn
from booking.kernel.events import Actor
from booking.models import Blocking, Replanned, Reservation, Status
from booking.offers import held_proposals
from booking.places import occupancies
from booking.replan.errors import OldTimeGone
from booking.replan.returning import still_closes
from booking.reservations import lifecycle, reservation_writer, reservations
from booking.reservations.lifecycle import Step
from booking.timespan import TimeSpan


def decline(
    session: Session, reservation_id: int, *, by: Actor, now: datetime, revision: int | None = None
) -> Reservation:
    """Decline what a re-plan proposed: the reservation is cancelled, which is never late, and its proposal is free.

    Raises ReservationNotFound, StaleRevision, OldTimeGone (answered, lapsed or withdrawn).
    """
    reservation, noted = _locked(session, reservation_id, revision)
    if noted is None or not _is_open(session, reservation, noted, now) or _has_lapsed(noted, now):
        raise OldTimeGone(reservation_id=reservation_id)
    _cancel(session, reservation, noted, ProposalDeclined, by=by, now=now)
    return reservation


def lapse(session: Session, reservation_id: int, *, by: Actor, now: datetime) -> bool:
    """End a proposal that nobody answered in time, or that became needless; return whether it was still held.

    After the time to answer the reservation is cancelled: its machine is closed then, and nothing else was found.
    """
    reservation, noted = _locked(session, reservation_id, None)
    if noted is None:
        return False
    if not _is_open(session, reservation, noted, now):
        is_this = held_proposals.of_reservations([reservation_id])
        held_proposals.end(session, ProposalWithdrawn, is_this, by=by, now=now)
        return True
    if not _has_lapsed(noted, now):
        return False
    _cancel(session, reservation, noted, ProposalLapsed, by=by, now=now)
    return True


def renew(session: Session, reservation_ids: Collection[int], *, now: datetime) -> None:
    """Hold proposals for the whole time from now on, where their members only hear of them now; never less than before.

    Locks the reservations by id, as an answer does, so that none is answered meanwhile.
    """
    wanted = Reservation.id.in_(reservation_ids)
    session.execute(select(Reservation.id).where(wanted).order_by(Reservation.id).with_for_update())
    held = select(Replanned).where(Replanned.reservation_id.in_(reservation_ids), Replanned.hold_id.is_not(None))
    ordered = held.order_by(Replanned.reservation_id).with_for_update()
    for noted in session.scalars(ordered.execution_options(populate_existing=True)):
        span = TimeSpan(noted.to_starts_at, noted.to_ends_at)
        until = held_proposals.lapses_at(span, noted.from_starts_at, now)
        if until > now and (noted.lapses_at is None or until > noted.lapses_at):
            noted.lapses_at = until
    session.flush()


def overdue(session: Session, *, now: datetime, only_needless: bool = False, limit: int = 100) -> Sequence[int]:
    """Return the reservations whose held proposals are to end, by `lapse`; the oldest first.

    only_needless: without those that lapse, because their members may not have heard of them.
    """
    is_elsewhere = or_(
        Reservation.status.not_in((Status.REQUESTED, Status.CONFIRMED)),
        Reservation.machine_id != Replanned.from_machine_id,
        Reservation.starts_at != Replanned.from_starts_at,
        Reservation.ends_at != Replanned.from_ends_at,
        Reservation.former_starts_at.is_not(None),
    )
    has_lapsed = Replanned.lapses_at <= now
    return session.scalars(
        select(Replanned.reservation_id)
        .join(Reservation, Reservation.id == Replanned.reservation_id)
        .where(Replanned.hold_id.is_not(None), is_elsewhere if only_needless else or_(has_lapsed, is_elsewhere))
        .order_by(Replanned.lapses_at, Replanned.reservation_id)
        .limit(limit)
    ).all()


def _locked(session: Session, reservation_id: int, revision: int | None) -> tuple[Reservation, Replanned | None]:
    """Lock a reservation and the machines of its proposal; return both as they are then. None without a held one."""
    reservation = reservation_writer.lock(session, reservation_id, revision)
    held = held_proposals.machines_of(session, [reservation_id])
    occupancies.lock_machines(session, [reservation.machine_id, *held])
    noted = session.get(Replanned, reservation_id, populate_existing=True)
    return reservation, noted if noted is not None and noted.hold_id is not None else None


def _is_open(session: Session, reservation: Reservation, noted: Replanned, now: datetime) -> bool:
    """Return whether a reservation is where its proposal was made for, and still needs it."""
    is_there = (reservation.machine_id, reservation.starts_at, reservation.ends_at) == (
        noted.from_machine_id,
        noted.from_starts_at,
        noted.from_ends_at,
    )
    if not is_there or reservation.former_starts_at is not None:
        return False
    held = TimeSpan(reservation.occupied_from, reservation.occupied_until)
    return lifecycle.is_possible(reservation, Step.CANCEL, now) and still_closes(session, noted.blocking_id, held)


def _has_lapsed(noted: Replanned, now: datetime) -> bool:
    return noted.lapses_at is not None and noted.lapses_at <= now


def _cancel(
    session: Session,
    reservation: Reservation,
    noted: Replanned,
    kind: type[ProposalEvent],
    *,
    by: Actor,
    now: datetime,
) -> None:
    closure_id = noted.blocking_id
    reason = session.scalar(select(Blocking.reason).where(Blocking.id == closure_id)) or ""
    held_proposals.end(session, kind, held_proposals.of_reservations([reservation.id]), by=by, now=now)
    reservations.cancel(session, reservation.id, by=by, now=now, reason=reason, blocking_id=closure_id)
