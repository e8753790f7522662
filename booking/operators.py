"""Who runs a machine that needs an induction: the persons of a member who may, and whether one of them may."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from booking import catalogue, members, rules
from booking.catalogue import MachineTerms
from booking.eligibility import MemberEligibility
from booking.errors import ReservationNotFound, Violation
from booking.models import Reservation
from booking.persons import MEMBER_ITSELF, PERSON_LENGTH_MAX, Person
from booking.timespan import TimeSpan

NAMES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Operators:
    """Who may run a machine until the end of a reservation.

    persons: the inducted ones by name. is_anybody: the member itself is inducted, so whoever runs it may.
    """

    persons: tuple[Person, ...]
    is_anybody: bool

    @property
    def is_nobody(self) -> bool:
        """Whether the member has no valid induction at all."""
        return not self.persons and not self.is_anybody

    def may_run(self, person: Person) -> bool:
        """Return whether a person is one of them."""
        return self.is_anybody or any(_is_same(person, one) for one in self.persons)


def operators(session: Session, reservation: Reservation, terms: MachineTerms, now: datetime) -> Operators | None:
    """Return who may run a reserved machine from now until its end; None where it needs no induction."""
    kind_id = terms.policy.induction_kind_id
    if kind_id is None:
        return None
    named = members.persons_of(session, reservation.member_id)
    may_run = [one for one in named if not any(_lacking(session, reservation, terms, one, now))]
    return Operators(tuple(may_run), not any(_lacking(session, reservation, terms, MEMBER_ITSELF, now)))


def of_reservation(session: Session, reservation_id: int, *, now: datetime) -> Operators | None:
    """Return who may run the machine of a reservation, as operators(). Raises ReservationNotFound."""
    reservation = session.get(Reservation, reservation_id)
    if reservation is None:
        raise ReservationNotFound(id=reservation_id)
    return operators(session, reservation, catalogue.lending_terms(session, reservation.machine_id), now)


def resolve(
    session: Session, reservation: Reservation, terms: MachineTerms, wanted: Person | None, now: datetime
) -> tuple[Person, list[Violation]]:
    """Return who runs the machine, and what is wrong with that. wanted: who was named; None: the only one who may.

    operator_missing (limit: names): several may. operator (limit: the name, actual: the first day) is not inducted.
    at_most: the name is too long.
    """
    possible = operators(session, reservation, terms, now)
    if wanted is not None and wanted.name:
        if len(wanted.name) > PERSON_LENGTH_MAX:
            too_long = Violation("at_most", "operator", limit=PERSON_LENGTH_MAX, actual=len(wanted.name))
            return wanted, [too_long]
        return wanted, list(check_operator(session, reservation, terms, wanted, now))
    if possible is None or possible.is_anybody or not possible.persons:
        return MEMBER_ITSELF, []
    if len(possible.persons) == 1:
        return possible.persons[0], []
    names = ", ".join(one.name for one in possible.persons[:NAMES_SHOWN])
    return MEMBER_ITSELF, [Violation("operator_missing", "operator", limit=names)]


def check_operator(
    session: Session, reservation: Reservation, terms: MachineTerms, person: Person, now: datetime
) -> Iterator[Violation]:
    """Yield operator for a person who may not run the machine; nothing where nobody of the member may."""
    if terms.policy.induction_kind_id is None or not person.name:
        return
    if any(_lacking(session, reservation, terms, None, now)):
        return
    for violation in _lacking(session, reservation, terms, person, now):
        yield Violation("operator", "operator", limit=person.name, actual=violation.actual)
        return


def _lacking(
    session: Session, reservation: Reservation, terms: MachineTerms, person: Person | None, now: datetime
) -> Iterator[Violation]:
    if now >= reservation.ends_at:
        return
    found = members.eligibility_of(session, reservation.member_id, terms.policy.induction_kind_id, person)
    inductions_alone = MemberEligibility(found.inducted, None, found.required, found.together)
    yield from rules.check_member(TimeSpan(now, reservation.ends_at), terms.policy, inductions_alone)


def _is_same(one: Person, other: Person) -> bool:
    is_login = one.user_id is not None and one.user_id == other.user_id
    return is_login or one.key == other.key
