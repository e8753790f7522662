"""/inductions: my inductions, courses to come, what I ask for; asking and taking it back."""

from __future__ import annotations

from datetime import date, datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from app.auth.current_login import current_actor
from app.auth.permissions import LOGGED_IN, OWN, Access
from app.clock import now
from app.extensions import db
from app.pages.declaration import POST, MenuEntry, page
from app.pages.inductions import bp
from app.ring_card import ring_zone
from app.web.paging import page_number
from app.wording.courses import seats_text
from app.wording.induction_levels import supervised_label
from booking import availability, queries
from booking.kernel.transaction import in_write_transaction
from booking.members import induction_wishes
from booking.queries import courses as course_queries
from booking.queries import induction_demand, induction_kind_views, supervised_uses
from booking.queries.courses import CourseView
from booking.times.wall_clock import local_day

PER_PAGE = 25
ID_DIGITS_MAX = 9
MINE_MAX = 200


@page(
    bp,
    "/inductions",
    access=LOGGED_IN,
    menu=MenuEntry(_l("Induction courses"), 84, icon="patch-check", roles=("member",)),
)
def index() -> ResponseReturnValue:
    """Show my inductions, the courses to come and what I ask for. ?machine=: what is missing for it; ?page=."""
    session, instant, number = db.session(), now(), page_number()
    member_id = current_user.member_id
    today = local_day(instant, ring_zone())
    found = course_queries.courses(session, now=instant, offset=(number - 1) * PER_PAGE, limit=PER_PAGE + 1)
    shown = [one for one in found[:PER_PAGE] if one.cancelled_at is None]
    wishes = induction_demand.wishes(session, now=instant, member_id=member_id) if member_id is not None else ()
    valid = _valid(member_id, today)
    return render_template(
        "inductions/index.html",
        inductions=valid,
        levels={one: supervised_label(done) for one, done in supervised_uses.progress(session, valid).items()},
        courses=[(one, seats_text(one), local_day(one.span.start, one.zone)) for one in shown],
        mine=course_queries.signups_of_member(session, [one.id for one in shown], member_id) if member_id else {},
        wishes=wishes,
        kinds=_kinds_to_ask({one.kind_id for one in wishes}) if member_id is not None else [],
        missing=_missing({one.kind_id for one in wishes}, instant),
        page=number,
        has_next=len(found) > PER_PAGE,
    )


@page(bp, "/inductions/ask", methods=POST, access=Access(member=OWN))
def ask() -> ResponseReturnValue:
    """Ask for an induction of the kind that is sent."""
    kind_id, by = _kind_of_form(), current_actor()
    session, member_id = db.session(), current_user.member_id
    if kind_id is None:
        flash(_("Please choose an induction."), "warning")
    else:
        in_write_transaction(session, lambda: induction_wishes.ask(session, member_id, kind_id, by=by, now=now()))
        flash(_("The workshop sees that you wait for this induction. You will get an e-mail when there is a course."))
    return redirect(url_for(".index"), code=303)


@page(bp, "/inductions/withdraw", methods=POST, access=Access(member=OWN))
def withdraw() -> ResponseReturnValue:
    """Take back that one asks for an induction."""
    kind_id, by = _kind_of_form(), current_actor()
    session, member_id = db.session(), current_user.member_id
    in_write_transaction(session, lambda: induction_wishes.withdraw(session, member_id, kind_id or 0, by=by, now=now()))
    flash(_("You no longer ask for this induction."))
    return redirect(url_for(".index"), code=303)


def _valid(member_id: int | None, today: date) -> list[queries.InductionView]:
    """Return the inductions of the member that are valid or to come, those that end first at the top."""
    if member_id is None:
        return []
    found = queries.inductions(db.session(), member_id=member_id, limit=MINE_MAX)
    return [one for one in found if one.ended_at is None and one.valid_until >= today]


def _kinds_to_ask(asked: set[int]) -> list[tuple[int, str]]:
    """Return the kinds of inductions that one can ask for and does not yet."""
    return [one for one in queries.induction_kinds(db.session()) if one[0] not in asked]


def _missing(asked: set[int], instant: datetime) -> tuple[str, list[tuple[int, str, bool, list[CourseView]]]] | None:
    """Return what a member lacks for the machine of the address: each kind, whether it is asked for, its courses.

    Courses for which one can still sign up, also those that the page of courses does not reach.
    """
    member_id, slug = current_user.member_id, request.args.get("machine", "")
    if not slug or member_id is None:
        return None
    session = db.session()
    card = queries.machine_card(session, slug)
    if card.induction_kind_id is None:
        return None
    by_kind = availability.eligibility_by_kind(session, member_id)
    own = induction_kind_views.kind(session, card.induction_kind_id)
    names = {own.id: own.name, **{one.id: one.name for one in own.all_required}}
    lacking = [one for one in names if not _has(by_kind, one, local_day(instant, ring_zone()))]
    courses = course_queries.open_courses(session, lacking, now=instant)
    return card.name, [
        (one, names[one], one in asked, [each for each in courses if each.kind_id == one]) for one in lacking
    ]


def _has(by_kind: availability.EligibilityByKind, kind_id: int, today: date) -> bool:
    return any(first <= today <= last for first, last in by_kind.of_kind(kind_id).inducted)


def _kind_of_form() -> int | None:
    """Return the kind of the form; None unless there is one."""
    kind_id = _number(request.form.get("kind", ""))
    return kind_id if kind_id in dict(queries.induction_kinds(db.session())) else None


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= ID_DIGITS_MAX else None
