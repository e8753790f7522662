"""/workshop/inductions: who may run what, and until when."""

from __future__ import annotations

from datetime import date, datetime

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from app.forms.submit import submit
from app.pages.declaration import POST, page
from app.pages.workshop import bp
from app.pages.workshop.forms import InductionForm, KindForm
from app.web.paging import page_number
from app.wording.formats import as_zone
from booking import inductions, queries
from booking.errors import RecordRefused
from booking.kernel.transaction import in_write_transaction
from booking.wall_clock import local_day

PER_PAGE = 25


@page(bp, "/inductions", access=Access(manager=ALL, admin=ALL))
def list_inductions() -> ResponseReturnValue:
    """List all inductions, those that end first at the top."""
    return _page(_induction_form(), KindForm(formdata=None), 200)


@page(bp, "/inductions", methods=POST, access=Access(manager=ALL, admin=ALL), keeps_input=True)
def give_induction() -> ResponseReturnValue:
    """Enter an induction."""
    form = _induction_form()
    given = submit(
        form, lambda: _give(form), message=_("The induction was entered."), location=url_for(".list_inductions")
    )
    return given or _page(form, KindForm(formdata=None), form.status)


@page(bp, "/inductions/kinds", methods=POST, access=Access(manager=ALL, admin=ALL), keeps_input=True)
def enter_kind() -> ResponseReturnValue:
    """Add a kind of induction."""
    form, session = KindForm(), db.session()
    entered = submit(
        form,
        lambda: inductions.enter_kind(
            session, form.name.data or "", valid_months=form.valid_months.data or 12, by=current_actor(), now=now()
        ),
        message=_("The kind of induction was entered."),
        location=url_for(".list_inductions"),
    )
    return entered or _page(_induction_form(blank=True), form, form.status)


@page(bp, "/inductions/<int:induction_id>/end", methods=POST, access=Access(manager=ALL, admin=ALL))
def end_induction(induction_id: int) -> ResponseReturnValue:
    """End an induction today, for instance after an incident."""
    session, by, instant = db.session(), current_actor(), now()
    try:
        in_write_transaction(
            session, lambda: inductions.end(session, induction_id, last_day=_day_of(instant), by=by, now=instant)
        )
    except RecordRefused:
        flash(_("This induction has not begun yet; it cannot end before it begins."), "warning")
    else:
        flash(_("The induction ends today."))
    return redirect(url_for(".list_inductions"), code=303)


def _day_of(instant: datetime) -> date:
    """Return the ring's day of an instant: an induction holds in every workshop."""
    return local_day(instant, as_zone(None))


def _give(form: InductionForm) -> None:
    given_on = form.given_on.data
    assert given_on is not None  # a required field
    inductions.give(
        db.session(),
        form.member_id.data,
        form.kind_id.data,
        given_on=given_on,
        valid_until=form.valid_until.data,
        given_by=form.given_by.data or "",
        by=current_actor(),
        now=now(),
    )


def _induction_form(*, blank: bool = False) -> InductionForm:
    session = db.session()
    form = InductionForm(formdata=None) if blank else InductionForm()
    form.offer(queries.member_names(session), queries.induction_kinds(session))
    if not form.is_submitted() or blank:
        form.given_on.data = _day_of(now())
    return form


def _page(form: InductionForm, kind_form: KindForm, status: int) -> ResponseReturnValue:
    page = page_number()
    listed = queries.inductions(db.session(), limit=PER_PAGE + 1, offset=(page - 1) * PER_PAGE)
    return (
        render_template(
            "workshop/inductions.html",
            form=form,
            kind_form=kind_form,
            inductions=listed[:PER_PAGE],
            page=page,
            has_next=len(listed) > PER_PAGE,
            today=_day_of(now()),
        ),
        status,
    )
