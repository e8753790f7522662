"""/workshop/inductions/courses: the demand, what expires, courses; planning, changing and cancelling one."""

from __future__ import annotations

from datetime import timedelta

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import TextAreaField

from app.auth import lookups, permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.base_form import BaseForm, is_review_only, review_message
from app.forms.span_form import MaxCharacters
from app.forms.submit import submit
from app.pages.declaration import GET_POST, page
from app.pages.workshop import bp, presenter
from app.pages.workshop.course_forms import ChangeCourseForm, CourseForm
from app.ring_card import ring_zone
from app.web.paging import page_number
from app.wording.courses import closure_reason, seats_text
from booking import queries
from booking.courses import planning
from booking.courses.trainers import trainers
from booking.errors.schedule_errors import SlotTaken
from booking.queries import ReservationView, induction_demand, induction_lists
from booking.queries import courses as course_queries
from booking.queries.courses import CourseView
from booking.times.wall_clock import local_day

STAFF = Access(manager=WORKSHOP, admin=ALL)
PER_PAGE, EXPIRING_SHOWN, IN_THE_WAY_SHOWN = 25, 50, 20
AHEAD = timedelta(days=30)
ID_DIGITS_MAX = 9


class CancelCourseForm(BaseForm):
    """Why a course is cancelled."""

    reason = TextAreaField(
        _l("Reason, for the e-mail to everybody who signed up"), [MaxCharacters(planning.LENGTHS_MAX["note"])]
    )


@page(bp, "/inductions/courses", access=Access(manager=ALL, admin=ALL))
def list_courses() -> ResponseReturnValue:
    """List the demand, the inductions that end within 30 days and the courses of one's workshops; ?past=1: old ones."""
    session, instant, number = db.session(), now(), page_number()
    is_past, today = request.args.get("past") == "1", local_day(instant, ring_zone())
    found = course_queries.courses(
        session,
        now=instant,
        is_past=is_past,
        workshop_ids=presenter.my_workshop_ids(),
        offset=(number - 1) * PER_PAGE,
        limit=PER_PAGE + 1,
    )
    expiring = induction_lists.expiring(
        session, today, today + AHEAD, workshop_ids=presenter.my_workshop_ids(), limit=EXPIRING_SHOWN + 1
    )
    return render_template(
        "workshop/courses.html",
        demand=induction_demand.demand(session, now=instant),
        courses=[(one, seats_text(one), local_day(one.span.start, one.zone)) for one in found[:PER_PAGE]],
        expiring=expiring[:EXPIRING_SHOWN],
        has_more_expiring=len(expiring) > EXPIRING_SHOWN,
        is_past=is_past,
        page=number,
        has_next=len(found) > PER_PAGE,
    )


@page(bp, "/inductions/courses/new", methods=GET_POST, access=STAFF, keeps_input=True)
def plan_course() -> ResponseReturnValue:
    """Plan a course: the kind and the workshop first (?kind=&workshop=), then all the rest."""
    session, instant, by = db.session(), now(), current_actor()
    kinds, places = queries.induction_kinds(session), _places()
    kind_id = _chosen("kind", [one for one, _name in kinds])
    workshop_id = _chosen("workshop", [one for one, _name in places]) or (places[0][0] if len(places) == 1 else None)
    if kind_id is None or workshop_id is None:
        status, note = (422 if request.method == "POST" else 200), review_message() if is_review_only() else ""
        shown = render_template("workshop/course_kind.html", kinds=kinds, places=places, kind_id=kind_id, note=note)
        return shown, status
    permissions.require(workshop_id=workshop_id)
    form = CourseForm()
    _offer(form, kind_id, workshop_id)
    if not form.is_submitted():
        form.machines.data = [one for one, _name in form.found_machines]
    planned = submit(
        form,
        lambda: planning.plan(
            session,
            form.entered(kind_id, workshop_id),
            reason=closure_reason(session, kind_id),
            by=by,
            now=instant,
        ),
        message=_("The course is planned. Everybody who asked for this induction gets an e-mail."),
        location=lambda course_id: url_for("inductions.show", course_id=course_id),
    )
    return planned or (_form_page(form, dict(kinds)[kind_id], kind_id, workshop_id), form.status)


