"""Induction courses for the calendar feed of a member: those that it holds, and those on which it has a seat."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, or_, select

from booking.kernel.orm import table_of
from booking.kernel.views import columns_of
from booking.models import Course, CourseSignup, InductionKind, Workshop
from booking.queries.addresses import address_line
from booking.queries.feeds import Reader

_course, _signup, _kind, _workshop = map(table_of, (Course, CourseSignup, InductionKind, Workshop))


class FeedCourse(NamedTuple):
    """A course for a calendar. is_trainer: the member holds it, so that it is more than a seat."""

    id: int
    revision: int
    starts_at: datetime
    ends_at: datetime
    created_at: datetime
    changed_at: datetime
    cancelled_at: datetime | None
    timezone: str
    kind: str
    place: str
    workshop_name: str
    workshop_address: str
    trainer_member_id: int


_COLUMNS = columns_of(
    FeedCourse,
    _course,
    changed_at=func.coalesce(_course.c.cancelled_at, _course.c.changed_at, _course.c.created_at),
    timezone=_workshop.c.timezone,
    kind=_kind.c.name,
    workshop_name=_workshop.c.name,
    workshop_address=address_line(_workshop),
)


def feed_courses(reader: Reader, member_id: int | None, *, since: datetime) -> Sequence[FeedCourse]:
    """Return the courses of a member that ended after an instant, cancelled ones included; none without a member."""
    if member_id is None:
        return []
    has_seat = select(_signup.c.id).where(
        _signup.c.course_id == _course.c.id,
        _signup.c.member_id == member_id,
        _signup.c.left_at.is_(None),
        _signup.c.seat.is_not(None),
    )
    statement = (
        select(*_COLUMNS)
        .join(_kind, _kind.c.id == _course.c.kind_id)
        .join(_workshop, _workshop.c.id == _course.c.workshop_id)
        .where(
            _course.c.ends_at > since,
            or_(_course.c.trainer_member_id == member_id, has_seat.correlate(_course).exists()),
        )
        .order_by(_course.c.id)
    )
    return [FeedCourse._make(row) for row in reader.execute(statement)]
