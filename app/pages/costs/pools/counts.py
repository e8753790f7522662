"""/costs/pools/<id>/counts: what a cost pool counts, from which day on."""

from __future__ import annotations

from datetime import date

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth import permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from app.forms.submit import submit
from app.pages.costs import bp
from app.pages.costs.counted_names import choice_of_scope, scope_words
from app.pages.costs.desk import today
from app.pages.costs.pools.counts_form import CountsForm
from app.pages.declaration import POST, page
from app.wording.errors import sentence_of
from billing import queries
from billing.limits import FIRST_DAY
from billing.pools import pool_scopes
from billing.queries.pool_counts import pool_scopes as scopes_of_pool
from booking.kernel.errors import DomainError
from booking.kernel.transaction import in_write_transaction


@page(bp, "/pools/<int:pool_id>/counts", access=Access(treasurer=ALL, admin=ALL))
def pool_counts(pool_id: int) -> ResponseReturnValue:
    """Show what a pool counts since when, and ask for another choice."""
    session, form = db.session(), CountsForm(formdata=None)
    view, dated = queries.pool(session, pool_id), scopes_of_pool(session, pool_id)
    present = [one for one in dated if one.valid_from <= today()][-1].scope
    if permissions.may("costs.set_pool_counts", "POST"):
        form.offer(session)
    form.revision.data, form.valid_from.data, form.what.data = view.revision, today(), choice_of_scope(present)
    form.machines.data = list(present.machine_ids) if len(present.machine_ids) > 1 else []
    return _counts_page(pool_id, form)


@page(bp, "/pools/<int:pool_id>/counts", methods=POST, access=Access(treasurer=ALL), keeps_input=True)
def set_pool_counts(pool_id: int) -> ResponseReturnValue:
    """Let the pool count something else from a day on."""
    session, form = db.session(), CountsForm()
    queries.pool(session, pool_id)
    form.offer(session)
    stored = submit(
        form,
        lambda: pool_scopes.change_scope(
            session, pool_id, form.entry(), by=current_actor(), now=now(), revision=form.revision.data
        ),
        message=_("What the pool counts was changed."),
        location=url_for(".pool_counts", pool_id=pool_id),
    )
    return stored or _counts_page(pool_id, form)


@page(bp, "/pools/<int:pool_id>/counts/take-back", methods=POST, access=Access(treasurer=ALL))
def take_back_pool_counts(pool_id: int) -> ResponseReturnValue:
    """Remove a choice, so that the one before it holds on."""
    session = db.session()
    queries.pool(session, pool_id)
    day, revision = _sent_day(), request.form.get("revision", type=int)
    try:
        in_write_transaction(
            session,
            lambda: pool_scopes.take_back_scope(
                session, pool_id, day, by=current_actor(), now=now(), revision=revision
            ),
        )
    except DomainError as refusal:
        flash(sentence_of(refusal), "warning")
    else:
        flash(_("The choice was removed; the one before it holds on."))
    return redirect(url_for(".pool_counts", pool_id=pool_id), code=303)


def _sent_day() -> date:
    try:
        return date.fromisoformat(request.form.get("day", ""))
    except ValueError:
        abort(422)


def _counts_page(pool_id: int, form: CountsForm) -> ResponseReturnValue:
    session = db.session()
    dated = scopes_of_pool(session, pool_id)
    rows = [(one.valid_from, scope_words(session, one.scope)) for one in dated]
    view = queries.pool(session, pool_id)
    removable = {day for day, _words in rows[1:]}
    return render_template(
        "costs/pool_counts.html", form=form, pool=view, rows=rows, first_day=FIRST_DAY, removable=removable
    ), form.status
