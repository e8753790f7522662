"""Who is staff of a course: its trainer and who manages its workshop; and who of them can name trainers."""

from __future__ import annotations

from app.auth import permissions
from booking.queries.courses import CourseView
from booking.rules.persons import Level


def gives_level(course: CourseView, level: str) -> bool:
    """Return whether the login can give a level at a course: that of a trainer is given by who manages the workshop."""
    return level != Level.TRAINER or manages(course)


def manages(course: CourseView) -> bool:
    """Return whether the login manages the workshop of a course."""
    return permissions.may_touch("workshop.change_course", "POST", workshop_id=course.workshop_id)


def is_staff(course: CourseView) -> bool:
    """Return whether the login is the trainer of a course, or manages its workshop."""
    is_login = course.trainer_user_id is not None
    return permissions.may_touch(
        "inductions.attendance",
        "POST",
        member_id=None if is_login else course.trainer_member_id,
        user_id=course.trainer_user_id,
        workshop_id=course.workshop_id,
    )
