"""Naming another second person for a reservation, such as after the induction of the former one ended."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from booking.errors.schedule_errors import RequestRefused
from booking.events import reservation_events
from booking.kernel.events import Actor
from booking.members import members, second_persons
from booking.models import Reservation
from booking.records import catalogue
from booking.records.publish import publish
from booking.reservations import lifecycle, reservation_writer, wishes
from booking.reservations.lifecycle import Step
from booking.reservations.wishes import Wish
from booking.rules import lending_rules
from booking.rules.persons import Person
from booking.timespan import TimeSpan


def change_second_person(
    session: Session, reservation_id: int, person: Person, *, by: Actor, now: datetime, revision: int | None = None
) -> Reservation:
    """Name who is there as well; nobody only where the machine does not need a second person. Its time stays.

    Call inside write_transaction(). Raises ReservationNotFound, StaleRevision, WrongStatus (also once it is out or
    over), RequestRefused.
    """
    reservation = reservation_writer.lock(session, reservation_id, revision)
    lifecycle.require(reservation, Step.CANCEL, now)
    if (person.name, person.user_id) == (reservation.second_person, reservation.second_user_id):
        return reservation
    policy = catalogue.lending_terms(session, reservation.machine_id).policy
    if policy.needs_second_person:
        span, member_id = TimeSpan(reservation.starts_at, reservation.ends_at), reservation.member_id
        eligible = members.eligibility_of(session, member_id, policy.induction_kind_id, person)
        broken = [one for one in lending_rules.check_member(span, policy, eligible) if one.field == "second_person"]
        broken += second_persons.check_busy(session, member_id, person, span, reservation_id=reservation_id)
        RequestRefused.raise_for(broken)
    reservation.second_person, reservation.second_user_id = person.name, person.user_id
    if wishes.keeps_rules_of_use(session, Wish.of(reservation), policy):
        reservation.outside_rules_since = None
    reservation_writer.save(session, reservation, now)
    publish(session, reservation_events.SecondPersonChanged.of(reservation, second_person=person.name), by=by, now=now)
    return reservation
