"""/workshop/quotas: how much each member may have, of a machine, a workshop or the ring."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.auth import lookups, permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.submit import submit
from app.pages.declaration import GET_POST, POST, page
from app.pages.workshop import bp, presenter
from app.pages.workshop.quota_forms import QuotaForm
from app.web.paging import page_number
from app.wording.rules.quotas import quota_amount, quota_group, quota_place
from booking import queries
from booking.kernel.transaction import in_write_transaction
from booking.queries import QuotaView
from booking.quotas import quota_records, quotas
from booking.quotas.quotas import QuotaInput
from booking.rule_changes import quota_preview

PER_PAGE = 50
MANAGERS = Access(manager=WORKSHOP, admin=ALL)


@page(bp, "/quotas", access=MANAGERS)
def list_quotas() -> ResponseReturnValue:
    """List the quotas of one's workshops, and those of the whole ring."""
    number = page_number()
    found = queries.quotas(
        db.session(), presenter.my_workshop_ids(), limit=PER_PAGE + 1, offset=(number - 1) * PER_PAGE
    )
    rows = [(view, quota_amount(view.rule), quota_place(view), quota_group(view)) for view in found[:PER_PAGE]]
    return render_template("workshop/quotas.html", rows=rows, page=number, has_next=len(found) > PER_PAGE)


@page(bp, "/quotas/new", methods=GET_POST, access=MANAGERS, keeps_input=True)
def new_quota() -> ResponseReturnValue:
    """Enter a quota, after a look at what it would have refused."""
    form, session = _form(), db.session()
    entered = submit(
        form,
        lambda: quotas.enter_quota(session, _own(form.to_input()), by=current_actor(), now=now()),
        message=_("The quota was entered."),
        location=url_for(".list_quotas"),
        first=lambda: _require_confirmed(form),
    )
    return entered or _form_page(form, None)


@page(bp, "/quotas/<int:quota_id>/edit", methods=GET_POST, access=MANAGERS, keeps_input=True)
def edit_quota(quota_id: int) -> ResponseReturnValue:
    """Change a quota, after a look at what it would have refused."""
    view, session = lookups.quota(quota_id), db.session()
    form = _form(view)
    if not form.is_submitted():
        form = _stored(quota_id)
    changed = submit(
        form,
        lambda: quotas.change_quota(
            session,
            quota_id,
            _own(form.to_input()),
            by=current_actor(),
            now=now(),
            revision=form.revision.data,
        ),
        message=_("The quota was saved."),
        location=url_for(".list_quotas"),
        stored=lambda: _stored(quota_id),
        first=lambda: _require_confirmed(form, quota_id),
    )
    return changed or _form_page(form, view)


@page(bp, "/quotas/<int:quota_id>/delete", methods=POST, access=MANAGERS)
def delete_quota(quota_id: int) -> ResponseReturnValue:
    """Delete a quota. A second click is told that it is gone."""
    session, by = db.session(), current_actor()
    if quota_records.was_deleted(session, quota_id):
        flash(_("The quota is deleted already."))
        return redirect(url_for(".list_quotas"), code=303)
    view = lookups.quota(quota_id)
    in_write_transaction(session, lambda: quotas.delete_quota(session, view.id, by=by, now=now()))
    flash(_("The quota is deleted: %(amount)s.", amount=quota_amount(view.rule)))
    return redirect(url_for(".list_quotas"), code=303)


def _require_confirmed(form: QuotaForm, quota_id: int = 0) -> None:
    data, confirmed = _own(form.to_input()), form.confirmed.data or ""
    quota_preview.require_confirmed(db.session(), data, confirmed, now=now(), quota_id=quota_id)


def _own(data: QuotaInput) -> QuotaInput:
    """Return what was entered, if it is for a workshop that one manages; the choices of the form see to that."""
    permissions.require(workshop_id=data.workshop_id)
    return data


def _form(view: QuotaView | None = None) -> QuotaForm:
    form = QuotaForm()
    _offer(form, view)
    return form


def _stored(quota_id: int) -> QuotaForm:
    form, view = QuotaForm(formdata=None), queries.quota(db.session(), quota_id)
    _offer(form, view)
    form.fill(view)
    return form


def _offer(form: QuotaForm, view: QuotaView | None) -> None:
    session = db.session()
    places = [one for one in queries.workshops(session) if permissions.may_touch("workshop.edit", workshop_id=one.id)]
    form.offer(
        places,
        queries.groups(session, workshop_ids=[place.id for place in places]),
        presenter.choices_of_machines(session),
        queries.price_classes(session),
        is_for_ring=bool(current_user.is_admin),
        view=view,
    )


def _form_page(form: QuotaForm, view: QuotaView | None) -> ResponseReturnValue:
    lines = form.outside_lines(db.session())
    return render_template("workshop/quota.html", form=form, view=view, outside=lines), form.status
