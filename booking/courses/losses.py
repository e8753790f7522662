"""What a course to come loses: the seats of members who leave before it, and a trainer who may no longer hold it.

Looked for by the worker, because memberships and inductions end in many ways, also by a day that was entered long ago.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from booking.courses import seats
from booking.courses.trainers import has_trainer
from booking.events.course_events import CourseTrainerLost
from booking.kernel.events import Actor, record
from booking.models import Course, CourseSignup, Member, Workshop
from booking.times.wall_clock import local_day


def leavers(session: Session, *, now: datetime, limit: int = 100) -> Sequence[tuple[int, int]]:
    """Return sign-ups (course, sign-up) of members who leave before the day of a course to come."""
    found = session.execute(
        select(Course.id, Workshop.timezone, Course.starts_at, CourseSignup.id.label("signup_id"), Member.left_on)
        .join(Workshop, Workshop.id == Course.workshop_id)
        .join(CourseSignup, CourseSignup.course_id == Course.id)
        .join(Member, Member.id == CourseSignup.member_id)
        .where(*_to_come(now), CourseSignup.left_at.is_(None), Member.left_on.is_not(None))
        .order_by(Course.id, CourseSignup.id)
    )
    leaving = (
        (row.id, row.signup_id) for row in found if row.left_on < local_day(row.starts_at, ZoneInfo(row.timezone))
    )
    # Not of the statement: who leaves after a course would take the places of those who leave before one.
    return list(islice(leaving, limit))


def untrained(session: Session, *, now: datetime) -> Sequence[int]:
    """Return the courses to come whose trainer may not hold them, and of which nobody was told yet."""
    found = session.scalars(select(Course).where(*_to_come(now), Course.trainer_lost_at.is_(None)).order_by(Course.id))
    return [course.id for course in found.all() if not has_trainer(session, course)]


def note_trainer_lost(session: Session, course_id: int, *, by: Actor, now: datetime) -> bool:
    """Note once that the trainer of a course may not hold it; return whether it was noted now."""
    course = seats.locked(session, course_id)
    is_open = course.cancelled_at is None and course.held_at is None
    if not is_open or course.trainer_lost_at is not None or has_trainer(session, course):
        return False
    course.trainer_lost_at = course.changed_at = now
    course.revision += 1
    session.flush()
    seats.bump_all(session, course)
    record(session, CourseTrainerLost.of(course, member_id=course.trainer_member_id), by=by, at=now)
    return True


def _to_come(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return Course.starts_at > now, Course.cancelled_at.is_(None), Course.held_at.is_(None)
