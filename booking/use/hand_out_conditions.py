"""The conditions of use, checked again when a machine is handed out: each may have ended since it was reserved.

A manager may overrule them with a reason: who stands beside the machine may know better than the record.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import ReservationNotFound, Violation
from booking.members import members
from booking.models import Blocking, Reservation
from booking.records import catalogue
from booking.records.catalogue import MachineTerms
from booking.rules import lending_rules
from booking.timespan import TimeSpan
from booking.use import use_times

# login_ended is found by the caller, because this package knows no logins.
OVERRULABLE = frozenset(
    {
        *("induction", "prerequisite", "persons_apart", "operator", "supervisor", "supervisor_missing"),
        *("second_person_missing", "second_person_not_inducted", "second_person_busy", "second_person_same"),
        *("member_left", "machine_retired", "machine_closed", "login_ended"),
    }
)


def obstacles(session: Session, reservation_id: int, *, now: datetime) -> list[Violation]:
    """Return what a hand-out would be refused for now, whoever runs the machine; read without a lock.

    On a machine with several places, who holds the time before the start is left out. Raises ReservationNotFound.
    """
    reservation = session.get(Reservation, reservation_id)
    if reservation is None:
        raise ReservationNotFound(id=reservation_id)
    terms = catalogue.lending_terms(session, reservation.machine_id)
    found = check_hand_out(session, reservation, terms, now)
    if any(violation.rule in ("all_out", "too_early") for violation in found):
        return found
    return found + use_times.check_time_before(session, reservation, len(terms.place_ids), now)


def check_hand_out(session: Session, reservation: Reservation, terms: MachineTerms, now: datetime) -> list[Violation]:
    """Return every condition of use that does not hold, too_early and all_out."""
    return [
        *check(session, reservation, terms, now),
        *use_times.check_too_early(reservation, now),
        *use_times.check_out(session, reservation, len(terms.place_ids)),
    ]


def check(session: Session, reservation: Reservation, terms: MachineTerms, now: datetime) -> Iterator[Violation]:
    """Yield what keeps a member from using a reserved machine from now until the end of the reservation.

    induction, prerequisite, persons_apart, member_left as in rules.check_member; machine_retired; machine_closed
    (limit: until when).
    """
    eligibility = members.eligibility_of(session, reservation.member_id, terms.policy.induction_kind_id)
    if now < reservation.ends_at:
        yield from lending_rules.check_member(TimeSpan(now, reservation.ends_at), terms.policy, eligibility)
    if terms.is_retired:
        yield Violation("machine_retired", "machine")
    if closed_until := _closed_until(session, reservation, now):
        yield Violation("machine_closed", "machine", limit=closed_until)


def _closed_until(session: Session, reservation: Reservation, now: datetime) -> datetime | None:
    """Return when the closures end that are on now; those in spite of which a manager kept the reservation left out."""
    is_on = [
        Blocking.machine_id == reservation.machine_id,
        Blocking.ends_at > now,
        Blocking.starts_at <= now,
        Blocking.lifted_at.is_(None),
    ]
    accepted_at = reservation.accepted_at
    if accepted_at is not None and accepted_at >= reservation.asked_at:
        is_on.append(Blocking.created_at > accepted_at)
    return session.scalar(select(func.max(Blocking.ends_at)).where(*is_on))
