"""Who runs a machine that needs an induction: the persons of a member who may, and whether one of them may."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import ReservationNotFound, Violation
from booking.members import members, prerequisites
from booking.members.prerequisites import Requirements
from booking.models import Induction, Member, Reservation
from booking.records import catalogue
from booking.records.catalogue import MachineTerms
from booking.rules import lending_rules, persons
from booking.rules.lending_rules import Policy
from booking.rules.persons import MEMBER_ITSELF, PERSON_LENGTH_MAX, Inducted, Level, Person, folded
from booking.times.wall_clock import local_day
from booking.timespan import TimeSpan

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

    def may_run(self, person: Person) -> bool:
        """Return whether a person is one of them."""
        return self.is_anybody or any(_is_same(person, one) for one in self.persons)


def operators(session: Session, reservation: Reservation, terms: MachineTerms, now: datetime) -> Operators | None:
    """Return who may run a reserved machine from now until its end; None where it needs no induction."""
    inductions = _inductions(session, reservation, terms, now)
    return None if inductions is None else _operators(inductions)


def _operators(inductions: _Inductions) -> Operators:
    may_run = [one for one in inductions.named if not inductions.lacking(one)]
    # Who renamed a login is inducted under two names, and is one person.
    once = tuple({one.user_id or one.key: one for one in may_run}.values())
    is_anybody = not inductions.lacking(MEMBER_ITSELF)
    who = [*once, *([MEMBER_ITSELF] if is_anybody else [])]
    return Operators(once, is_anybody, any(inductions.is_supervised(one) for one in who))


def of_reservation(session: Session, reservation_id: int, *, now: datetime) -> Operators | None:
    """Return who may run the machine of a reservation, as operators(). Raises ReservationNotFound."""
    reservation = session.get(Reservation, reservation_id)
    if reservation is None:
        raise ReservationNotFound(id=reservation_id)
    return operators(session, reservation, catalogue.lending_terms(session, reservation.machine_id), now)


def trainers_of(session: Session, machine_id: int, *, now: datetime) -> tuple[str, ...]:
    """Return the names of the trainers of a machine. Raises MachineNotFound."""
    return _trainers(session, catalogue.lending_terms(session, machine_id), now)


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

    Violations: operator, operator_missing, at_most, supervisor_missing; supervisor (limit: the name) is no trainer.
    """
    inductions = _inductions(session, reservation, terms, now)
    if inductions is None:
        return _unasked(wanted)
    person, violations = _resolve(inductions, wanted)
    if not inductions.is_supervised(person):
        return Runner(person, "", violations)
    return Runner(person, " ".join(supervisor.split()), violations + _check_supervisor(session, terms, supervisor, now))


def _unasked(wanted: Person | None) -> Runner:
    """Return who was named for a machine that needs no induction."""
    person = wanted or MEMBER_ITSELF
    return Runner(person, "", _check_length("operator", person.name))


def _resolve(inductions: _Inductions, wanted: Person | None) -> tuple[Person, list[Violation]]:
    """Return who runs the machine, and what is wrong with that. wanted: who was named; None: the only one who may.

    operator_missing (limit: names): several may. operator (limit: the name, actual: the first day) is not inducted.
    at_most: the name is too long.
    """
    if wanted is not None and wanted.name:
        return wanted, _check_length("operator", wanted.name) or _check_operator(inductions, wanted)
    possible = _operators(inductions)
    if possible.is_anybody or not possible.persons:
        return MEMBER_ITSELF, []
    if len(possible.persons) == 1:
        return possible.persons[0], []
    names = ", ".join(one.name for one in possible.persons[:NAMES_SHOWN])
    return MEMBER_ITSELF, [Violation("operator_missing", "operator", limit=names)]


def _check_operator(inductions: _Inductions, person: Person) -> list[Violation]:
    """Return operator for a person who may not run the machine; nothing where nobody of the member may."""
    lacking = [] if inductions.lacking(None) else inductions.lacking(person)
    return [Violation("operator", "operator", limit=person.name, actual=one.actual) for one in lacking[:1]]


