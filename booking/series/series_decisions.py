"""Decisions about a whole series: approve or decline all its dates that wait, in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from booking.errors.schedule_errors import DecisionsRefused, DomainError, RequestRefused, WrongStatus
from booking.events import series_events
from booking.kernel.events import Actor
from booking.models import Reservation, Status
from booking.records.publish import publish
from booking.reservations import decisions
from booking.series import series_dates


def decide(
    session: Session,
    series_id: int,
    *,
    is_approved: bool,
    by: Actor,
    now: datetime,
    reason: str = "",
    workshop_ids: Collection[int] | None = None,
    revision: int | None = None,
) -> Sequence[Reservation]:
    """Approve or decline all dates of a series that wait for a decision: all of them or none.

    Another time that a member asks for a confirmed date is decided alone. workshop_ids: only the dates on machines of
    these workshops. One by one they are decided as any request. Returns them in order of time.
    Raises SeriesNotFound, StaleRevision, WrongStatus (none waits), DecisionsRefused with the refusal of each date that
    cannot be approved.
    """
    series = series_dates.lock(session, series_id, revision)
    waits = Reservation.status == Status.REQUESTED, Reservation.former_starts_at.is_(None)
    found = series_dates.lock_dates(session, series, *waits, workshop_ids=workshop_ids)
    if not found:
        raise WrongStatus(status="decided", wanted=[Status.REQUESTED])
    refusals: dict[int, DomainError] = {}
    for one in found:
        try:
            if is_approved:
                decisions.approve(session, one.id, by=by, now=now, series_id=series_id)
            else:
                decisions.reject(session, one.id, reason, by=by, now=now, series_id=series_id)
        except (RequestRefused, WrongStatus) as refusal:
            refusals[one.id] = refusal
    if refusals:
        raise DecisionsRefused(refusals)
    series_dates.save(session, series, now)
    happened = series_events.SeriesDecided.of(series, found, was_approved=is_approved)
    publish(session, happened, by=by, now=now)
    return found
