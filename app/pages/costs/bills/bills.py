"""/costs/pools/.../costs: the bills of a cost pool."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from app.forms.submit import submit
from app.pages.costs import bp
from app.pages.costs.bills.cost_form import CostForm, NewCostForm
from app.pages.costs.desk import today
from app.pages.declaration import GET_POST, POST, page
from app.wording.errors import sentence_of
from billing import queries
from billing.ledger.posting_days import CLOSED, state_of_day
from billing.pools import costs as billing_costs
from booking.kernel.errors import DomainError
from booking.kernel.transaction import in_write_transaction


@page(bp, "/pools/<int:pool_id>/costs/new", methods=GET_POST, access=Access(treasurer=ALL), keeps_input=True)
def new_cost(pool_id: int) -> ResponseReturnValue:
    """Enter a bill."""
    session, form = db.session(), NewCostForm()
    view = queries.pool(session, pool_id)
    form.offer(view.rules)
    if not form.is_submitted():
        form.service_date.data = today()
        form.issue_key()
    entered = submit(
        form,
        lambda: _enter_cost(pool_id, form),
        message=_entered_message(form),
        location=url_for(".pool", pool_id=pool_id),
    )
    return entered or _cost_page(form, view, None)


@page(bp, "/costs/<int:cost_id>", methods=GET_POST, access=Access(treasurer=ALL), keeps_input=True)
def edit_cost(cost_id: int) -> ResponseReturnValue:
    """Look at a bill; correct it while it waits."""
    session = db.session()
    cost = queries.cost(session, cost_id)
    view = queries.pool(session, cost.pool_id)
    form = _stored_cost(cost_id, view)
    if request.method == "POST":
        form = CostForm()
        form.offer(_kinds(cost, view))
    changed = submit(
        form,
        lambda: billing_costs.change_cost(
            session,
            cost_id,
            form.entry(),
            by=current_actor(),
            now=now(),
            revision=form.revision.data,
            confirmed_cents=form.confirmed_cents,
        ),
        message=_("The cost was changed."),
        location=url_for(".pool", pool_id=view.id),
        stored=lambda: _stored_cost(cost_id, view),
    )
    return changed or _cost_page(form, view, cost)


@page(bp, "/costs/<int:cost_id>/delete", methods=POST, access=Access(treasurer=ALL))
def delete_cost(cost_id: int) -> ResponseReturnValue:
    """Delete a bill that was never allocated."""
    session = db.session()
    cost = queries.cost(session, cost_id)
    try:
        in_write_transaction(
            session,
            lambda: billing_costs.delete_cost(
                session, cost_id, by=current_actor(), now=now(), revision=request.form.get("revision", type=int)
            ),
        )
    except DomainError as refusal:
        flash(sentence_of(refusal), "warning")
        return redirect(url_for(".edit_cost", cost_id=cost_id), code=303)
    flash(_("The cost was deleted."))
    return redirect(url_for(".pool", pool_id=cost.pool_id), code=303)


def _enter_cost(pool_id: int, form: NewCostForm) -> None:
    entry, by = form.entry(), current_actor()
    key = form.derive_id(by.user_id, pool_id, entry)
    billing_costs.enter_cost(
        db.session(), pool_id, entry, by=by, now=now(), form_key=key, confirmed_cents=form.confirmed_cents
    )


def _entered_message(form: NewCostForm) -> str:
    """Return what becomes of a bill, by the period of its day of service."""
    day = form.service_date.data
    if day is not None and day > today():
        return _("The cost was entered. Its day is still to come: it waits for an allocation of that time.")
    if day is not None and state_of_day(db.session(), day) == CLOSED:
        return _(
            "The cost was entered. Its period is closed and stays as it is: an allocation divides it by the keys of "
            "that time, and is posted in the open period."
        )
    return _("The cost was entered. It waits for an allocation.")


def _stored_cost(cost_id: int, view: queries.PoolView) -> CostForm:
    cost = queries.cost(db.session(), cost_id)
    form = CostForm(formdata=None)
    form.offer(_kinds(cost, view))
    form.fill(cost)
    return form


def _kinds(cost: queries.CostView, view: queries.PoolView) -> list[str]:
    """Return the kinds that a cost may be of: those of its pool, and the one it has."""
    return list(dict.fromkeys([*view.rules, cost.kind]))


def _cost_page(form: CostForm, view: queries.PoolView, cost: queries.CostView | None) -> ResponseReturnValue:
    return render_template("costs/cost_form.html", form=form, pool=view, cost=cost), form.status
