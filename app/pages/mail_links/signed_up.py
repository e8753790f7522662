"""/sign-up/...: the link of a mail, by which who asked for an induction signs up for a course without a log-in.

Opening it shows a page with one button and changes nothing, so that programs that look at the links of mails sign
nobody up. The secret is valid for one person and this course alone, as long as that person is not signed up.
"""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth.errors import LinkNotValid
from app.auth.permissions import EVERYBODY
from app.clock import now
from app.extensions import db, limiter
from app.forms.base_form import BaseForm
from app.notifications import course_links
from app.pages.auth.limits import login_limit
from app.pages.declaration import GET_POST, page
from app.pages.mail_links import bp
from app.wording.courses import seats_text
from app.wording.errors import sentence_of, status_of
from app.wording.rules import violation_sentence
from booking.errors.course_errors import CourseFull
from booking.errors.schedule_errors import RecordRefused, WrongStatus
from booking.kernel.errors import DomainError
from booking.kernel.transaction import in_write_transaction
from booking.queries import courses as course_queries
from booking.queries.courses import CourseView

REFUSALS = (CourseFull, RecordRefused, WrongStatus)


@page(bp, "/sign-up/<secret>", methods=GET_POST, access=EVERYBODY, before_second_factor=True, keeps_input=False)
@limiter.limit(login_limit, methods=["POST"])
def sign_up(secret: str) -> ResponseReturnValue:
    """Ask whether a person is signed up for a course, and sign it up; of a course that is closed, say so."""
    try:
        return _ask_or_sign_up(secret)
    except LinkNotValid as refusal:
        db.session.rollback()
        ended = course_links.ended_course(db.session(), secret, now=now())
        if ended is None:
            raise
        course_id, member_id = ended
        is_there = bool(course_queries.signups(db.session(), course_id, member_id=member_id))
        return _page(course_queries.course(db.session(), course_id), is_there=is_there), status_of(refusal)


def _ask_or_sign_up(secret: str) -> ResponseReturnValue:
    session, form = db.session(), BaseForm()
    link = course_links.find(session, secret, now=now())
    course = course_queries.course(session, link.course_id)
    if not form.validate_on_submit():
        return _page(course, name=link.person.name)
    waits = request.form.get("waits") == "y"
    try:
        signup_id = in_write_transaction(session, lambda: course_links.sign_up(session, secret, waits=waits, now=now()))
    except REFUSALS as refusal:
        shown = course_queries.course(session, link.course_id)
        return _page(shown, _text_of(refusal), name=link.person.name), status_of(refusal)
    found = next(one for one in course_queries.signups(session, link.course_id) if one.id == signup_id)
    if found.seat is None:
        flash(_("%(name)s waits for a seat, as number %(position)s.", name=found.name, position=found.position))
    else:
        flash(_("%(name)s is signed up.", name=found.name))
    return redirect(url_for("home.show"), code=303)


def _text_of(refusal: DomainError) -> str:
    if isinstance(refusal, RecordRefused):
        return " ".join(violation_sentence(one) for one in refusal.violations)
    return sentence_of(refusal)


def _page(course: CourseView, refusal: str = "", *, name: str = "", is_there: bool = False) -> str:
    return render_template(
        "mail_links/signed_up.html",
        course=course,
        seats=seats_text(course),
        refusal=refusal,
        name=name,
        is_there=is_there,
        is_open=course.is_open(now()),
    )
