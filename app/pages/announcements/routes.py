"""/announcements: what is announced, and for managers and administrators to write and withdraw it."""

from __future__ import annotations

from datetime import date, datetime

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from app.auth import lookups, permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, LOGGED_IN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.submit import submit
from app.pages.announcements import bp
from app.pages.announcements.forms import AnnouncementForm
from app.pages.declaration import GET_POST, POST, MenuEntry, page
from app.web.paging import page_number
from app.wording.errors import sentence_of
from app.wording.formats import as_zone
from booking import announcements, queries
from booking.errors.schedule_errors import WrongStatus
from booking.kernel.transaction import in_write_transaction
from booking.times.wall_clock import local_day

PER_PAGE = 25


@page(bp, "", access=LOGGED_IN, menu=MenuEntry(_l("Announcements"), 88, icon="bell"))
def index() -> ResponseReturnValue:
    """List what is announced, the newest first."""
    page, today = page_number(), _day_of(now())
    found = queries.announcements(db.session(), today, limit=PER_PAGE + 1, offset=(page - 1) * PER_PAGE)
    return render_template(
        "announcements/index.html", announcements=found[:PER_PAGE], page=page, has_next=len(found) > PER_PAGE
    )


@page(bp, "/new", methods=GET_POST, access=Access(manager=WORKSHOP, admin=ALL), keeps_input=True)
def new() -> ResponseReturnValue:
    """Write an announcement for a workshop one manages; an administrator also for the whole ring."""
    form, session = AnnouncementForm(), db.session()
    places = [place for place in queries.workshops(session) if _is_mine(place.id)]
    form.offer(places, is_for_all=bool(current_user.is_admin))
    announced = submit(
        form, lambda: _announce(form), message=_("It is announced on Today."), location=url_for(".index")
    )
    return announced or (render_template("announcements/new.html", form=form), form.status)


@page(bp, "/<int:announcement_id>/withdraw", methods=POST, access=Access(manager=WORKSHOP, admin=ALL))
def withdraw(announcement_id: int) -> ResponseReturnValue:
    """End an announcement of one's workshop before its last day."""
    lookups.announcement(announcement_id)
    session, by = db.session(), current_actor()
    try:
        in_write_transaction(session, lambda: announcements.withdraw(session, announcement_id, by=by, now=now()))
    except WrongStatus as refusal:
        flash(sentence_of(refusal), "warning")
    else:
        flash(_("The announcement is withdrawn."))
    return redirect(url_for(".index"), code=303)


def _announce(form: AnnouncementForm) -> int:
    entered = form.to_input()
    if entered.workshop_id is not None:
        lookups.workshop(entered.workshop_id)
    instant = now()
    return announcements.announce(db.session(), entered, by=current_actor(), today=_day_of(instant), now=instant)


def _is_mine(workshop_id: int) -> bool:
    return permissions.may_touch("announcements.new", "POST", workshop_id=workshop_id)


def _day_of(instant: datetime) -> date:
    """Return the ring's day of an instant."""
    return local_day(instant, as_zone(None))
