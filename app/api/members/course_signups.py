"""Endpoints of who takes part in an induction course: sign up, sign off, attendance."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from flask_babel import gettext as _
from flask_login import current_user
from pydantic import Field, StrictBool

from app.api import problems
from app.api.endpoints import Endpoint, reply
from app.api.fields import Id, Instant, RequestModel, ResponseModel, ShortText
from app.api.idempotency import run_idempotent
from app.api.members.courses import Course, reply_with
from app.api.problems import Refusal, Reply
from app.auth import lookups, member_logins, permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from booking.courses import attendance, seats
from booking.errors.course_errors import CourseNotFound
from booking.errors.schedule_errors import MemberNotFound
from booking.models import SEATS_MAX
from booking.queries import courses as course_queries
from booking.queries.courses import CourseView, SignupView
from booking.rules.persons import Level

MEMBER_OR_MANAGER = Access(member=OWN, manager=WORKSHOP, admin=ALL)
ANYBODY = Access(member=ALL, manager=ALL, admin=ALL)  # for the own member; staff for all


class NewSignup(RequestModel):
    """A person who signs up for a course. member_id: by default the member of the login.

    person: by the name of a login or typed; "" for the member itself. waits: without a free seat, for the next one.
    """

    member_id: Id | None = None
    person: ShortText = ""
    waits: StrictBool = False


class PersonPresent(RequestModel):
    """Whether a person who signed up was there."""

    signup_id: Id
    was_present: StrictBool


class Attendance(RequestModel):
    """Who was at a course. level: of the inductions, by default the one with which the kind begins.

    `trainer` is given by managers of the workshop alone.
    """

    people: Annotated[list[PersonPresent], Field(min_length=1, max_length=SEATS_MAX)]
    level: Level | None = None


class Signup(ResponseModel):
    """A person on a seat of a course, or waiting for one (position: 1 for who gets the next one)."""

    id: int
    course_id: int
    member_id: int
    person: str
    has_seat: bool
    position: int | None
    joined_at: Instant
    was_present: bool | None
    induction_id: int | None


class SignupList(ResponseModel):
    """Who signed up for a course. next: always null, because the list is complete."""

    items: list[Signup]
    next: str | None = None


action = partial(Endpoint, "POST", errors=(404, 409), idempotent=True)


@Endpoint("GET", "/courses/<id:course_id>/signups", access=ANYBODY, response=SignupList, errors=(404,))
def list_signups(course_id: int) -> SignupList:
    """List who signed up for a course: all for its trainer and the managers of its workshop, else one's own."""
    view = course_queries.course(db.session(), course_id)
    own = None if _is_staff(view) else current_user.member_id or 0
    found = course_queries.signups(db.session(), course_id, member_id=own)
    return SignupList(items=[_item(one) for one in found])


@action("/courses/<id:course_id>/signups", access=ANYBODY, body=NewSignup, response=Signup, status=201)
def sign_up(course_id: int, body: NewSignup) -> Reply:
    """Sign up for a course. The last seat is given once: then 409 `course_full`, unless the person waits for one.

    Who is signed up already is returned.
    """
    view, by, instant = course_queries.course(db.session(), course_id), current_actor(), now()
    member_id = body.member_id or current_user.member_id
    if member_id is None:
        raise Refusal(
            problems.invalid(problems.field_error("member_id", _("required, because this login acts for no member")))
        )
    is_staff = _is_staff(view)
    if not is_staff and member_id != current_user.member_id:
        raise MemberNotFound(id=member_id)

    def enter() -> Reply:
        person = member_logins.person_named(db.session(), member_id, body.person)
        signup_id = seats.sign_up(
            db.session(),
            course_id,
            member_id,
            person,
            waits=body.waits,
            is_late=is_staff,
            by=by,
            now=instant,
        )
        found = course_queries.signups(db.session(), course_id)
        return reply(next(_item(one) for one in found if one.id == signup_id), 201)

    return run_idempotent(body, enter)


@action("/courses/<id:course_id>/signups/<id:signup_id>/leave", access=MEMBER_OR_MANAGER, response=Course)
def sign_off(course_id: int, signup_id: int) -> Reply:
    """Sign a person off from a course; who waits longest gets the seat. The answer is the course."""
    view, by, instant = course_queries.course(db.session(), course_id), current_actor(), now()
    is_staff = _is_staff(view)
    if not is_staff:
        member_id = course_queries.member_of_signup(db.session(), course_id, signup_id)
        permissions.require(member_id=member_id, missing=CourseNotFound(id=course_id))

    def leave() -> Reply:
        seats.sign_off(db.session(), course_id, signup_id, is_late=is_staff, by=by, now=instant)
        return reply_with(course_id)

    return run_idempotent(None, leave)


@action("/courses/<id:course_id>/attendance", access=MEMBER_OR_MANAGER, body=Attendance, response=SignupList)
def enter_attendance(course_id: int, body: Attendance) -> Reply:
    """Enter who was at a course, from its start on: for its trainer and the managers of its workshop.

    Who was there gets the induction, once, also when it is sent twice.
    """
    view, by, instant = lookups.course(course_id), current_actor(), now()
    if body.level is Level.TRAINER and not _manages(view):
        raise Refusal(
            problems.invalid(problems.field_error("level", _("trainer is given by managers of the workshop")))
        )
    was_present = {one.signup_id: one.was_present for one in body.people}
    if len(was_present) < len(body.people):
        raise Refusal(problems.invalid(problems.field_error("people", _("names a signup_id twice"))))

    def enter() -> Reply:
        attendance.enter(
            db.session(),
            course_id,
            was_present,
            level=body.level,
            as_trainer=not _manages(view),
            by=by,
            now=instant,
        )
        found = course_queries.signups(db.session(), course_id)
        return reply(SignupList(items=[_item(one) for one in found]))

    return run_idempotent(body, enter)


def _manages(view: CourseView) -> bool:
    return permissions.may_touch("api.change_course", "PATCH", workshop_id=view.workshop_id)


def _is_staff(view: CourseView) -> bool:
    """Return whether the login is the trainer of a course, or manages its workshop."""
    is_login = view.trainer_user_id is not None
    return permissions.may_touch(
        "api.enter_attendance",
        "POST",
        member_id=None if is_login else view.trainer_member_id,
        user_id=view.trainer_user_id,
        workshop_id=view.workshop_id,
    )


def _item(view: SignupView) -> Signup:
    return Signup(
        id=view.id,
        course_id=view.course_id,
        member_id=view.member_id,
        person=view.person_name,
        has_seat=view.seat is not None,
        position=view.position,
        joined_at=view.joined_at,
        was_present=view.was_present,
        induction_id=view.induction_id,
    )
