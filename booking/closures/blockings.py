"""Closures: a machine cannot be reserved for a while, because of maintenance, repair or a holiday of the workshop.

Verbs as in reservations.py: given the session, the actor and the time, they flush and never commit. A closure takes
every place of its machine through the same table as reservations, so the same guard keeps the two apart. One around
reservations (a breakdown) takes every place wherever it is free.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.errors.course_errors import ClosureOfCourse
from booking.errors.schedule_errors import ClosureNotFound, RequestRefused, Violation, WrongStatus
from booking.events import closure_events
from booking.events.reservation_events import to_timestamp
from booking.kernel import revisions
from booking.kernel.events import Actor
from booking.models import Blocking, CourseMachine, HoldKind
from booking.offers import held_proposals, offers, open_exchanges
from booking.places import occupancies
from booking.places.place_assignment import Taking
from booking.records import catalogue
from booking.records.publish import publish_all
from booking.timespan import TimeSpan

TWICE_WITHIN = timedelta(minutes=5)  # between two clicks on one form


def close(
    session: Session,
    machine_id: int,
    span: TimeSpan,
    reason: str,
    *,
    by: Actor,
    now: datetime,
    around_reservations: bool = False,
) -> int:
    """Close every place of a machine for a span; return the id of the closure.

    around_reservations: reservations and other closures in the span stay. The closure takes the rest, and what is
    released in its span later. Sent twice within some minutes, it is one closure.

    Raises MachineNotFound, RequestRefused (past), and SlotTaken when a reservation or another closure is in the way
    and around_reservations is not set: `queries.hit_by` returns which.
    """
    occupancies.lock_machines(session, [machine_id])
    catalogue.bookable_machine(session, machine_id)
    if around_reservations and (same := _sent_before(session, machine_id, span, reason, now)) is not None:
        return same
    return enter(session, machine_id, span, reason, by=by, now=now, around_reservations=around_reservations)


def enter(
    session: Session,
    machine_id: int,
    span: TimeSpan,
    reason: str,
    *,
    by: Actor,
    now: datetime,
    around_reservations: bool = False,
) -> int:
    """Close a locked machine that is lent, as close(), also where the same was entered just before.

    Raises RequestRefused (past), SlotTaken.
    """
    (closure_id,) = enter_all(
        session, machine_id, [span], reason, by=by, now=now, around_reservations=around_reservations
    )
    return closure_id


def enter_all(
    session: Session,
    machine_id: int,
    spans: Sequence[TimeSpan],
    reason: str,
    *,
    by: Actor,
    now: datetime,
    around_reservations: bool = False,
) -> Sequence[int]:
    """Close a locked machine that is lent for several spans, all or none; return the ids in the same order.

    In as many statements as for one. Raises RequestRefused (past), SlotTaken.
    """
    for span in spans:
        _refuse_past(span, now)
    closure_ids = occupancies.add_holds(session, HoldKind.CLOSURE, len(spans))
    closures = [
        Blocking(
            id=closure_id,
            machine_id=machine_id,
            starts_at=span.start,
            ends_at=span.end,
            reason=reason.strip(),
            created_at=now,
            created_by=by.user_id,
            around_reservations=around_reservations,
        )
        for closure_id, span in zip(closure_ids, spans, strict=True)
    ]
    session.add_all(closures)
    session.flush()
    _hold(session, closures, by=by, now=now)
    publish_all(session, [closure_events.MachineClosed.of(one) for one in closures], by=by, now=now)
    return closure_ids


def _sent_before(session: Session, machine_id: int, span: TimeSpan, reason: str, now: datetime) -> int | None:
    """Return the closure that was entered just before with the same end and reason, as a second click would."""
    same = (Blocking.machine_id == machine_id, Blocking.ends_at == span.end, Blocking.reason == reason.strip())
    just_now = (Blocking.created_at > now - TWICE_WITHIN, Blocking.starts_at.between(*_around(span.start)))
    is_open = (Blocking.around_reservations, Blocking.lifted_at.is_(None))
    return session.scalar(select(Blocking.id).where(*same, *just_now, *is_open).limit(1))


def _around(instant: datetime) -> tuple[datetime, datetime]:
    return instant - TWICE_WITHIN, instant + TWICE_WITHIN


def change(
    session: Session,
    closure_id: int,
    span: TimeSpan,
    reason: str,
    *,
    by: Actor,
    now: datetime,
    revision: int | None = None,
    around_reservations: bool = False,
    course_id: int | None = None,
) -> None:
    """Change the span and reason of a closure; what it no longer covers is free at once.

    around_reservations: from now on it is one around reservations. One that is stays so.
    course_id: the induction course that holds it.

    Raises ClosureNotFound, StaleRevision, WrongStatus (lifted), ClosureOfCourse, MachineNotFound,
    RequestRefused (past), SlotTaken.
    """
    closure = locked(session, closure_id, revision, course_id)
    lock_machines_of(session, [closure])
    change_locked(session, [(closure, span)], reason, by=by, now=now, around_reservations=around_reservations)


def change_locked(
    session: Session,
    changes: Sequence[tuple[Blocking, TimeSpan]],
    reason: str,
    *,
    by: Actor,
    now: datetime,
    around_reservations: bool = False,
) -> None:
    """Change closures of one machine, all locked, as change() does; in as many statements as one.

    Raises MachineNotFound, RequestRefused (past), SlotTaken.
    """
    closures = [closure for closure, _span in changes]
    catalogue.bookable_machine(session, closures[0].machine_id)
    old_ends = {one.id: to_timestamp(one.ends_at) for one in closures}
    for closure, span in changes:
        _refuse_past(span, now)
        closure.starts_at, closure.ends_at, closure.reason = span.start, span.end, reason.strip()
        closure.around_reservations = closure.around_reservations or around_reservations
        closure.changed_at = now
        closure.revision += 1
    session.flush()
    _hold(session, closures, by=by, now=now)
    held_proposals.withdraw_needless(session, closures, by=by, now=now)
    changed = [closure_events.ClosureChanged.of(one, old_ends_at=old_ends[one.id]) for one in closures]
    publish_all(session, changed, by=by, now=now)


def lift(
    session: Session,
    closure_id: int,
    *,
    by: Actor,
    now: datetime,
    revision: int | None = None,
    course_id: int | None = None,
) -> None:
    """End a closure: the machine can be reserved again at once. course_id: the induction course that holds it.

    Raises ClosureNotFound, StaleRevision, WrongStatus (lifted already, or over), ClosureOfCourse.
    """
    closure = locked(session, closure_id, revision, course_id)
    if closure.ends_at <= now:
        raise WrongStatus(status="over", wanted=["open"])
    # Also where it holds nothing: what somebody releases at this moment would be taken for it.
    lock_machines_of(session, [closure])
    lift_locked(session, [closure], by=by, now=now)


def lift_locked(session: Session, closures: Sequence[Blocking], *, by: Actor, now: datetime) -> None:
    """End closures of one machine, all locked and open, as lift() does; in as many statements as one."""
    for closure in closures:
        closure.lifted_at = now
        closure.revision += 1
    session.flush()
    occupancies.release(session, *(one.id for one in closures))
    held_proposals.withdraw_needless(session, closures, by=by, now=now)
    publish_all(session, [closure_events.ClosureLifted.of(one) for one in closures], by=by, now=now)


def lock_machines_of(session: Session, closures: Sequence[Blocking]) -> None:
    """Lock the machines of closures whose rows are locked, with those that are held for their reservations."""
    around = [one.id for one in closures if one.around_reservations]
    held = held_proposals.machines_of_closures(session, around) if around else ()
    occupancies.lock_machines(session, [*(one.machine_id for one in closures), *held])


def locked(session: Session, closure_id: int, revision: int | None = None, course_id: int | None = None) -> Blocking:
    """Lock a closure that is to be changed or lifted.

    Raises ClosureNotFound, StaleRevision, WrongStatus (lifted), ClosureOfCourse.
    """
    closure = revisions.locked(session, Blocking, closure_id, missing=ClosureNotFound, revision=revision)
    if closure.lifted_at is not None:
        raise WrongStatus(status="lifted", wanted=["open"])
    holder = session.scalar(select(CourseMachine.course_id).where(CourseMachine.blocking_id == closure_id))
    if holder != course_id:
        raise ClosureOfCourse(course_id=holder)
    return closure


def _refuse_past(span: TimeSpan, now: datetime) -> None:
    if span.end <= now:
        raise RequestRefused([Violation("past", "end", limit=now, actual=span.end)])


def _hold(session: Session, closures: Sequence[Blocking], *, by: Actor, now: datetime) -> None:
    """Take every place of a locked machine for closures, in place of what they held; end what they make impossible.

    Those around reservations take what is free, after the others. Raises SlotTaken.
    """
    machine_id, spans = closures[0].machine_id, [_span_of(one) for one in closures]
    offers.withdraw_overlapping(session, machine_id, spans, by=by, now=now)
    open_exchanges.end_of_closed(session, machine_id, spans, by=by, now=now)
    place_ids = occupancies.places_of(session, machine_id)
    whole = [one for one in closures if not one.around_reservations]
    around = [one for one in closures if one.around_reservations]
    if whole:
        takings = [Taking(one.id, machine_id, place_ids, _span_of(one)) for one in whole]
        occupancies.retake_all(session, takings, now=now)
    if around:
        occupancies.release(session, *(one.id for one in around))
        occupancies.take_gaps(session, machine_id, place_ids, [(one.id, _span_of(one)) for one in around])


def _span_of(closure: Blocking) -> TimeSpan:
    return TimeSpan(closure.starts_at, closure.ends_at)
