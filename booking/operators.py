"""Who runs a machine that needs an induction: the persons of a member who may, and whether one of them may."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking import catalogue, members, rules
from booking.catalogue import MachineTerms
from booking.eligibility import MemberEligibility
from booking.errors import ReservationNotFound, Violation
from booking.models import Induction, Member, Reservation
from booking.persons import MEMBER_ITSELF, PERSON_LENGTH_MAX, Level, Person, folded
from booking.timespan import TimeSpan
from booking.wall_clock import local_day

NAMES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Operators:
    """Who may run a machine until the end of a reservation.

    persons: the inducted ones by name. is_anybody: the member itself is inducted, so whoever runs it may.
    is_supervised: some of them need a trainer beside them.
    """

    persons: tuple[Person, ...]
    is_anybody: bool
    is_supervised: bool = False

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
    is_anybody = not any(_lacking(session, reservation, terms, MEMBER_ITSELF, now))
    who = [*may_run, *([MEMBER_ITSELF] if is_anybody else [])]
    supervised = any(needs_supervisor(session, reservation, terms, one, now) for one in who)
    return Operators(tuple(may_run), is_anybody, supervised)


def of_reservation(session: Session, reservation_id: int, *, now: datetime) -> Operators | None:
    """Return who may run the machine of a reservation, as operators(). Raises ReservationNotFound."""
    reservation = session.get(Reservation, reservation_id)
    if reservation is None:
        raise ReservationNotFound(id=reservation_id)
    return operators(session, reservation, catalogue.lending_terms(session, reservation.machine_id), now)


def trainers_of(session: Session, machine_id: int, *, now: datetime) -> tuple[str, ...]:
    """Return the names of the trainers of a machine. Raises MachineNotFound."""
    return trainers(session, catalogue.lending_terms(session, machine_id), now)


class Runner(NamedTuple):
    """Who runs a machine, who supervises that ("" where nobody has to), and what is wrong with it."""

    person: Person
    supervisor: str
    violations: list[Violation]


def runner(
    session: Session,
    reservation: Reservation,
    terms: MachineTerms,
    wanted: Person | None,
    supervisor: str,
    now: datetime,
) -> Runner:
    """Return who runs the machine. wanted: who was named; None: the only one who may. supervisor: the name typed.

    Violations: those of resolve(), supervisor_missing, supervisor (limit: the name), who is no trainer.
    """
    person, violations = resolve(session, reservation, terms, wanted, now)
    if not needs_supervisor(session, reservation, terms, person, now):
        return Runner(person, "", violations)
    return Runner(person, " ".join(supervisor.split()), violations + _check_supervisor(session, terms, supervisor, now))


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


def _check_supervisor(session: Session, terms: MachineTerms, supervisor: str, now: datetime) -> list[Violation]:
    if len(supervisor) > PERSON_LENGTH_MAX:
        return [Violation("at_most", "supervisor", limit=PERSON_LENGTH_MAX, actual=len(supervisor))]
    if not supervisor.strip():
        return [Violation("supervisor_missing", "supervisor")]
    if folded(supervisor) not in {folded(name) for name in trainers(session, terms, now)}:
        return [Violation("supervisor", "supervisor", limit=supervisor.strip())]
    return []


def needs_supervisor(
    session: Session, reservation: Reservation, terms: MachineTerms, operator: Person, now: datetime
) -> bool:
    """Return whether all valid inductions of a person for a machine are for use under supervision."""
    kind_id = terms.policy.induction_kind_id
    if kind_id is None:
        return False
    day = local_day(now, terms.policy.hours.zone)
    rows = members.inducted_of(session, reservation.member_id).get(kind_id, ())
    levels = {one.level for one in rows if one.holds_for(operator) and one.first <= day <= one.last}
    return levels == {Level.SUPERVISED}


def trainers(session: Session, terms: MachineTerms, now: datetime) -> tuple[str, ...]:
    """Return the names of the trainers of a machine: persons, or members for which no person is named."""
    day = local_day(now, terms.policy.hours.zone)
    rows = session.execute(
        select(Induction.person_name, Member.name)
        .join(Member, Member.id == Induction.member_id)
        .where(
            Induction.kind_id == terms.policy.induction_kind_id,
            Induction.level == Level.TRAINER,
            Induction.ended_at.is_(None),
            Induction.given_on <= day,
            Induction.valid_until >= day,
        )
    )
    return tuple(sorted({person or member for person, member in rows}))


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
