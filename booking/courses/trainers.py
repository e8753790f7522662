"""Trainers of a kind of induction: who may hold a course on a day."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.courses import seats
from booking.members import members
from booking.models import Course, Induction, Member
from booking.rules.eligibility import MemberEligibility
from booking.rules.persons import Level, Person


class Trainer(NamedTuple):
    """A person, or a member for which no person is named, with an induction of the level trainer."""

    member_id: int
    member_name: str
    person: Person

    @property
    def name(self) -> str:
        """The name of the person, else that of the member."""
        return self.person.name or self.member_name


def trainers(session: Session, kind_id: int, day: date) -> tuple[Trainer, ...]:
    """Return the trainers of a kind on a day, by name.

    Their induction counts then: the member has not left, and what the induction builds on is valid too.
    """
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
    found = {Trainer(member_id, name, Person(person, user_id)) for member_id, name, person, user_id in rows}
    return tuple(
        sorted(
            (one for one in found if _counts(eligible.of(one.member_id, kind_id, one.person), day)),
            key=lambda one: (one.name, one.member_id),
        )
    )


def has_trainer(session: Session, course: Course) -> bool:
    """Return whether the trainer of a course may hold it on its day."""
    wanted = (course.trainer_member_id, Person(course.trainer_name, course.trainer_user_id).key)
    found = trainers(session, course.kind_id, seats.day_of(session, course.workshop_id, course.starts_at))
    return any(wanted == (one.member_id, one.person.key) for one in found)


def _counts(eligibility: MemberEligibility, day: date) -> bool:
    return eligibility.lacking_on(day) is None and (eligibility.left_on is None or day <= eligibility.left_on)
