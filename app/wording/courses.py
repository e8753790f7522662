"""Induction courses as text."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from booking.queries.courses import CourseView
from booking.queries.inductions import induction_kinds


def closure_reason(session: Session, kind_id: int) -> str:
    """Return why the machines of a course are closed, as the plan shows it."""
    return _("Induction course: %(kind)s", kind=dict(induction_kinds(session)).get(kind_id, ""))


def seats_text(course: CourseView) -> str:
    """Return how many seats of a course are free, and how many people wait for one."""
    if course.free > 0:
        return _("%(free)s of %(seats)s seats free", free=course.free, seats=course.seats)
    given = ngettext("The only seat is given", "All %(num)s seats are given", course.seats)
    if not course.waiting:
        return given
    waiting = ngettext("%(num)s person waits", "%(num)s people wait", course.waiting)
    return f"{given}, {waiting}"
