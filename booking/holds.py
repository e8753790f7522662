"""What all verbs on a reservation share: the wish, the new or locked row, its end, its announcement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from booking import announcements, changes, members, occupancies, rules
from booking.announcements import seconds
from booking.errors import RequestRefused, ReservationNotFound, WrongStatus
from booking.kernel import events, revisions
from booking.kernel.events import Actor
from booking.models import Reservation, Status
from booking.rules import Policy
from booking.timespan import TimeSpan

UID_DOMAIN = "ringbuch"  # behind the @ of what calendars know a reservation by
FIRST_REVISION = 0


@dataclass(frozen=True, slots=True)
class Wish:
    """What a member asks for: a machine, a span of working time, a number of places, and what for."""

    machine_id: int
    member_id: int
    span: TimeSpan
    places: int = 1
    purpose: str = ""


def refuse_violations(session: Session, wish: Wish, policy: Policy, *, asked_at: datetime) -> None:
    """Raises RequestRefused with every rule that a wish breaks, and MemberNotFound.

    asked_at: for the rules of notice and horizon, which hold from when the span was asked for.
    """
    eligibility = members.eligibility_of(session, wish.member_id, policy.induction_kind_id)
    violations = list(rules.check_request(wish.span, wish.places, policy, eligibility, asked_at=asked_at))
    if violations:
        raise RequestRefused(violations)


def decide_until(span: TimeSpan, policy: Policy, now: datetime) -> datetime:
    """Until when a request holds its span: the machine's hours of decision, but no longer than until its start."""
    return min(now + timedelta(hours=policy.decision_hours), span.start)


def new_row(
    wish: Wish, occupied: TimeSpan, uid: str, status: Status, *, decide_until: datetime | None, by: Actor, now: datetime
) -> dict[str, Any]:
    """A reservation to be entered, by column. Plain values, because the ORM costs more than making them durable."""
    return {
        "uid": uid,
        "machine_id": wish.machine_id,
        "member_id": wish.member_id,
        "starts_at": wish.span.start,
        "ends_at": wish.span.end,
        "occupied_from": occupied.start,
        "occupied_until": occupied.end,
        "places": wish.places,
        "purpose": wish.purpose,
        "status": str(status),
        "created_at": now,
        "asked_at": now,
        "changed_at": now,
        "created_by": by.user_id,
        "decide_until": decide_until,
    }


def locked(session: Session, reservation_id: int, revision: int | None) -> Reservation:
    """The reservation that a verb is about to change; locked before its machine (docs/locking.md).

    Raises ReservationNotFound, StaleRevision.
    """
    return revisions.locked(session, Reservation, reservation_id, missing=ReservationNotFound, revision=revision)


def require_status(reservation: Reservation, *wanted: Status) -> None:
    """Raises WrongStatus unless the reservation has one of the wanted statuses."""
    if reservation.status not in wanted:
        raise WrongStatus(status=str(reservation.status), wanted=[str(status) for status in wanted])


def require_changeable(reservation: Reservation, now: datetime) -> None:
    """Raises WrongStatus unless the reservation may be moved or cancelled: requested or confirmed, and not over."""
    require_status(reservation, Status.REQUESTED, Status.CONFIRMED)
    # What was not used in its time can only be reported as not used.
    if reservation.ends_at <= now:
        raise WrongStatus(status="over", wanted=[str(reservation.status)])


def end(session: Session, reservation: Reservation, status: Status, reason: str, now: datetime) -> None:
    """Let a reservation come to nothing: its places are free at once, and no deadline runs any more."""
    reservation.status, reservation.reason, reservation.decide_until = status, reason, None
    occupancies.release(session, reservation_id=reservation.id)
    changed(session, reservation, now)


def changed(session: Session, reservation: Reservation, now: datetime) -> None:
    """Count a change of a reservation and write it; the SEQUENCE of calendars and the API's ETag follow."""
    reservation.revision += 1
    reservation.changed_at = now
    session.flush()


def announce(session: Session, event: announcements.ReservationEvent, by: Actor, now: datetime) -> None:
    """Write an event and count the change for feeds. The last step of a verb: it locks the hottest rows."""
    events.record(session, event, by=by, at=now)
    changes.schedule_changed(session, member_ids=[event.member_id], machine_ids=[event.machine_id])


def facts(reservation: Reservation) -> tuple[int, int, int, int, int, int]:
    """What every ReservationEvent tells, in the order of its fields."""
    return (
        reservation.id,
        reservation.machine_id,
        reservation.member_id,
        reservation.revision,
        seconds(reservation.starts_at),
        seconds(reservation.ends_at),
    )


def facts_of_new(reservation_id: int, wish: Wish) -> tuple[int, int, int, int, int, int]:
    """The same of a reservation that was just entered for a wish, without reading it again."""
    start, end = seconds(wish.span.start), seconds(wish.span.end)
    return reservation_id, wish.machine_id, wish.member_id, FIRST_REVISION, start, end


def wish_of(reservation: Reservation) -> Wish:
    """What a reservation was asked for as, to be judged by the rules again."""
    span = TimeSpan(reservation.starts_at, reservation.ends_at)
    return Wish(reservation.machine_id, reservation.member_id, span, reservation.places, reservation.purpose)
