"""/account/deputies: a manager names deputies, each for one workshop and some days."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.auth import managers, permissions
from app.auth.current_login import current_actor
from app.auth.managers import Absence
from app.auth.permissions import WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.submit import submit
from app.forms.text_fields import text_of
from app.pages.account import bp
from app.pages.account.forms import DeputyForm
from app.pages.declaration import GET_POST, POST, page
from app.wording.formats import format_day
from booking.kernel.transaction import in_write_transaction


@page(bp, "/deputies", methods=GET_POST, access=Access(manager=WORKSHOP), keeps_input=True)
def deputies() -> ResponseReturnValue:
    """List my deputies; name another."""
    form = _form()
    named = submit(form, lambda: _name_deputy(form), message="", location=_named)
    return named or (_page(form), form.status)


@page(bp, "/deputies/<int:management_id>/withdraw", methods=POST, access=Access(manager=WORKSHOP))
def withdraw_deputy(management_id: int) -> ResponseReturnValue:
    """End a deputyship at once."""
    mine = {one.id for one in managers.managements(db.session(), named_by=current_user.id)}
    if management_id not in mine:
        abort(404)
    by = current_actor()
    in_write_transaction(db.session(), lambda: managers.withdraw(db.session(), management_id, by=by, now=now()))
    flash(_("The deputy is withdrawn."))
    return redirect(url_for(".deputies"), code=303)


def _named(replaced: Absence | None) -> str:
    flash(_("Your deputy is named."))
    if replaced is not None:
        first, last = format_day(replaced.valid_from), format_day(replaced.valid_until)
        flash(_("The days named before, %(first)s to %(last)s, no longer hold.", first=first, last=last), "warning")
    return url_for(".deputies")


def _name_deputy(form: DeputyForm) -> Absence | None:
    absence = form.absence()
    permissions.require(workshop_id=absence.workshop_id)
    return managers.name_deputy(db.session(), text_of(form.email), absence, by_user_id=current_user.id, now=now())


def _form() -> DeputyForm:
    form = DeputyForm()
    own = managers.managements(db.session(), user_id=current_user.id)
    form.offer([one for one in own if not one.is_deputy])
    return form


def _page(form: DeputyForm) -> str:
    named = managers.managements(db.session(), named_by=current_user.id)
    return render_template("account/deputies.html", form=form, named=named)
