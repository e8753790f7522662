"""Endpoints of induction courses: list, get, plan, change, cancel."""

from __future__ import annotations

from typing import Annotated, Any

from flask_babel import gettext as _
from pydantic import Field

from app.api import problems, revisions
from app.api.conversions import span_of
from app.api.endpoints import Endpoint, reply
from app.api.fields import (
    PAGE_LENGTH,
    WHOLE,
    Id,
    Instant,
    PageLength,
    QueryId,
    RequestModel,
    ResponseModel,
    ShortText,
    Text,
)
from app.api.idempotency import run_idempotent
from app.api.problems import Refusal, Reply
from app.auth import lookups, member_logins
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, LOGGED_IN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.wording.courses import closure_reason
from booking.courses import planning
from booking.courses.planning import MACHINES_MAX, CourseInput
from booking.models import SEATS_MAX
from booking.queries import courses as course_queries
from booking.queries.courses import CourseView
from booking.rules.persons import Person

STAFF = Access(manager=WORKSHOP, admin=ALL)
Seats = Annotated[int, Field(strict=True, ge=1, le=SEATS_MAX), WHOLE]
MachineIds = Annotated[list[Id], Field(max_length=MACHINES_MAX)]


class NewCourse(RequestModel):
    """A course for one kind of induction. machine_ids: machines of the workshop that are closed for it.

    trainer_member_id and trainer: a member, and the person of it ("" for the member itself), with an induction of the
    level `trainer` for the kind on the first day. place, price_note, note: texts for who signs up.
    """

    kind_id: Id
    workshop_id: Id
    starts_at: Instant
    ends_at: Instant
    seats: Seats
    trainer_member_id: Id
    trainer: ShortText = ""
    machine_ids: MachineIds = Field(default_factory=list)
    place: ShortText = ""
    price_note: ShortText = ""
    note: Text = ""


class CourseChange(RequestModel):
    """What becomes of a course; what is left out, or null, stays. trainer: of the trainer_member_id that is sent."""

    starts_at: Instant | None = None
    ends_at: Instant | None = None
    seats: Seats | None = None
    trainer_member_id: Id | None = None
    trainer: ShortText | None = None
    machine_ids: MachineIds | None = None
    place: ShortText | None = None
    price_note: ShortText | None = None
    note: Text | None = None


class CourseCancellation(RequestModel):
    """Why a course is cancelled; it stands in the mail to who signed up."""

    reason: Text = ""


class CourseFilter(RequestModel):
    """Filter of courses. past: those that are over, the last one first. cursor: how many were read before."""

    kind_id: QueryId | None = None
    workshop_id: QueryId | None = None
    past: bool = False
    cursor: QueryId | None = None
    limit: PageLength = PAGE_LENGTH


class Course(ResponseModel):
    """An induction course. taken: seats that are given; waiting: people who wait for one.

    held_at: when the attendance was entered.
    """

    id: int
    revision: int
    kind_id: int
    workshop_id: int
    starts_at: Instant
    ends_at: Instant
    place: str
    seats: int
    taken: int
    waiting: int
    trainer_member_id: int
    trainer: str
    machine_ids: list[int]
    price_note: str
    note: str
    cancelled_at: Instant | None
    cancel_reason: str
    held_at: Instant | None


class CourseList(ResponseModel):
    """Courses, soonest first. next: the cursor of the next page, null on the last one."""

    items: list[Course]
    next: int | None


@Endpoint("GET", "/courses", access=LOGGED_IN, query=CourseFilter, response=CourseList)
def list_courses(query: CourseFilter) -> CourseList:
    """List induction courses to come or under way, soonest first."""
    offset = query.cursor or 0
    found = course_queries.courses(
        db.session(),
        now=now(),
        is_past=query.past,
        workshop_ids=None if query.workshop_id is None else [query.workshop_id],
        kind_id=query.kind_id,
        offset=offset,
        limit=query.limit + 1,
    )
    items = [of_view(view) for view in found[: query.limit]]
    return CourseList(items=items, next=offset + query.limit if len(found) > query.limit else None)


@Endpoint("GET", "/courses/<id:course_id>", access=LOGGED_IN, response=Course, errors=(404,), conditional=True)
def get_course(course_id: int) -> Reply:
    """Get an induction course, also one that was cancelled or is over."""
    return reply_with(course_id)


