"""/workshop/inductions/kinds: enter and change kinds of inductions, and on which others they build."""

from __future__ import annotations

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.submit import submit
from app.pages.declaration import GET_POST, POST, page
from app.pages.workshop import bp
from app.pages.workshop.induction_forms import KindChangeForm, KindForm
from app.pages.workshop.inductions import list_page
from booking.queries import induction_kind_views as kind_queries
from booking.queries.induction_kind_views import KindView
from booking.rule_changes import induction_kinds


@page(bp, "/inductions/kinds", methods=POST, access=Access(manager=ALL, admin=ALL), keeps_input=True)
def enter_kind() -> ResponseReturnValue:
    """Add a kind of induction."""
    form, session = KindForm(), db.session()
    form.offer(kind_queries.kinds(session))
    entered = submit(
        form,
        lambda: _enter(form),
        message=_("The kind of induction was entered."),
        location=url_for(".list_inductions"),
    )
    return entered or list_page(form, form.status)


@page(
    bp,
    "/inductions/kinds/<int:kind_id>",
    methods=GET_POST,
    access=Access(manager=WORKSHOP, admin=ALL),
    keeps_input=True,
)
def edit_kind(kind_id: int) -> ResponseReturnValue:
    """Change a kind of induction, after a look at what a new prerequisite does to reservations.

    Only who manages all workshops whose machines need it: their reservations are concerned.
    """
    view, session = lookups.induction_kind(kind_id), db.session()
    form = KindChangeForm()
    form.offer(kind_queries.kinds(session), kind_id)
    if not form.is_submitted():
        form = _stored(kind_id)
    changed = submit(
        form,
        lambda: _change(form, kind_id),
        message=_("The kind of induction was saved."),
        location=url_for(".list_inductions"),
        stored=lambda: _stored(kind_id),
    )
    return changed or _edit_page(form, view)


def _enter(form: KindForm) -> int:
    return induction_kinds.enter_kind(db.session(), form.to_input(), by=current_actor(), now=now())


def _change(form: KindChangeForm, kind_id: int) -> None:
    lookups.induction_kind(kind_id)  # a machine of another workshop may need it since the form was opened
    induction_kinds.change_kind(
        db.session(),
        kind_id,
        form.to_input(),
        by=current_actor(),
        now=now(),
        revision=form.revision.data,
        confirmed=form.confirmed.data or "",
        tells_members=bool(form.tells_members.data),
    )


def _stored(kind_id: int) -> KindChangeForm:
    session = db.session()
    form = KindChangeForm(formdata=None)
    form.offer(kind_queries.kinds(session), kind_id)
    form.fill(kind_queries.kind(session, kind_id))
    return form


def _edit_page(form: KindChangeForm, view: KindView) -> ResponseReturnValue:
    lines = form.outside_lines(db.session())
    return render_template("workshop/induction_kind.html", form=form, view=view, outside=lines), form.status
