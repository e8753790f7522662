"""Closures: a machine is not to be had for a while, for maintenance, repair or a holiday of the place.

Verbs as in reservations.py: given the session and the time, they flush and never commit. A closure holds every
place of its machine through the same table as reservations, so the same guard keeps the two apart.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from booking import announcements, catalogue, changes, occupancies
from booking.announcements import seconds
from booking.errors import ClosureNotFound, RequestRefused, Violation, WrongStatus
from booking.kernel import events, revisions
from booking.kernel.events import Actor
from booking.models import Blocking
from booking.timespan import TimeSpan


def close(session: Session, machine_id: int, span: TimeSpan, reason: str, *, by: Actor, now: datetime) -> int:
    """Take a machine out of service for a span, every place of it. Returns the id of the closure.

    Raises MachineNotFound, RequestRefused (past), and SlotTaken where a reservation or another closure is in the way:
    `queries.hit_by` tells a manager which.
    """
    occupancies.lock_machine(session, machine_id)
    catalogue.bookable_machine(session, machine_id)
    _refuse_past(span, now)
    closure = Blocking(
        machine_id=machine_id,
        starts_at=span.start,
        ends_at=span.end,
        reason=reason.strip(),
        created_at=now,
        created_by=by.user_id,
    )
    session.add(closure)
    session.flush()
    closure_id = closure.id
    occupancies.take_for_blocking(session, closure_id, machine_id, span)
    _announce(session, announcements.MachineClosed(closure_id, machine_id, *_seconds(span)), by, now)
    return closure_id


def change(
    session: Session,
    closure_id: int,
    span: TimeSpan,
    reason: str,
    *,
    by: Actor,
    now: datetime,
    revision: int | None = None,
) -> None:
    """Give a closure another span and reason; what it no longer covers is free at once.

    Raises ClosureNotFound, StaleRevision, WrongStatus (lifted), MachineNotFound, RequestRefused (past),
    SlotTaken.
    """
    closure = _locked(session, closure_id, revision)
    occupancies.lock_machine(session, closure.machine_id)
    catalogue.bookable_machine(session, closure.machine_id)
    _refuse_past(span, now)
    occupancies.release(session, blocking_id=closure_id)
    occupancies.take_for_blocking(session, closure_id, closure.machine_id, span)
    closure.starts_at, closure.ends_at, closure.reason = span.start, span.end, reason.strip()
    closure.changed_at = now
    closure.revision += 1
    session.flush()
    _announce(session, announcements.ClosureChanged(closure_id, closure.machine_id, *_seconds(span)), by, now)


def lift(session: Session, closure_id: int, *, by: Actor, now: datetime, revision: int | None = None) -> None:
    """End a closure: the machine is to be had again at once.

    Raises ClosureNotFound, StaleRevision, WrongStatus (lifted already, or over).
    """
    closure = _locked(session, closure_id, revision)
    if closure.ends_at <= now:
        raise WrongStatus(status="over", wanted=["open"])
    occupancies.release(session, blocking_id=closure_id)
    closure.lifted_at = now
    closure.revision += 1
    session.flush()
    _announce(session, announcements.ClosureLifted(closure_id, closure.machine_id), by, now)


def _locked(session: Session, closure_id: int, revision: int | None) -> Blocking:
    closure = revisions.locked(session, Blocking, closure_id, missing=ClosureNotFound, revision=revision)
    if closure.lifted_at is not None:
        raise WrongStatus(status="lifted", wanted=["open"])
    return closure


def _refuse_past(span: TimeSpan, now: datetime) -> None:
    if span.end <= now:
        raise RequestRefused([Violation("past", "end", limit=now, actual=span.end)])


def _announce(
    session: Session,
    event: announcements.MachineClosed | announcements.ClosureChanged | announcements.ClosureLifted,
    by: Actor,
    now: datetime,
) -> None:
    events.record(session, event, by=by, at=now)
    changes.schedule_changed(session, member_ids=[], machine_ids=[event.machine_id])


def _seconds(span: TimeSpan) -> tuple[int, int]:
    return seconds(span.start), seconds(span.end)
