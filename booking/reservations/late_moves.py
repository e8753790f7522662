"""Moves at short notice: what was held when cancelling was no longer free is remembered, for the fee of cancelling."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from booking.kernel.orm import table_of
from booking.models import LateMove, Reservation, Status
from booking.reservations import former_times

_late_move = table_of(LateMove)


@contextmanager
def noted(session: Session, reservation: Reservation, now: datetime, *, counts: bool) -> Iterator[None]:
    """Note what the change within gives up too late.

    counts: whether it can: not what others than its member change, nor because of a closure or a series.
    """
    held = _held_late(reservation, now) if counts else None
    yield
    _note(session, held, reservation)


def forget(session: Session, reservation_ids: Collection[int]) -> None:
    """Forget what reservations gave up too late: a breakdown changes them, and so to cancel them costs nothing."""
    if reservation_ids:
        session.execute(delete(_late_move).where(_late_move.c.reservation_id.in_(reservation_ids)))


def _held_late(reservation: Reservation, now: datetime) -> LateMove | None:
    """Return what a move would give up too late: call it before the reservation is changed. None: nothing.

    While a move waits for approval, its member gives up the former time, as of when that was asked for.
    """
    former = former_times.former_time(reservation)
    if former is None and reservation.status != Status.CONFIRMED:
        return None
    held, at = former or former_times.present_time(reservation), now if former is None else reservation.asked_at
    if at <= reservation.cancel_until:
        return None
    return LateMove(
        reservation_id=reservation.id,
        moved_at=at,
        machine_id=reservation.machine_id,
        starts_at=held.span.start,
        ends_at=held.span.end,
        places=held.places,
    )


def _note(session: Session, held: LateMove | None, reservation: Reservation) -> None:
    """Store what was given up, once the reservation is changed: nothing while that waits, or where all is kept."""
    if held is None or reservation.status != Status.CONFIRMED:
        return
    is_kept = reservation.machine_id == held.machine_id and reservation.places >= held.places
    if not (is_kept and reservation.starts_at <= held.starts_at and reservation.ends_at >= held.ends_at):
        session.merge(held)
        session.flush()
