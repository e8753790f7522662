"""/costs/recurring, /costs/pools/<id>/recurring: recurring costs of pools, their proposals and the answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from app.forms.submit import submit
from app.pages.costs import bp
from app.pages.costs.bills.cost_form import CostForm
from app.pages.costs.bills.recurring_form import RecurringCostForm
from app.pages.costs.desk import PER_PAGE, offset, today
from app.pages.declaration import GET_POST, POST, page
from app.web.paging import page_number
from app.wording.errors import sentence_of
from app.wording.recurring import period_text, recurrence_text
from billing import queries
from billing.pools import recurring_costs
from billing.pools.costs import CostEntry
from billing.queries import recurring as views
from booking.kernel.errors import DomainError
from booking.kernel.transaction import in_write_transaction

TREASURER = Access(treasurer=ALL)
bp.add_app_template_global(recurrence_text, "recurrence_text")
bp.add_app_template_global(period_text, "period_text")


@page(bp, "/recurring", access=Access(treasurer=ALL, admin=ALL))
def proposed_costs() -> ResponseReturnValue:
    """List the periods of all pools that lack a recurring cost."""
    found = views.proposals(db.session(), today())
    return render_template(
        "costs/proposed.html",
        proposals=found[offset() : offset() + PER_PAGE],
        count=len(found),
        page=page_number(),
        has_next=len(found) > offset() + PER_PAGE,
    )


@page(bp, "/pools/<int:pool_id>/recurring", access=Access(treasurer=ALL, admin=ALL))
def recurring(pool_id: int) -> ResponseReturnValue:
    """List what a pool pays again and again, and what is proposed now."""
    session = db.session()
    found = views.proposals(session, today(), pool_id=pool_id)
    rows, has_next = views.recurring_costs(session, pool_id, limit=PER_PAGE, offset=offset())
    return render_template(
        "costs/recurring.html",
        pool=queries.pool(session, pool_id),
        rows=rows,
        page=page_number(),
        has_next=has_next,
        proposals=found[:PER_PAGE],
        count=len(found),
    )


@page(bp, "/pools/<int:pool_id>/recurring/new", methods=GET_POST, access=TREASURER, keeps_input=True)
def new_recurring(pool_id: int) -> ResponseReturnValue:
    """Enter what a pool pays again and again."""
    session, form = db.session(), RecurringCostForm()
    view = queries.pool(session, pool_id)
    form.offer(view.rules)
    if not form.is_submitted():
        form.first_on.data, form.every_months.data = today().replace(month=1, day=1), 12
    entered = submit(
        form,
        lambda: recurring_costs.enter_recurring_cost(session, pool_id, form.entry(), by=current_actor(), now=now()),
        message=_("The recurring cost was entered. Each period that has begun is proposed."),
        location=url_for(".recurring", pool_id=pool_id),
    )
    return entered or (render_template("costs/recurring_form.html", form=form, pool=view, stored=None), form.status)


@page(bp, "/recurring/<int:recurring_id>", methods=GET_POST, access=TREASURER, keeps_input=True)
def edit_recurring(recurring_id: int) -> ResponseReturnValue:
    """Change what is proposed from now on, and see what was answered."""
    session = db.session()
    stored = views.recurring_cost(session, recurring_id)
    form = _stored_form(recurring_id)
    if request.method == "POST":
        form = RecurringCostForm()
        form.offer(_kinds(stored))
    changed = submit(
        form,
        lambda: recurring_costs.change_recurring_cost(
            session, recurring_id, form.entry(), by=current_actor(), now=now(), revision=form.revision.data
        ),
        message=_("The recurring cost was changed. Costs that were entered stay as they are."),
        location=url_for(".recurring", pool_id=stored.pool_id),
        stored=lambda: _stored_form(recurring_id),
    )
    if changed:
        return changed
    answered, has_next = views.answered_periods(session, recurring_id, limit=PER_PAGE, offset=offset())
    return render_template(
        "costs/recurring_form.html",
        form=form,
        pool=queries.pool(session, stored.pool_id),
        stored=stored,
        answered=answered,
        page=page_number(),
        has_next=has_next,
    ), form.status


@page(bp, "/recurring/<int:recurring_id>/delete", methods=POST, access=TREASURER)
def delete_recurring(recurring_id: int) -> ResponseReturnValue:
    """Delete a recurring cost of which nothing was answered."""
    session, revision = db.session(), request.form.get("revision", type=int)
    pool_id = views.recurring_cost(session, recurring_id).pool_id
    return _answer(
        lambda: recurring_costs.delete_recurring_cost(
            session, recurring_id, by=current_actor(), now=now(), revision=revision
        ),
        _("The recurring cost was deleted."),
        url_for(".recurring", pool_id=pool_id),
    )


@page(bp, "/recurring/<int:recurring_id>/accept", methods=POST, access=TREASURER)
def accept_proposal(recurring_id: int) -> ResponseReturnValue:
    """Enter the cost of a period as it is proposed."""
    session, day, revision = db.session(), _sent_day(), request.form.get("revision", type=int)
    pool_id = views.recurring_cost(session, recurring_id).pool_id
    return _answer(
        lambda: recurring_costs.accept_proposal(
            session, recurring_id, day, today=today(), by=current_actor(), now=now(), revision=revision
        ),
        _("The cost was entered. It waits for an allocation."),
        _back(pool_id),
    )


@page(bp, "/recurring/<int:recurring_id>/change", methods=GET_POST, access=TREASURER, keeps_input=True)
def change_proposal(recurring_id: int) -> ResponseReturnValue:
    """Change what is proposed for a period (?day=), and enter that."""
    session = db.session()
    stored = views.recurring_cost(session, recurring_id)
    day = _asked_day(stored.first_on)
    proposal, form = views.proposal(session, recurring_id, day), CostForm()
    form.offer(_kinds(stored))
    if not form.is_submitted():
        form.service_date.data, form.supplier.data, form.kind.data = day, stored.supplier, stored.kind
        form.net.show_cents(stored.net_cents)
        form.note.data, form.revision.data = stored.name, stored.revision
    entered = submit(
        form,
        lambda: _accept(recurring_id, day, form.entry(), form),
        message=_("The cost was entered. It waits for an allocation."),
        location=url_for(".pool", pool_id=stored.pool_id),
    )
    view = queries.pool(session, stored.pool_id)
    return entered or (
        render_template("costs/cost_form.html", form=form, pool=view, cost=None, proposal=proposal),
        form.status,
    )


@page(bp, "/recurring/<int:recurring_id>/dismiss", methods=POST, access=TREASURER)
def dismiss_proposal(recurring_id: int) -> ResponseReturnValue:
    """Note that a period has no such cost."""
    session, day = db.session(), _sent_day()
    pool_id = views.recurring_cost(session, recurring_id).pool_id
    return _answer(
        lambda: recurring_costs.dismiss_proposal(
            session, recurring_id, day, today=today(), by=current_actor(), now=now()
        ),
        _("The period was dismissed. The page of the recurring cost proposes it again."),
        _back(pool_id),
    )


@page(bp, "/recurring/<int:recurring_id>/propose", methods=POST, access=TREASURER)
def propose_again(recurring_id: int) -> ResponseReturnValue:
    """Take back that a period was dismissed."""
    session, day = db.session(), _sent_day()
    views.recurring_cost(session, recurring_id)
    return _answer(
        lambda: recurring_costs.propose_again(session, recurring_id, day, today=today(), by=current_actor(), now=now()),
        _("The period is proposed again."),
        url_for(".edit_recurring", recurring_id=recurring_id),
    )


def _accept(recurring_id: int, day: date, entry: CostEntry, form: CostForm) -> int:
    return recurring_costs.accept_proposal(
        db.session(),
        recurring_id,
        day,
        entry,
        today=today(),
        by=current_actor(),
        now=now(),
        revision=form.revision.data,
        confirmed_cents=form.confirmed_cents,
    )


def _answer(use_case: Callable[[], object], message: str, address: str) -> ResponseReturnValue:
    try:
        in_write_transaction(db.session(), use_case)
    except DomainError as refusal:
        flash(sentence_of(refusal), "warning")
    else:
        flash(message)
    return redirect(address, code=303)


def _back(pool_id: int) -> str:
    """Return the list from which the button was pressed: that of all pools, or the page of the pool."""
    return url_for(".proposed_costs") if request.form.get("from") == "all" else url_for(".pool", pool_id=pool_id)


def _sent_day() -> date:
    try:
        return date.fromisoformat(request.form.get("day", ""))
    except ValueError:
        abort(422)


def _asked_day(first_on: date) -> date:
    try:
        return date.fromisoformat(request.args.get("day", first_on.isoformat()))
    except ValueError:
        abort(422)


def _kinds(stored: views.RecurringCostView) -> list[str]:
    """Return the kinds that may be chosen: those of the pool, and the one it has."""
    return list(dict.fromkeys([*queries.pool(db.session(), stored.pool_id).rules, stored.kind]))


def _stored_form(recurring_id: int) -> RecurringCostForm:
    stored = views.recurring_cost(db.session(), recurring_id)
    form = RecurringCostForm(formdata=None)
    form.offer(_kinds(stored))
    form.fill(stored)
    return form
