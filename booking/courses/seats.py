"""Seats of induction courses: signing up, waiting for a seat, signing off.

Each seat is a row and a sign-up refers to its own, so the database refuses one participant more; the lock on the course
makes others wait, so that they are refused with words. Verbs flush and never commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from booking.errors.course_errors import CourseFull, CourseNotFound
from booking.errors.schedule_errors import MemberNotFound, Violation, WrongStatus
from booking.events.course_events import CourseJoined, CourseLeft, CourseSeatGiven
from booking.kernel import revisions
from booking.kernel.events import Actor, record
from booking.kernel.orm import table_of
from booking.models import Course, CourseSeat, CourseSignup, Member, Workshop
from booking.records import records, schedule_versions
from booking.rules.persons import MEMBER_ITSELF, PERSON_LENGTH_MAX, Person, folded
from booking.times.wall_clock import local_day

WAITING_MAX = 200  # people who wait for a seat of one course

_seat = table_of(CourseSeat)
_is_signed_up = CourseSignup.left_at.is_(None)


def locked(session: Session, course_id: int, revision: int | None = None) -> Course:
    """Read a course and lock it; the first lock of a verb. Raises CourseNotFound, StaleRevision."""
    return revisions.locked(session, Course, course_id, missing=CourseNotFound, revision=revision)


def require_open(course: Course, now: datetime) -> None:
    """Raise WrongStatus unless a course is to come or under way: course_cancelled, course_held, over."""
    if course.cancelled_at is not None:
        raise WrongStatus(status="course_cancelled", wanted=["planned"])
    if course.held_at is not None:
        raise WrongStatus(status="course_held", wanted=["planned"])
    if course.ends_at <= now:
        raise WrongStatus(status="over", wanted=["planned"])


def sign_up(
    session: Session,
    course_id: int,
    member_id: int,
    person: Person = MEMBER_ITSELF,
    *,
    waits: bool = False,
    is_late: bool = False,
    by: Actor,
    now: datetime,
) -> int:
    """Sign a person of a member up for a course and return the id of the sign-up; of one who is signed up, the same.

    waits: without a free seat the person waits for one. is_late: also after the start, until the attendance is
    entered; for who enters it.

    Raises CourseNotFound, MemberNotFound, WrongStatus (course_cancelled, course_held, over), CourseFull,
    RecordRefused (at_most, member_left, holds_course: the trainer, who would give the induction to oneself).
    """
    course = locked(session, course_id)
    _require_joinable(course, now, is_late=is_late)
    _check_person(session, course, member_id, person)
    same = _is_signed_up, CourseSignup.member_id == member_id, CourseSignup.person_key == person.key
    if known := session.scalar(select(CourseSignup.id).where(CourseSignup.course_id == course_id, *same)):
        return known
    seat = _free_seat(session, course_id)
    waiting = 0 if seat is not None else _waiting(session, course_id)
    if seat is None and (not waits or waiting >= WAITING_MAX):
        raise CourseFull(course_id=course_id, seats=course.seats, waiting=waiting)
    return _enter(session, course, member_id, person, seat, by, now)


def _enter(
    session: Session, course: Course, member_id: int, person: Person, seat: int | None, by: Actor, now: datetime
) -> int:
    signup = CourseSignup(
        course_id=course.id,
        member_id=member_id,
        person_name=" ".join(person.name.split()),
        person_key=person.key,
        person_user_id=person.user_id,
        seat=seat,
        joined_at=now,
        joined_by=by.user_id,
    )
    session.add(signup)
    session.flush()
    joined = CourseJoined.of(course, member_id=member_id, signup_id=signup.id, is_waiting=seat is None)
    record(session, joined, by=by, at=now)
    schedule_versions.bump(session, member_ids=[member_id], machine_ids=())
    return signup.id


def sign_off(
    session: Session, course_id: int, signup_id: int, *, is_late: bool = False, by: Actor, now: datetime
) -> None:
    """Sign a person off from a course; who waits longest gets the seat. Who signed off already has: nothing happens.

    Raises CourseNotFound (also without such a sign-up), WrongStatus as sign_up().
    """
    course = locked(session, course_id)
    signup = session.get(CourseSignup, signup_id, populate_existing=True)
    if signup is None or signup.course_id != course_id:
        raise CourseNotFound(id=course_id)
    if signup.left_at is not None:
        return
    _require_joinable(course, now, is_late=is_late)
    signup.left_at, signup.seat = now, None
    session.flush()
    left = CourseLeft.of(course, member_id=signup.member_id, signup_id=signup_id)
    record(session, left, by=by, at=now)
    given = fill(session, course, by=by, now=now)
    schedule_versions.bump(session, member_ids=[signup.member_id, *given], machine_ids=())


def fill(session: Session, course: Course, *, by: Actor, now: datetime) -> list[int]:
    """Give the free seats of a locked course to who waits longest; return the ids of their members."""
    given = []
    while (seat := _free_seat(session, course.id)) is not None and (signup := _next(session, course.id)) is not None:
        signup.seat = seat
        session.flush()
        event = CourseSeatGiven.of(course, member_id=signup.member_id, signup_id=signup.id)
        record(session, event, by=by, at=now)
        given.append(signup.member_id)
    return given


def set_number(session: Session, course_id: int, before: int, after: int) -> None:
    """Give a locked course another number of seats; who sits on one that goes takes a lower one. See check_number()."""
    if after > before:
        rows = [{"course_id": course_id, "number": number} for number in range(before + 1, after + 1)]
        session.execute(insert(_seat), rows)
    elif after < before:
        higher = select(CourseSignup).where(CourseSignup.course_id == course_id, CourseSignup.seat > after)
        for signup in session.scalars(higher.order_by(CourseSignup.seat)).all():
            signup.seat = _free_seat(session, course_id)
            session.flush()
        session.execute(delete(_seat).where(_seat.c.course_id == course_id, _seat.c.number > after))


def check_number(session: Session, course_id: int, number: int) -> list[Violation]:
    """Return at_least for fewer seats than people who have one."""
    of_course = CourseSignup.course_id == course_id, CourseSignup.seat.is_not(None)
    taken = session.scalar(select(func.count()).where(*of_course)) or 0
    return [Violation("at_least", "seats", limit=taken, actual=number)] if number < taken else []


def members_of(session: Session, course_id: int) -> Sequence[int]:
    """Return the members of whom somebody is signed up for a course, waiting or not, each once."""
    of_course = select(CourseSignup.member_id).where(CourseSignup.course_id == course_id, _is_signed_up)
    return session.scalars(of_course.distinct().order_by(CourseSignup.member_id)).all()


def bump_all(session: Session, course: Course, *member_ids: int) -> None:
    """Count the schedules of who is signed up, of the trainer, and of some more members as changed."""
    concerned = [*members_of(session, course.id), course.trainer_member_id, *member_ids]
    schedule_versions.bump(session, member_ids=concerned, machine_ids=())


def day_of(session: Session, workshop_id: int, instant: datetime) -> date:
    """Return the day of an instant by the clock of a workshop."""
    return local_day(
        instant, ZoneInfo(session.scalars(select(Workshop.timezone).where(Workshop.id == workshop_id)).one())
    )


def _require_joinable(course: Course, now: datetime, *, is_late: bool) -> None:
    if not is_late or course.cancelled_at is not None or course.held_at is not None:
        require_open(course, now)
    if not is_late and course.starts_at <= now:
        raise WrongStatus(status="over", wanted=["planned"])


def _check_person(session: Session, course: Course, member_id: int, person: Person) -> None:
    member = session.get(Member, member_id)
    if member is None:
        raise MemberNotFound(id=member_id)
    day = day_of(session, course.workshop_id, course.starts_at)
    violations = []
    if member.left_on is not None and member.left_on < day:
        violations.append(Violation("member_left", "member_id", limit=member.left_on, actual=day))
    if member_id == course.trainer_member_id and person.key in ("", folded(course.trainer_name)):
        violations.append(Violation("holds_course", "person"))
    if len(person.name) > PERSON_LENGTH_MAX:
        violations.append(Violation("at_most", "person", limit=PERSON_LENGTH_MAX, actual=len(person.name)))
    records.refuse(violations)


def _free_seat(session: Session, course_id: int) -> int | None:
    """Return the lowest seat that nobody has."""
    is_taken = select(CourseSignup.id).where(
        CourseSignup.course_id == course_id, CourseSignup.seat == CourseSeat.number
    )
    return session.scalar(
        select(func.min(CourseSeat.number)).where(CourseSeat.course_id == course_id, ~is_taken.exists())
    )


def _waiting(session: Session, course_id: int) -> int:
    is_waiting = CourseSignup.course_id == course_id, _is_signed_up, CourseSignup.seat.is_(None)
    return session.scalar(select(func.count()).where(*is_waiting)) or 0


def _next(session: Session, course_id: int) -> CourseSignup | None:
    is_waiting = CourseSignup.course_id == course_id, _is_signed_up, CourseSignup.seat.is_(None)
    return session.scalars(select(CourseSignup).where(*is_waiting).order_by(CourseSignup.id).limit(1)).one_or_none()
