"""The errors of induction courses."""

from __future__ import annotations

from booking.errors.schedule_errors import NotFound
from booking.kernel.errors import DomainError


class CourseNotFound(NotFound):
    """There is no such course."""

    code = "course_not_found"


class CourseFull(DomainError):
    """Every seat of a course is given. facts: course_id, seats, waiting (how many wait for one)."""

    code = "course_full"


class ClosureOfCourse(DomainError):
    """A closure belongs to an induction course, which alone changes and lifts it. facts: course_id."""

    code = "closure_of_course"
