"""Attendance of induction courses: who was there gets the induction, in one transaction, however often it is sent."""

from __future__ import annotations

from collections.abc import Container, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.courses import seats
from booking.courses.trainers import has_trainer
from booking.errors.schedule_errors import Violation, WrongStatus
from booking.events.course_events import CourseAttendanceEntered
from booking.kernel.events import Actor, record
from booking.members import inductions
from booking.models import Course, CourseSignup, Induction, Member
from booking.records import records
from booking.rule_changes import condition_changes
from booking.rules.persons import Level, Person


def enter(
    session: Session,
    course_id: int,
    was_present: Mapping[int, bool],
    *,
    level: Level | None = None,
    as_trainer: bool = False,
    by: Actor,
    now: datetime,
) -> int:
    """Enter who was at a course, by ids of sign-ups; who was gets the induction. Return how many were given now.

    The induction begins on the first day of the course, for the months of its kind. level: None for the one with which
    the kind begins. What was entered before stays as it is, and gives nothing twice: who has the same induction from
    another course of that day has it from there. Who was entered as absent can be entered as present afterwards; the
    other way round the induction is ended at once first. as_trainer: its trainer enters it, nobody of the workshop;
    then the induction of that must count on the day of the course.

    Raises CourseNotFound, WrongStatus (course_cancelled, not_started, trainer_lost), RecordRefused (missing: nobody of
    this course has a seat by this id; induction_given).
    """
    course = seats.locked(session, course_id)
    _require_enterable(session, course, now, as_trainer=as_trainer)
    signups = _signups(session, course_id)
    records.refuse(_violations(signups, was_present, _valid(session, signups)))
    changed = [signups[one] for one in sorted(was_present) if signups[one].was_present is not was_present[one]]
    if not changed:
        return 0
    present = [one for one in changed if was_present[one.id]]
    inductions.lock_members(session, [one.member_id for one in present])
    given = [_note(session, course, signup, was_present[signup.id], level, by, now) for signup in changed]
    course.held_at, course.changed_at = course.held_at or now, now
    course.revision += 1
    session.flush()
    seats.bump_all(session, course)
    return sum(given)


def _require_enterable(session: Session, course: Course, now: datetime, *, as_trainer: bool) -> None:
    if course.cancelled_at is not None:
        raise WrongStatus(status="course_cancelled", wanted=["planned"])
    if now < course.starts_at:
        raise WrongStatus(status="not_started", wanted=["started"])
    if as_trainer and not has_trainer(session, course):
        raise WrongStatus(status="trainer_lost", wanted=["trainer"])


def _note(
    session: Session,
    course: Course,
    signup: CourseSignup,
    is_there: bool,
    level: Level | None,
    by: Actor,
    now: datetime,
) -> bool:
    """Enter whether a person was there, and give the induction to who was; return whether it was given."""
    signup.was_present, signup.induction_id = is_there, None
    session.flush()
    if is_there:
        induction_id = _give(session, course, signup, level, by, now)
        signup.induction_id = None if _is_of_a_course(session, induction_id) else induction_id
        session.flush()
    event = CourseAttendanceEntered.of(
        course,
        member_id=signup.member_id,
        signup_id=signup.id,
        was_present=is_there,
        induction_id=signup.induction_id,
    )
    record(session, event, by=by, at=now)
    return signup.induction_id is not None


def _is_of_a_course(session: Session, induction_id: int) -> bool:
    of_a_course = select(CourseSignup.id).where(CourseSignup.induction_id == induction_id)
    return session.scalar(of_a_course) is not None


def _signups(session: Session, course_id: int) -> dict[int, CourseSignup]:
    of_course = CourseSignup.course_id == course_id, CourseSignup.seat.is_not(None)
    found = session.scalars(select(CourseSignup).where(*of_course).execution_options(populate_existing=True))
    return {one.id: one for one in found}


def _valid(session: Session, signups: Mapping[int, CourseSignup]) -> set[int]:
    """Return the inductions that were given for sign-ups and were not ended at once since."""
    given = [one.induction_id for one in signups.values() if one.induction_id is not None]
    return set(session.scalars(select(Induction.id).where(Induction.id.in_(given), Induction.ended_at.is_(None))))


def _violations(
    signups: Mapping[int, CourseSignup], was_present: Mapping[int, bool], valid: Container[int | None]
) -> list[Violation]:
    found = []
    for signup_id, is_there in was_present.items():
        if signup_id not in signups:
            found.append(Violation("missing", "attendance", actual=signup_id))
        elif not is_there and signups[signup_id].induction_id in valid:
            found.append(Violation("induction_given", "attendance", actual=signup_id))
    return found


def _give(session: Session, course: Course, signup: CourseSignup, level: Level | None, by: Actor, now: datetime) -> int:
    trainer = course.trainer_name or session.get_one(Member, course.trainer_member_id).name
    return condition_changes.give_induction(
        session,
        signup.member_id,
        course.kind_id,
        given_on=seats.day_of(session, course.workshop_id, course.starts_at),
        given_by=trainer[: inductions.NAME_LENGTH_MAX],
        person=Person(signup.person_name, signup.person_user_id),
        level=level,
        by=by,
        now=now,
    )