@page(bp, "/inductions/courses/<int:course_id>/change", methods=GET_POST, access=STAFF, keeps_input=True)
def change_course(course_id: int) -> ResponseReturnValue:
    """Change a course. With another time or place who signed up gets an e-mail."""
    session, instant, by = db.session(), now(), current_actor()
    course, form = lookups.course(course_id), ChangeCourseForm()
    _offer(form, course.kind_id, course.workshop_id, course)
    if not form.is_submitted():
        form.fill_in(course)
        form.revision.data = course.revision
    changed = submit(
        form,
        lambda: planning.change(
            session,
            course_id,
            form.entered(course.kind_id, course.workshop_id),
            reason=closure_reason(session, course.kind_id),
            by=by,
            now=instant,
            revision=form.revision.data,
        ),
        message=_("The course was changed."),
        location=url_for("inductions.show", course_id=course_id),
    )
    return changed or (_form_page(form, course.kind, course.kind_id, course.workshop_id, course), form.status)


@page(bp, "/inductions/courses/<int:course_id>/cancel", methods=GET_POST, access=STAFF, keeps_input=True)
def cancel_course(course_id: int) -> ResponseReturnValue:
    """Cancel a course: its machines are free, and who signed up gets an e-mail with the reason."""
    session, instant, by = db.session(), now(), current_actor()
    course, form = lookups.course(course_id), CancelCourseForm()
    cancelled = submit(
        form,
        lambda: planning.cancel(session, course_id, reason=form.reason.data or "", by=by, now=instant),
        message=_("The course is cancelled. Everybody who signed up gets an e-mail."),
        location=url_for("inductions.show", course_id=course_id),
    )
    return cancelled or (render_template("workshop/cancel_course.html", form=form, course=course), form.status)


def _offer(form: CourseForm, kind_id: int, workshop_id: int, course: CourseView | None = None) -> None:
    """Fill in trainers and machines: those of the workshop that need the kind, and those of the course."""
    session, place = db.session(), queries.workshop(db.session(), workshop_id)
    cards = queries.machine_cards(session, workshop_ids=[workshop_id], limit=None).items
    taken = {machine_id for machine_id, _name in course.machines} if course else set()
    machines = [(one.id, one.name) for one in cards if one.induction_kind_id == kind_id or one.id in taken]
    day = form.date.data or (local_day(course.span.start, place.zone) if course else local_day(now(), place.zone))
    form.offer(place.zone, trainers(session, kind_id, day), machines)


def _form_page(form: CourseForm, kind: str, kind_id: int, workshop_id: int, course: CourseView | None = None) -> str:
    session = db.session()
    in_the_way: tuple[ReservationView, ...] = ()
    if isinstance(form.refusal, SlotTaken) and form.span is not None:
        in_the_way = queries.hit_by(session, form.refusal.facts["machine_id"], form.span)
    wishes = induction_demand.wishes(session, now=now(), kind_id=kind_id, limit=1)
    return render_template(
        "workshop/course_form.html",
        form=form,
        course=course,
        kind=kind,
        kind_id=kind_id,
        workshop_id=workshop_id,
        is_taken=isinstance(form.refusal, SlotTaken),
        in_the_way=in_the_way[:IN_THE_WAY_SHOWN],
        more_in_the_way=max(0, len(in_the_way) - IN_THE_WAY_SHOWN),
        is_wished=bool(wishes),
    )


def _places() -> list[tuple[int, str]]:
    """Return the workshops in which one may plan a course."""
    mine = presenter.my_workshop_ids()
    return [(one.id, one.name) for one in queries.workshops(db.session()) if mine is None or one.id in mine]


def _chosen(name: str, known: list[int]) -> int | None:
    """Return the id that the address or the form names, if it is one of those known."""
    text = request.values.get(name, "")
    number = int(text) if text.isdecimal() and text.isascii() and len(text) <= ID_DIGITS_MAX else 0
    return number if number in known else None
