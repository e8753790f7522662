"""/inductions/courses/<id>: a course, signing up and off, the attendance; and the certificate of an induction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from app.auth import lookups, member_logins, permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, LOGGED_IN, OWN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.submit import submit
from app.pages.declaration import GET_POST, POST, page
from app.pages.inductions import bp
from app.pages.inductions.access import gives_level, is_staff, manages
from app.pages.inductions.forms import SignupForm
from app.pages.workshop.shown_members import FIELD, known, read_shown
from app.ring_card import ring_zone
from app.wording.courses import seats_text
from app.wording.errors import sentence_of
from app.wording.induction_levels import level_label
from app.wording.rules import violation_sentence
from booking import queries
from booking.courses import attendance as attendances
from booking.courses import seats
from booking.errors.course_errors import CourseNotFound
from booking.errors.schedule_errors import MemberNotFound, RecordRefused, WrongStatus
from booking.kernel.transaction import in_write_transaction
from booking.queries import courses as course_queries
from booking.queries.courses import CourseView
from booking.rules.persons import Level
from booking.times.wall_clock import local_day

MEMBER_OR_MANAGER = Access(member=OWN, manager=WORKSHOP, admin=ALL)
ANYBODY = Access(member=ALL, manager=ALL, admin=ALL)  # for the own member; staff for all
PRESENT, ABSENT = "present", "absent"


@page(bp, "/inductions/courses/<int:course_id>", access=LOGGED_IN)
def show(course_id: int) -> ResponseReturnValue:
    """Show a course: members see their own people on it, its trainer and the managers of the workshop see all."""
    course = course_queries.course(db.session(), course_id)
    form = SignupForm()
    if course.trainer_member_id != current_user.member_id or not is_staff(course):
        form.person.data = current_user.name if current_user.member_id is not None else ""
    return _page(course, form), 200


@page(bp, "/inductions/courses/<int:course_id>/sign-up", methods=POST, access=ANYBODY, keeps_input=True)
def sign_up(course_id: int) -> ResponseReturnValue:
    """Sign a person of one's member up; staff sign up anybody by the number of the member."""
    course, form = course_queries.course(db.session(), course_id), SignupForm()
    staff, by, instant = is_staff(course), current_actor(), now()

    def enter() -> int:
        member_id = _member_of(form, staff=staff)
        return seats.sign_up(
            db.session(),
            course_id,
            member_id,
            member_logins.person_named(db.session(), member_id, form.person.data or ""),
            waits=form.waits.data,
            is_late=staff,
            by=by,
            now=instant,
        )

    signed_up = submit(form, enter, message="", location=lambda signup_id: _signed_up(course_id, signup_id))
    return signed_up or (_page(course_queries.course(db.session(), course_id), form), form.status)


@page(
    bp,
    "/inductions/courses/<int:course_id>/sign-off/<int:signup_id>",
    methods=POST,
    access=MEMBER_OR_MANAGER,
)
def sign_off(course_id: int, signup_id: int) -> ResponseReturnValue:
    """Sign a person off; who waits longest gets the seat."""
    session, by, instant = db.session(), current_actor(), now()
    course = course_queries.course(session, course_id)
    staff = is_staff(course)
    if not staff:
        member_id = course_queries.member_of_signup(session, course_id, signup_id)
        permissions.require(member_id=member_id, missing=CourseNotFound(id=course_id))
    try:
        in_write_transaction(
            session, lambda: seats.sign_off(session, course_id, signup_id, is_late=staff, by=by, now=instant)
        )
    except WrongStatus as refusal:
        flash(sentence_of(refusal), "warning")
    else:
        flash(_("Signed off. Somebody else can have the seat."))
    return redirect(url_for(".show", course_id=course_id), code=303)


