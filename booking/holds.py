"""What all verbs on a reservation share: the wish, the locked row, its end, its announcement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from booking import announcements, changes, members, occupancies, rules
from booking.errors import RequestRefused, ReservationNotFound, WrongStatus
from booking.kernel import events, revisions
from booking.kernel.events import Actor
from booking.models import Reservation, Status
from booking.rules import Policy
from booking.timespan import TimeSpan


@dataclass(frozen=True, slots=True)
class Wish:
    """What a member asks for: a machine, a span of working time, a number of places, and what for."""

    machine_id: int
    member_id: int
    span: TimeSpan
    places: int = 1
    purpose: str = ""


def refuse_violations(session: Session, wish: Wish, policy: Policy, *, asked_at: datetime) -> None:
    standing = members.standing_of(session, wish.member_id, policy.induction_kind_id)
    violations = list(rules.check_request(wish.span, wish.places, policy, standing, asked_at=asked_at))
    if violations:
        raise RequestRefused(violations)


def decide_until(span: TimeSpan, policy: Policy, now: datetime) -> datetime:
    # A request cannot be decided after the machine should have started.
    return min(now + timedelta(hours=policy.decision_hours), span.start)


def locked(session: Session, reservation_id: int, revision: int | None) -> Reservation:
    """The reservation that a verb is about to change; locked before its machine (docs/locking.md).

    Raises ReservationNotFound, StaleRevision.
    """
    return revisions.locked(session, Reservation, reservation_id, missing=ReservationNotFound, revision=revision)


def require_status(reservation: Reservation, *wanted: Status) -> None:
    if reservation.status not in wanted:
        raise WrongStatus(status=str(reservation.status), wanted=[str(status) for status in wanted])


def require_changeable(reservation: Reservation, now: datetime) -> None:
    require_status(reservation, Status.REQUESTED, Status.CONFIRMED)
    # What was not used in its time can only be reported as not used.
    if reservation.ends_at <= now:
        raise WrongStatus(status="over", wanted=[str(reservation.status)])


def end(session: Session, reservation: Reservation, status: Status, reason: str, now: datetime) -> None:
    reservation.status, reservation.reason, reservation.decide_until = status, reason, None
    occupancies.release(session, reservation_id=reservation.id)
    changed(session, reservation, now)


def changed(session: Session, reservation: Reservation, now: datetime) -> None:
    reservation.revision += 1
    reservation.changed_at = now
    session.flush()


def announce(session: Session, event: announcements.ReservationEvent, by: Actor, now: datetime) -> None:
    events.record(session, event, by=by, at=now)
    changes.schedule_changed(session, member_ids=[event.member_id], machine_ids=[event.machine_id])


def facts(reservation: Reservation) -> tuple[int, int, int, int, int, int]:
    return (
        reservation.id,
        reservation.machine_id,
        reservation.member_id,
        reservation.revision,
        *span_seconds(reservation),
    )


def span_seconds(reservation: Reservation) -> tuple[int, int]:
    return seconds(reservation.starts_at), seconds(reservation.ends_at)


def seconds(instant: datetime) -> int:
    return int(instant.timestamp())


def wish_of(reservation: Reservation) -> Wish:
    span = TimeSpan(reservation.starts_at, reservation.ends_at)
    return Wish(reservation.machine_id, reservation.member_id, span, reservation.places, reservation.purpose)