def _check_length(field: str, name: str) -> list[Violation]:
    if len(name) <= PERSON_LENGTH_MAX:
        return []
    return [Violation("at_most", field, limit=PERSON_LENGTH_MAX, actual=len(name))]


def _check_supervisor(session: Session, terms: MachineTerms, supervisor: str, now: datetime) -> list[Violation]:
    if too_long := _check_length("supervisor", supervisor):
        return too_long
    if not supervisor.strip():
        return [Violation("supervisor_missing", "supervisor")]
    if folded(supervisor) not in {folded(name) for name in _trainers(session, terms, now)}:
        return [Violation("supervisor", "supervisor", limit=supervisor.strip())]
    return []


def _trainers(session: Session, terms: MachineTerms, now: datetime) -> tuple[str, ...]:
    """Return the names of the trainers of a machine: persons, or members for which no person is named.

    Their induction counts today: the member has not left, and what the induction builds on is valid too.
    """
    day, kind_id = local_day(now, terms.policy.hours.zone), terms.policy.induction_kind_id
    rows = session.execute(
        select(Induction.member_id, Member.name, Induction.person_name, Induction.person_user_id)
        .join(Member, Member.id == Induction.member_id)
        .where(
            Induction.kind_id == kind_id,
            Induction.level == Level.TRAINER,
            Induction.ended_at.is_(None),
            Induction.given_on <= day,
            Induction.valid_until >= day,
        )
    ).all()
    eligible = members.eligibilities(session, {row.member_id for row in rows})
    found = {
        person_name or member
        for member_id, member, person_name, user_id in rows
        if not any(
            lending_rules.check_member(
                _only(now), terms.policy, eligible.of(member_id, kind_id, Person(person_name, user_id))
            )
        )
    }
    return tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class _Inductions:
    """The inductions of a member by kind, read once, and the use that they are needed for.

    span: from now until the end of the reservation, or only now where the days of one person end before and those of
    another go on; None once the reservation is over.
    """

    kind_id: int
    by_kind: Mapping[int, Sequence[Inducted]]
    required: Requirements
    policy: Policy
    span: TimeSpan | None
    today: date

    @property
    def named(self) -> tuple[Person, ...]:
        """The persons of the member who were inducted for anything."""
        return persons.named(one for rows in self.by_kind.values() for one in rows)

    def lacking(self, person: Person | None) -> list[Violation]:
        """Return which inductions a person lacks for the use; None: all persons of the member together."""
        if self.span is None:
            return []
        valid = self.by_kind if person is None else persons.of_person(self.by_kind, person)
        found = prerequisites.eligibility(self.kind_id, valid, self.required, None)
        return list(lending_rules.check_member(self.span, self.policy, found))

    def is_supervised(self, person: Person) -> bool:
        """Return whether all valid inductions of a person for the machine are for use under supervision."""
        rows = self.by_kind.get(self.kind_id, ())
        levels = {one.level for one in rows if one.holds_for(person) and one.first <= self.today <= one.last}
        return levels == {Level.SUPERVISED}


def _inductions(session: Session, reservation: Reservation, terms: MachineTerms, now: datetime) -> _Inductions | None:
    """Read the inductions that matter for a reserved machine; None where it needs none."""
    kind_id = terms.policy.induction_kind_id
    if kind_id is None:
        return None
    found = _Inductions(
        kind_id,
        members.inducted_of(session, reservation.member_id),
        prerequisites.requirements(session),
        terms.policy,
        TimeSpan(now, reservation.ends_at) if now < reservation.ends_at else None,
        local_day(now, terms.policy.hours.zone),
    )
    everybody = (MEMBER_ITSELF, *found.named)
    is_by_turns = not found.lacking(None) and all(found.lacking(one) for one in everybody)
    return replace(found, span=_only(now)) if is_by_turns else found


def _only(instant: datetime) -> TimeSpan:
    return TimeSpan(instant, instant + timedelta(microseconds=1))


def _is_same(one: Person, other: Person) -> bool:
    is_login = one.user_id is not None and one.user_id == other.user_id
    return is_login or one.key == other.key