@page(
    bp,
    "/inductions/courses/<int:course_id>/attendance",
    methods=GET_POST,
    access=MEMBER_OR_MANAGER,
    keeps_input=False,
)
def attendance(course_id: int) -> ResponseReturnValue:
    """Enter who was there: each gets the induction, once. For the trainer, and who manages the workshop."""
    session, instant, by = db.session(), now(), current_actor()
    course = lookups.course(course_id)
    if request.method != "POST":
        return _attendance_page(course, ()), 200
    was_present = _sent_attendance(course_id)
    level = Level(request.form["level"]) if request.form.get("level") in set(Level) else None
    if level is not None and not gives_level(course, level):
        return _attendance_page(course, (_("Only managers of the workshop can make somebody a trainer."),)), 422
    try:
        given = in_write_transaction(
            session,
            lambda: attendances.enter(
                session, course_id, was_present, level=level, as_trainer=not manages(course), by=by, now=instant
            ),
        )
    except WrongStatus as refusal:
        return _attendance_page(course, (sentence_of(refusal),)), 409
    except RecordRefused as refusal:
        return _attendance_page(course, _faults(course, refusal)), 422
    flash(ngettext("%(num)s induction was given.", "%(num)s inductions were given.", given))
    return redirect(url_for(".show", course_id=course_id), code=303)


@page(bp, "/inductions/<int:induction_id>/certificate", access=Access(member=OWN, manager=ALL, admin=ALL))
def certificate(induction_id: int) -> ResponseReturnValue:
    """Show an induction as a page to print; managers who may not know its member by name see the number alone."""
    view = lookups.induction(induction_id)
    if view.member_id != current_user.member_id and not _may_know(view.member_id, induction_id):
        view = replace(view, member_name=view.member_number, person_name="")
    return render_template(
        "inductions/certificate.html",
        one=view,
        level=level_label(view.level),
        is_over=view.valid_until < local_day(now(), ring_zone()),
        machines=queries.machines_of_kind(db.session(), view.kind_id),
    )


def _may_know(member_id: int, induction_id: int) -> bool:
    """Return whether a manager may know a member by name: also where the induction was given at the own workshop."""
    if known([member_id], read_shown(request.args.get(FIELD))):
        return True
    return course_queries.was_given_in(db.session(), induction_id, current_user.managed_workshop_ids)


def _member_of(form: SignupForm, *, staff: bool) -> int:
    member_id = form.member_id if staff and form.member_id is not None else current_user.member_id
    if member_id is None:
        raise MemberNotFound(id=0)
    return int(member_id)


def _signed_up(course_id: int, signup_id: int) -> str:
    found = next(one for one in course_queries.signups(db.session(), course_id) if one.id == signup_id)
    if found.seat is None:
        flash(_("%(name)s waits for a seat, as number %(position)s.", name=found.name, position=found.position))
    else:
        flash(_("%(name)s is signed up.", name=found.name))
    return url_for(".show", course_id=course_id)


def _sent_attendance(course_id: int) -> Mapping[int, bool]:
    """Return what was chosen for each person on a seat; who was left open is left out."""
    sent = {
        one.id: request.form.get(f"person-{one.id}")
        for one in course_queries.signups(db.session(), course_id)
        if one.seat is not None
    }
    return {signup_id: value == PRESENT for signup_id, value in sent.items() if value in (PRESENT, ABSENT)}


def _faults(course: CourseView, refusal: RecordRefused) -> tuple[str, ...]:
    """Return what is wrong with the attendance, with the names of the people."""
    names = {one.id: one.name for one in course_queries.signups(db.session(), course.id)}
    return tuple(f"{names.get(one.actual, '–')}: {violation_sentence(one)}" for one in refusal.violations)


def _attendance_page(course: CourseView, faults: tuple[str, ...]) -> str:
    found = course_queries.signups(db.session(), course.id)
    return render_template(
        "inductions/attendance.html",
        course=course,
        people=[one for one in found if one.seat is not None],
        faults=faults,
        chosen=request.form,
        levels=[(level.value, level_label(level)) for level in Level if gives_level(course, level)],
        has_begun=course.span.start <= now(),
    )


def _page(course: CourseView, form: SignupForm) -> str:
    session, staff, instant = db.session(), is_staff(course), now()
    own = None if staff else current_user.member_id or 0
    return render_template(
        "inductions/course.html",
        course=course,
        seats=seats_text(course),
        people=course_queries.signups(session, course.id, member_id=own),
        form=form,
        is_staff=staff,
        may_change=permissions.may_touch("workshop.change_course", "POST", workshop_id=course.workshop_id),
        is_open=course.is_open(instant),
        may_join=course.cancelled_at is None and course.held_at is None and (staff or instant < course.span.start),
        has_begun=course.span.start <= instant,
    )
