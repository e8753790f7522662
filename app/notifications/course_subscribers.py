"""Subscribers that queue mails about induction courses: offered, moved, cancelled, a seat, and what was given."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.notifications import recipients
from app.notifications.composing import Notification
from app.notifications.notifying import is_by, members_of, notify
from app.wording.courses import seats_text
from booking import course_events, queries
from booking.kernel.events import Handler, RecordedEvent
from booking.queries import courses as course_queries


def offered(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify a member who asked for an induction that there is a course, with the link to sign up."""
    course = course_queries.course(session, event.facts["course_id"])
    if course.is_open(now):
        facts = {"course": course, "seats_text": seats_text}
        notify(session, event, Notification("course_offered", facts, _path(event)), members_of(session, event), now)


def joined(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the member that somebody is signed up, or waits for a seat."""
    _tell_member(session, event, "course_joined", now)


def seat_given(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the member that who waited has a seat now."""
    _tell_member(session, event, "course_seat", now)


def left(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the member whom somebody of the workshop signed off."""
    if not is_by(members_of(session, event), event):
        _tell_member(session, event, "course_left", now)


def _tell_member(session: Session, event: RecordedEvent, template: str, now: datetime) -> None:
    course = course_queries.course(session, event.facts["course_id"])
    facts = {"course": course, "person": course_queries.signup_name(session, event.facts["signup_id"])}
    facts["is_waiting"] = event.facts.get("is_waiting", False)
    notify(session, event, Notification(template, facts, _path(event)), members_of(session, event), now)


def changed(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify everybody who signed up that time or place of a course have changed."""
    if event.facts["is_moved"]:
        _tell_all(session, event, "course_moved", now)


def cancelled(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify everybody who signed up that a course is cancelled."""
    _tell_all(session, event, "course_cancelled", now)


def _tell_all(session: Session, event: RecordedEvent, template: str, now: datetime) -> None:
    course = course_queries.course(session, event.facts["course_id"])
    notification = Notification(template, {"course": course}, _path(event))
    for member_id in sorted({one.member_id for one in course_queries.signups(session, course.id)}):
        notify(session, event, notification, recipients.of_member(session, member_id), now)


def attended(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the member of an induction that was given at a course, with the certificate."""
    if not event.facts["was_present"] or event.facts["induction_id"] is None:
        return
    induction = queries.induction(session, event.facts["induction_id"])
    path = f"/inductions/{induction.id}/certificate"
    notify(session, event, Notification("induction_given", {"one": induction}, path), members_of(session, event), now)


HANDLERS: dict[str, Handler] = {
    course_events.CourseOffered.type: offered,
    course_events.CourseJoined.type: joined,
    course_events.CourseSeatGiven.type: seat_given,
    course_events.CourseLeft.type: left,
    course_events.CourseChanged.type: changed,
    course_events.CourseCancelled.type: cancelled,
    course_events.CourseAttendanceEntered.type: attended,
}


def _path(event: RecordedEvent) -> str:
    return f"/inductions/courses/{event.facts['course_id']}"
