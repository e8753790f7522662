"""/account/deputies: a manager names deputies, each for one workshop and some days; both may end it."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.auth import deputies as deputy_verbs
from app.auth import managers, permissions
from app.auth.current_login import current_actor
from app.auth.deputies import DAYS_MAX
from app.auth.permissions import ALL, OWN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.submit import submit
from app.forms.text_fields import text_of
from app.pages.account import bp
from app.pages.account.forms import DeputyForm
from app.pages.declaration import GET_POST, POST, page
from app.web.redirects import safe_next
from booking.errors.schedule_errors import NotFound
from booking.kernel.transaction import in_write_transaction


@page(bp, "/deputies", methods=GET_POST, access=Access(manager=WORKSHOP), keeps_input=True, needs_confirmation=True)
def deputies() -> ResponseReturnValue:
    """List the deputies at my workshops; name another."""
    form = _form()
    named = submit(form, lambda: _name_deputy(form), message=_("Your deputy is named."), location=url_for(".deputies"))
    return named or (_page(form), form.status)


@page(
    bp,
    "/deputies/<int:management_id>/withdraw",
    methods=POST,
    access=Access(login=OWN, manager=WORKSHOP, admin=ALL),
)
def withdraw_deputy(management_id: int) -> ResponseReturnValue:
    """End a deputyship at once: as the deputy, as a manager of the workshop, or as an administrator."""
    session, by = db.session(), current_actor()
    row = deputy_verbs.deputy(session, management_id)
    missing = NotFound(id=management_id)
    permissions.require(workshop_id=row.workshop_id, user_id=row.user_id, missing=missing)
    if not (permissions.reaches_all() or deputy_verbs.may_end(session, row, current_user.id)):
        raise missing
    in_write_transaction(session, lambda: managers.withdraw(session, management_id, by=by, now=now()))
    flash(_("The deputy is withdrawn."))
    return redirect(safe_next(request.form.get("next"), url_for("account.show")), code=303)


def _name_deputy(form: DeputyForm) -> int:
    absence = form.absence()
    permissions.require(workshop_id=absence.workshop_id)
    email = text_of(form.email)
    return deputy_verbs.name_deputy(db.session(), email, absence, by_user_id=current_user.id, now=now())


def _form() -> DeputyForm:
    form = DeputyForm()
    form.offer([one for one in managers.managements(db.session(), current_user.id) if not one.is_deputy])
    return form


def _page(form: DeputyForm) -> str:
    session = db.session()
    named = deputy_verbs.deputies_of(session, [workshop_id for workshop_id, _name in form.workshops], now=now())
    return render_template("account/deputies.html", form=form, named=named, days_max=DAYS_MAX)