@Endpoint(
    "POST",
    "/courses",
    access=STAFF,
    body=NewCourse,
    response=Course,
    status=201,
    errors=(404, 409),
    idempotent=True,
    conditional=True,
)
def plan_course(body: NewCourse) -> Reply:
    """Plan an induction course. Its machines are closed for it; a reservation in the way gives 409 `slot_taken`.

    Members who asked for such an induction get a mail.
    """
    lookups.workshop(body.workshop_id)
    by, instant, span = current_actor(), now(), span_of(body)

    def plan() -> Reply:
        data = CourseInput(
            body.kind_id,
            body.workshop_id,
            span,
            body.seats,
            body.trainer_member_id,
            member_logins.person_named(db.session(), body.trainer_member_id, body.trainer),
            frozenset(body.machine_ids),
            body.place,
            body.price_note,
            body.note,
        )
        reason = closure_reason(db.session(), body.kind_id)
        course_id = planning.plan(db.session(), data, reason=reason, by=by, now=instant)
        return reply_with(course_id, 201, {"Location": f"/api/v1/courses/{course_id}"})

    return run_idempotent(body, plan)


@Endpoint(
    "PATCH",
    "/courses/<id:course_id>",
    access=STAFF,
    body=CourseChange,
    response=Course,
    errors=(404, 409, 412),
    conditional=True,
)
def change_course(course_id: int, body: CourseChange) -> Reply:
    """Change an induction course. With another time or place everybody who signed up gets a mail."""
    view = lookups.course(course_id)
    by, instant, revision = current_actor(), now(), revisions.expected(view.revision)
    if not body.model_dump(exclude_none=True):
        raise Refusal(problems.invalid(problems.field_error("seats", _("required, unless another field is given"))))
    wanted = _merged(view, body)
    span = span_of(wanted)

    def change() -> Reply:
        trainer = Person(view.trainer_person, view.trainer_user_id)
        if body.trainer_member_id is not None or body.trainer is not None:
            trainer = member_logins.person_named(db.session(), wanted.trainer_member_id, wanted.trainer)
        data = CourseInput(
            view.kind_id,
            view.workshop_id,
            span,
            wanted.seats,
            wanted.trainer_member_id,
            trainer,
            frozenset(wanted.machine_ids),
            wanted.place,
            wanted.price_note,
            wanted.note,
        )
        reason = closure_reason(db.session(), view.kind_id)
        planning.change(db.session(), course_id, data, reason=reason, by=by, now=instant, revision=revision)
        return reply_with(course_id)

    return run_idempotent(body, change)


@Endpoint(
    "POST",
    "/courses/<id:course_id>/cancel",
    access=STAFF,
    body=CourseCancellation,
    response=Course,
    errors=(404, 409, 412),
    idempotent=True,
    conditional=True,
)
def cancel_course(course_id: int, body: CourseCancellation) -> Reply:
    """Cancel an induction course. Its machines are free at once, and everybody who signed up gets a mail."""
    view = lookups.course(course_id)
    by, instant, revision = current_actor(), now(), revisions.expected(view.revision)

    def cancel() -> Reply:
        planning.cancel(db.session(), course_id, reason=body.reason, by=by, now=instant, revision=revision)
        return reply_with(course_id)

    return run_idempotent(body, cancel)


def _merged(view: CourseView, body: CourseChange) -> NewCourse:
    """Return a course as it is to be: what was sent, else what is stored."""
    stored: dict[str, Any] = {
        "kind_id": view.kind_id,
        "workshop_id": view.workshop_id,
        "starts_at": view.span.start,
        "ends_at": view.span.end,
        "seats": view.seats,
        "trainer_member_id": view.trainer_member_id,
        "trainer": "" if body.trainer_member_id is not None else view.trainer_person,
        "machine_ids": [machine_id for machine_id, _name in view.machines],
        "place": view.place,
        "price_note": view.price_note,
        "note": view.note,
    }
    return NewCourse.model_construct(**stored | body.model_dump(exclude_none=True))


def reply_with(course_id: int, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    """Return a course as it is stored now."""
    view = course_queries.course(db.session(), course_id)
    return reply(of_view(view), status, {**(headers or {}), **revisions.etag(view.revision)})


def of_view(view: CourseView) -> Course:
    """Return a course as the API shows it."""
    return Course(
        id=view.id,
        revision=view.revision,
        kind_id=view.kind_id,
        workshop_id=view.workshop_id,
        starts_at=view.span.start,
        ends_at=view.span.end,
        place=view.place,
        seats=view.seats,
        taken=view.taken,
        waiting=view.waiting,
        trainer_member_id=view.trainer_member_id,
        trainer=view.trainer_person,
        machine_ids=[machine_id for machine_id, _name in view.machines],
        price_note=view.price_note,
        note=view.note,
        cancelled_at=view.cancelled_at,
        cancel_reason=view.cancel_reason,
        held_at=view.held_at,
    )
