"""Induction courses with their seats, and who signed up."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import Session, aliased

from booking.errors.course_errors import CourseNotFound
from booking.models import (
    Course,
    CourseMachine,
    CourseSignup,
    InductionKind,
    Machine,
    Member,
    Workshop,
)
from booking.timespan import TimeSpan

_is_signed_up = CourseSignup.left_at.is_(None)


@dataclass(frozen=True, slots=True)
class CourseView:
    """A course with what people need to recognise it. taken: seats given; waiting: people without one.

    trainer_name: the person, else the member. machines: ids and names of those that it takes.
    """

    id: int
    kind_id: int
    kind: str
    workshop_id: int
    workshop_name: str
    zone: ZoneInfo
    span: TimeSpan
    place: str
    seats: int
    taken: int
    waiting: int
    price_note: str
    note: str
    trainer_member_id: int
    trainer_user_id: int | None
    trainer_person: str
    trainer_name: str
    cancelled_at: datetime | None
    cancel_reason: str
    held_at: datetime | None
    trainer_lost_at: datetime | None
    revision: int
    machines: tuple[tuple[int, str], ...] = ()

    @property
    def free(self) -> int:
        """How many seats nobody has."""
        return self.seats - self.taken

    def is_open(self, now: datetime) -> bool:
        """Return whether members can sign up and off."""
        return self.cancelled_at is None and self.held_at is None and now < self.span.start


@dataclass(frozen=True, slots=True)
class SignupView:
    """A person who signed up for a course. position: 1 for who gets the next free seat; None on a seat."""

    id: int
    course_id: int
    member_id: int
    member_name: str
    member_number: str
    person_name: str
    seat: int | None
    joined_at: datetime
    was_present: bool | None
    induction_id: int | None
    position: int | None = None

    @property
    def name(self) -> str:
        """The name of the person, else that of the member."""
        return self.person_name or self.member_name


def _count(*conditions: ColumnElement[bool]) -> Any:
    of_course = select(func.count()).where(CourseSignup.course_id == Course.id, _is_signed_up, *conditions)
    return of_course.correlate(Course).scalar_subquery()


_VIEWS = (
    select(
        Course,
        InductionKind.name.label("kind"),
        Workshop.name.label("workshop_name"),
        Workshop.timezone,
        Member.name.label("trainer_member"),
        _count(CourseSignup.seat.is_not(None)).label("taken"),
        _count(CourseSignup.seat.is_(None)).label("waiting"),
    )
    .join(InductionKind, InductionKind.id == Course.kind_id)
    .join(Workshop, Workshop.id == Course.workshop_id)
    .join(Member, Member.id == Course.trainer_member_id)
)

_SIGNUPS = select(
    CourseSignup.id,
    CourseSignup.course_id,
    CourseSignup.member_id,
    Member.name,
    Member.number,
    CourseSignup.person_name,
    CourseSignup.seat,
    CourseSignup.joined_at,
    CourseSignup.was_present,
    CourseSignup.induction_id,
).join(Member, Member.id == CourseSignup.member_id)


def course(session: Session, course_id: int) -> CourseView:
    """Return one course, also one that was cancelled or is over. Raises CourseNotFound."""
    found = _views(session, _VIEWS.where(Course.id == course_id))
    if not found:
        raise CourseNotFound(id=course_id)
    return found[0]


def courses(
    session: Session,
    *,
    now: datetime,
    is_past: bool = False,
    workshop_ids: Collection[int] | None = None,
    kind_id: int | None = None,
    offset: int = 0,
    limit: int = 50,
) -> tuple[CourseView, ...]:
    """Return courses to come or under way, soonest first; is_past: those that are over, the last one first."""
    wanted = [Course.ends_at <= now if is_past else Course.ends_at > now]
    if workshop_ids is not None:
        wanted.append(Course.workshop_id.in_(workshop_ids))
    if kind_id is not None:
        wanted.append(Course.kind_id == kind_id)
    order = (Course.ends_at.desc(), Course.id.desc()) if is_past else (Course.ends_at, Course.id)
    return _views(session, _VIEWS.where(*wanted).order_by(*order).offset(offset).limit(limit))


def open_courses(
    session: Session, kind_ids: Collection[int], *, now: datetime, limit: int = 50
) -> tuple[CourseView, ...]:
    """Return the courses of some kinds for which one can still sign up, soonest first."""
    is_open = Course.cancelled_at.is_(None), Course.held_at.is_(None), Course.starts_at > now
    statement = _VIEWS.where(Course.kind_id.in_(kind_ids), Course.ends_at > now, *is_open)
    return _views(session, statement.order_by(Course.ends_at, Course.id).limit(limit))


def _views(session: Session, statement: Select[*tuple[Any, ...]]) -> tuple[CourseView, ...]:
    """Return the courses of a statement with their machines, in two statements."""
    rows = session.execute(statement.execution_options(populate_existing=True)).all()
    machines: dict[int, list[tuple[int, str]]] = {}
    if rows:
        names = select(CourseMachine.course_id, Machine.id, Machine.name).join(
            Machine, Machine.id == CourseMachine.machine_id
        )
        of_courses = names.where(CourseMachine.course_id.in_([row.Course.id for row in rows]))
        for course_id, machine_id, name in session.execute(of_courses.order_by(Machine.name, Machine.id)):
            machines.setdefault(course_id, []).append((machine_id, name))
    return tuple(_view(row, tuple(machines.get(row.Course.id, ()))) for row in rows)


def _view(row: Row[Any], machines: tuple[tuple[int, str], ...]) -> CourseView:
    stored: Course = row.Course
    return CourseView(
        id=stored.id,
        kind_id=stored.kind_id,
        kind=row.kind,
        workshop_id=stored.workshop_id,
        workshop_name=row.workshop_name,
        zone=ZoneInfo(row.timezone),
        span=TimeSpan(stored.starts_at, stored.ends_at),
        place=stored.place,
        seats=stored.seats,
        taken=row.taken,
        waiting=row.waiting,
        price_note=stored.price_note,
        note=stored.note,
        trainer_member_id=stored.trainer_member_id,
        trainer_user_id=stored.trainer_user_id,
        trainer_person=stored.trainer_name,
        trainer_name=stored.trainer_name or row.trainer_member,
        cancelled_at=stored.cancelled_at,
        cancel_reason=stored.cancel_reason,
        held_at=stored.held_at,
        trainer_lost_at=stored.trainer_lost_at,
        revision=stored.revision,
        machines=machines,
    )


def signups(session: Session, course_id: int, *, member_id: int | None = None) -> tuple[SignupView, ...]:
    """Return who is signed up for a course: those on a seat by name, then who waits in order. member_id: only its."""
    rows = session.execute(
        _SIGNUPS.where(CourseSignup.course_id == course_id, _is_signed_up).order_by(CourseSignup.id)
    ).all()
    waiting = [row.id for row in rows if row.seat is None]
    positions = {signup_id: number for number, signup_id in enumerate(waiting, 1)}
    found = [replace(SignupView(*row), position=positions.get(row.id)) for row in rows]
    found.sort(key=lambda one: (one.position or 0, one.name, one.id))
    return tuple(one for one in found if member_id is None or one.member_id == member_id)


def signups_of_member(session: Session, course_ids: Collection[int], member_id: int) -> dict[int, list[SignupView]]:
    """Return who of a member is signed up for some courses, by course; positions are left out."""
    rows = session.execute(
        _SIGNUPS.where(
            CourseSignup.course_id.in_(course_ids), CourseSignup.member_id == member_id, _is_signed_up
        ).order_by(CourseSignup.id)
    )
    found: dict[int, list[SignupView]] = {}
    for row in rows:
        found.setdefault(row.course_id, []).append(SignupView(*row))
    return found


def member_of_signup(session: Session, course_id: int, signup_id: int) -> int | None:
    """Return the member of a sign-up for a course; None without one."""
    of_course = CourseSignup.id == signup_id, CourseSignup.course_id == course_id
    return session.scalar(select(CourseSignup.member_id).where(*of_course))


def took_last_seat(session: Session, signup_id: int) -> bool:
    """Return whether a person took the last seat of a course: all are given, and nobody took one of them later."""
    one, other = aliased(CourseSignup), aliased(CourseSignup)
    later = select(other.id).where(other.course_id == one.course_id, other.seat.is_not(None), other.id > one.id)
    seated = select(func.count()).where(other.course_id == one.course_id, other.seat.is_not(None))
    found = (
        select(one.id)
        .join(Course, Course.id == one.course_id)
        .where(
            one.id == signup_id,
            ~later.correlate(one).exists(),
            seated.correlate(one).scalar_subquery() == Course.seats,
        )
    )
    return session.scalar(found) is not None


def signup_name(session: Session, signup_id: int) -> str:
    """Return who signed up: the person, else the member."""
    row = session.execute(_SIGNUPS.where(CourseSignup.id == signup_id)).one()
    return SignupView(*row).name


def member_of_number(session: Session, number: str) -> int | None:
    """Return the member with a number, whatever its capitals; None without one."""
    found = select(Member.id).where(func.lower(Member.number) == number.lower())
    return session.scalar(found.order_by(Member.number != number, Member.id).limit(1))


def was_given_in(session: Session, induction_id: int, workshop_ids: Collection[int]) -> bool:
    """Return whether an induction was given at a course of some workshops."""
    given = select(CourseSignup.id).join(Course, Course.id == CourseSignup.course_id)
    of_them = CourseSignup.induction_id == induction_id, Course.workshop_id.in_(workshop_ids)
    return session.scalar(given.where(*of_them)) is not None
