"""Subscribers that queue mails about induction courses: offered, moved, cancelled, a seat, and what was given."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.notifications import course_links, recipients
from app.notifications.composing import Notification, queue_keyed
from app.notifications.notifying import is_by, members_of, notify, others
from app.notifications.recipients import Recipient
from app.wording.courses import seats_text
from booking import queries
from booking.events import course_events
from booking.kernel.events import Handler, RecordedEvent
from booking.queries import courses as course_queries
from booking.queries.courses import CourseView


def offered(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify a member who asked for an induction that there is a course, with the link to sign up."""
    course = course_queries.course(session, event.facts["course_id"])
    if not course.is_open(now):
        return
    for to in members_of(session, event):
        link = course_links.create(session, course.id, event.facts["member_id"], to, now=now)
        facts = {"course": course, "seats_text": seats_text, "sign_up_url": link}
        notification = Notification("course_offered", facts, _path(event))
        key = f"event{event.id}:course_offered:{to.key}"
        queue_keyed(session, notification, to, key=key, now=now, link_ends_at=course.span.start)


def planned(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the trainer of a new course."""
    _tell_trainer(session, event, "planned", now)


def joined(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the member that somebody is signed up, or waits for a seat; the trainer, once the last seat is given."""
    _tell_member(session, event, "course_joined", now)
    course = course_queries.course(session, event.facts["course_id"])
    if not event.facts["is_waiting"] and course_queries.took_last_seat(session, event.facts["signup_id"]):
        _tell_trainer(session, event, "full", now, course=course)


def seat_given(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the member that who waited has a seat now."""
    _tell_member(session, event, "course_seat", now)


def left(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the member whom somebody else signed off, and the trainer."""
    if not is_by(members_of(session, event), event):
        _tell_member(session, event, "course_left", now)
    person = course_queries.signup_name(session, event.facts["signup_id"])
    _tell_trainer(session, event, "left", now, person=person)


def trainer_lost(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the managers of the workshop, and the trainer, that a course needs another trainer."""
    course = course_queries.course(session, event.facts["course_id"])
    facts = {"course": course, "what": "lost", "person": "", "seats_text": seats_text}
    managers = recipients.managers_of(session, course.workshop_id, now=now)
    people = {to.key: to for to in (*managers, *_trainers_of(session, course))}
    notify(session, event, Notification("course_trainer", facts, _path(event)), people.values(), now)


def _tell_trainer(
    session: Session,
    event: RecordedEvent,
    what: str,
    now: datetime,
    *,
    person: str = "",
    course: CourseView | None = None,
) -> None:
    """Notify the trainer of a course, unless the trainer did it."""
    course = course or course_queries.course(session, event.facts["course_id"])
    facts = {"course": course, "what": what, "person": person, "seats_text": seats_text}
    mail = Notification("course_trainer", facts, _path(event))
    notify(session, event, mail, others(_trainers_of(session, course), event), now)


def _tell_former_trainer(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify who held a course before, unless it still does, or has given it away itself."""
    if (member_id := event.facts.get("former_trainer_member_id")) is None:
        return
    course = course_queries.course(session, event.facts["course_id"])
    present = {one.key for one in _trainers_of(session, course)}
    former = _people_of(session, member_id, event.facts.get("former_trainer_user_id"))
    facts = {"course": course, "what": "replaced", "person": "", "seats_text": seats_text}
    mail = Notification("course_trainer", facts, _path(event))
    notify(session, event, mail, [one for one in others(former, event) if one.key not in present], now)


def _trainers_of(session: Session, course: CourseView) -> list[Recipient]:
    """Return the login that a course names as its trainer, else all people of the trainer's member."""
    return _people_of(session, course.trainer_member_id, course.trainer_user_id)


def _people_of(session: Session, member_id: int, user_id: int | None) -> list[Recipient]:
    people = recipients.of_member(session, member_id)
    return [one for one in people if user_id in (None, one.user_id)] or people


def _tell_member(session: Session, event: RecordedEvent, template: str, now: datetime) -> None:
    course = course_queries.course(session, event.facts["course_id"])
    facts = {"course": course, "person": course_queries.signup_name(session, event.facts["signup_id"])}
    facts["is_waiting"] = event.facts.get("is_waiting", False)
    notify(session, event, Notification(template, facts, _path(event)), members_of(session, event), now)


def changed(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify everybody who signed up that time or place of a course have changed; and its trainer, who may be new.

    Then the former one too, who would come otherwise.
    """
    if event.facts["is_moved"]:
        _tell_all(session, event, "course_moved", now)
    if event.facts.get("is_other_trainer"):
        _tell_trainer(session, event, "planned", now)
        _tell_former_trainer(session, event, now)
    elif event.facts["is_moved"]:
        _tell_trainer(session, event, "moved", now)


def cancelled(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify everybody who signed up that a course is cancelled, and its trainer."""
    _tell_all(session, event, "course_cancelled", now)
    _tell_trainer(session, event, "cancelled", now)


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
    course_events.CoursePlanned.type: planned,
    course_events.CourseTrainerLost.type: trainer_lost,
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
