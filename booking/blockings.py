"""Closures: a machine cannot be reserved for a while, because of maintenance, repair or a holiday of the workshop.

Verbs as in reservations.py: given the session, the actor and the time, they flush and never commit. A closure takes
every place of its machine through the same table as reservations, so the same guard keeps the two apart.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from booking import catalogue, events, occupancies
from booking.errors import ClosureNotFound, RequestRefused, Violation, WrongStatus
from booking.kernel import revisions
from booking.kernel.events import Actor
from booking.models import Blocking, HoldKind
from booking.occupancies import Taking
from booking.publish import publish
from booking.timespan import TimeSpan


def close(session: Session, machine_id: int, span: TimeSpan, reason: str, *, by: Actor, now: datetime) -> int:
    """Close every place of a machine for a span; return the id of the closure.

    Raises MachineNotFound, RequestRefused (past), and SlotTaken when a reservation or another closure is in the way:
    `queries.hit_by` returns which.
    """
    occupancies.lock_machines(session, [machine_id])
    catalogue.bookable_machine(session, machine_id)
    _refuse_past(span, now)
    (closure_id,) = occupancies.add_holds(session, HoldKind.CLOSURE)
    closure = Blocking(
        id=closure_id,
        machine_id=machine_id,
        starts_at=span.start,
        ends_at=span.end,
        reason=reason.strip(),
        created_at=now,
        created_by=by.user_id,
    )
    session.add(closure)
    session.flush()
    _take_every_place(session, closure)
    publish(session, events.MachineClosed.of(closure), by=by, now=now)
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
    """Change the span and reason of a closure; what it no longer covers is free at once.

    Raises ClosureNotFound, StaleRevision, WrongStatus (lifted), MachineNotFound, RequestRefused (past),
    SlotTaken.
    """
    closure = _locked(session, closure_id, revision)
    occupancies.lock_machines(session, [closure.machine_id])
    catalogue.bookable_machine(session, closure.machine_id)
    _refuse_past(span, now)
    closure.starts_at, closure.ends_at, closure.reason = span.start, span.end, reason.strip()
    closure.changed_at = now
    closure.revision += 1
    session.flush()
    occupancies.release(session, closure_id)
    _take_every_place(session, closure)
    publish(session, events.ClosureChanged.of(closure), by=by, now=now)


def lift(session: Session, closure_id: int, *, by: Actor, now: datetime, revision: int | None = None) -> None:
    """End a closure: the machine can be reserved again at once.

    Raises ClosureNotFound, StaleRevision, WrongStatus (lifted already, or over).
    """
    closure = _locked(session, closure_id, revision)
    if closure.ends_at <= now:
        raise WrongStatus(status="over", wanted=["open"])
    occupancies.release(session, closure_id)
    closure.lifted_at = now
    closure.revision += 1
    session.flush()
    publish(session, events.ClosureLifted.of(closure), by=by, now=now)


def _locked(session: Session, closure_id: int, revision: int | None) -> Blocking:
    closure = revisions.locked(session, Blocking, closure_id, missing=ClosureNotFound, revision=revision)
    if closure.lifted_at is not None:
        raise WrongStatus(status="lifted", wanted=["open"])
    return closure


def _refuse_past(span: TimeSpan, now: datetime) -> None:
    if span.end <= now:
        raise RequestRefused([Violation("past", "end", limit=now, actual=span.end)])


def _take_every_place(session: Session, closure: Blocking) -> None:
    """Take every place of the machine. Raises SlotTaken."""
    place_ids = occupancies.places_of(session, closure.machine_id)
    span = TimeSpan(closure.starts_at, closure.ends_at)
    occupancies.take(session, [Taking(closure.id, closure.machine_id, place_ids, span)])
