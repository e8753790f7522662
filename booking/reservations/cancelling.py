"""Cancelling reservations that are locked: one, or all that are left of a series, in as many statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from booking.events import reservation_events
from booking.events.closure_events import ProposalWithdrawn
from booking.kernel.events import Actor
from booking.models import Reservation, Status
from booking.offers import held_proposals
from booking.places import occupancies
from booking.records.publish import publish_all
from booking.reservations import former_times, lifecycle, reservation_writer
from booking.reservations.lifecycle import Step


def cancel_all(
    session: Session,
    locked: Sequence[Reservation],
    *,
    by: Actor,
    now: datetime,
    reason: str = "",
    blocking_id: int | None = None,
    series_id: int | None = None,
) -> None:
    """Cancel locked reservations in as many statements as one; see reservations.cancel(). Raises WrongStatus."""
    for one in locked:
        lifecycle.require(one, Step.CANCEL, now)
    if blocking_id is None:
        _release_held(session, locked, by=by, now=now)
    promised: dict[int, Mapping[str, Any]] = {}
    for one in locked:
        is_promised = one.status == Status.CONFIRMED or one.former_starts_at is not None
        one.is_late_cancel = is_promised and blocking_id is None and now > one.cancel_until
        promised[one.id] = former_times.promised(one) if is_promised and blocking_id is None else {}
    reservation_writer.end_all(session, locked, Step.CANCEL, reason, now)
    cancelled = [
        reservation_events.ReservationCancelled.of(
            one, is_late=one.is_late_cancel, blocking_id=blocking_id, series_id=series_id, **promised[one.id]
        )
        for one in locked
    ]
    publish_all(session, cancelled, by=by, now=now)


def _release_held(session: Session, locked: Sequence[Reservation], *, by: Actor, now: datetime) -> None:
    """Release what re-plans hold for locked reservations on other machines; all machines are locked by id."""
    ids = [one.id for one in locked]
    if held := held_proposals.machines_of(session, ids):
        occupancies.lock_machines(session, {*(one.machine_id for one in locked), *held})
        held_proposals.end(session, ProposalWithdrawn, held_proposals.of_reservations(ids), by=by, now=now)
