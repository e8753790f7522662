"""/costs/pools: cost pools, their actual costs and their shares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from app.pages.costs import bp, presenter
from app.pages.costs.desk import PER_PAGE, offset, today
from app.pages.costs.forms import CostForm, NewCostForm, PoolForm, SharesForm
from app.pages.declaration import GET_POST, POST, page
from app.web.paging import page_number
from app.wording.billing import key_text
from app.wording.errors import sentence_of, status_of
from billing import pools as book
from billing import queries
from billing import shares as share_book
from booking.kernel.errors import DomainError, StaleRevision
from booking.kernel.transaction import in_write_transaction
from booking.queries import member_names

LATEST = 5


@page(bp, "/pools/<int:pool_id>", access=Access(treasurer=ALL, admin=ALL))
def pool(pool_id: int) -> ResponseReturnValue:
    """A pool: what waits to be divided, all its costs, its rules, its latest allocations."""
    session = db.session()
    view = queries.pool(session, pool_id)
    costs, has_next = queries.costs(session, pool_id, limit=PER_PAGE, offset=offset())
    latest, _has_more = queries.allocations(session, pool_id=pool_id, limit=LATEST)
    return render_template(
        "costs/pool.html",
        pool=view,
        machine=presenter.machine_names(session)[view.machine_id],
        costs=costs,
        has_next=has_next,
        page=page_number(),
        latest=latest,
        key_text=key_text,
    )


@page(bp, "/pools/new", methods=GET_POST, access=Access(treasurer=ALL), keeps_input=True)
def new_pool() -> ResponseReturnValue:
    """Open a pool for the costs of a machine."""
    session, form = db.session(), PoolForm()
    form.offer((card.id, card.name) for card in presenter.machine_cards(session))
    if not form.is_submitted():
        form.machine.data = request.args.get("machine", type=int)
        return _page("costs/pool_form.html", 200, form=form, pool=None)

    def enter() -> int:
        made = book.enter_pool(
            session, form.machine.data, form.name.data or "", form.rules(), by=current_actor(), now=now()
        )
        return made.id

    pool_id, reasons, status = _carry_out(form, enter)
    if pool_id is None:
        return _page("costs/pool_form.html", status, form=form, pool=None, reasons=reasons)
    flash(_("The cost pool was opened."))
    return redirect(url_for(".pool", pool_id=pool_id), code=303)


@page(bp, "/pools/<int:pool_id>/edit", methods=GET_POST, access=Access(treasurer=ALL), keeps_input=True)
def edit_pool(pool_id: int) -> ResponseReturnValue:
    """Rename a pool, or change its kinds of cost and how each is divided."""
    session = db.session()
    view = queries.pool(session, pool_id)
    if request.method != "POST":
        return _page("costs/pool_form.html", 200, form=_stored_pool(view), pool=view)
    form = PoolForm()
    del form.machine

    def change() -> int:
        made = book.change_pool(
            session,
            pool_id,
            form.name.data or "",
            form.rules(),
            by=current_actor(),
            now=now(),
            revision=form.revision.data,
        )
        return made.id

    changed, reasons, status = _carry_out(form, change, lambda: _stored_pool(queries.pool(session, pool_id)))
    if changed is None:
        return _page("costs/pool_form.html", status, form=form, pool=view, reasons=reasons)
    flash(_("The cost pool was changed."))
    return redirect(url_for(".pool", pool_id=pool_id), code=303)


@page(bp, "/pools/<int:pool_id>/costs/new", methods=GET_POST, access=Access(treasurer=ALL), keeps_input=True)
def new_cost(pool_id: int) -> ResponseReturnValue:
    """Enter a bill."""
    session, form = db.session(), NewCostForm()
    view = queries.pool(session, pool_id)
    form.offer(view.rules)
    if not form.is_submitted():
        form.service_date.data = today()
        form.issue_key()
        return _page("costs/cost_form.html", 200, form=form, pool=view, cost=None)

    def enter() -> int:
        entry, by = form.entry(), current_actor()
        name = form.derive_id(by.user_id, pool_id, entry)
        return book.enter_cost(session, pool_id, entry, by=by, now=now(), form_key=name).id

    entered, reasons, status = _carry_out(form, enter)
    if entered is None:
        return _page("costs/cost_form.html", status, form=form, pool=view, cost=None, reasons=reasons)
    flash(_("The cost was entered. It waits for an allocation."))
    return redirect(url_for(".pool", pool_id=pool_id), code=303)


@page(bp, "/costs/<int:cost_id>", methods=GET_POST, access=Access(treasurer=ALL), keeps_input=True)
def edit_cost(cost_id: int) -> ResponseReturnValue:
    """Look at a bill; correct it while it waits."""
    session = db.session()
    cost = queries.cost(session, cost_id)
    view = queries.pool(session, cost.pool_id)
    if request.method != "POST":
        return _page("costs/cost_form.html", 200, form=_stored_cost(cost, view), pool=view, cost=cost)
    form = CostForm()
    form.offer(_kinds(cost, view))
    changed, reasons, status = _carry_out(
        form,
        lambda: (
            book.change_cost(
                session, cost_id, form.entry(), by=current_actor(), now=now(), revision=form.revision.data
            ).id
        ),
        lambda: _stored_cost(queries.cost(session, cost_id), view),
    )
    if changed is None:
        return _page("costs/cost_form.html", status, form=form, pool=view, cost=cost, reasons=reasons)
    flash(_("The cost was changed."))
    return redirect(url_for(".pool", pool_id=view.id), code=303)


@page(bp, "/costs/<int:cost_id>/delete", methods=POST, access=Access(treasurer=ALL))
def delete_cost(cost_id: int) -> ResponseReturnValue:
    """Take out a bill that never stood in an allocation."""
    session = db.session()
    cost = queries.cost(session, cost_id)
    try:
        in_write_transaction(
            session,
            lambda: book.delete_cost(
                session, cost_id, by=current_actor(), now=now(), revision=request.form.get("revision", type=int)
            ),
        )
    except DomainError as refusal:
        flash(sentence_of(refusal), "warning")
        return redirect(url_for(".edit_cost", cost_id=cost_id), code=303)
    flash(_("The cost was deleted."))
    return redirect(url_for(".pool", pool_id=cost.pool_id), code=303)


@page(bp, "/pools/<int:pool_id>/shares", access=Access(treasurer=ALL, admin=ALL))
def shares(pool_id: int) -> ResponseReturnValue:
    """Who holds how many shares of a pool, since when."""
    form = SharesForm(formdata=None)
    form.valid_from.data = today()
    return _shares_page(pool_id, form, 200)


@page(bp, "/pools/<int:pool_id>/shares", methods=POST, access=Access(treasurer=ALL), keeps_input=True)
def set_shares(pool_id: int) -> ResponseReturnValue:
    """Note what a member holds from a day on."""
    session, form = db.session(), SharesForm()
    queries.pool(session, pool_id)
    form.offer(_members())
    entered, reasons, status = _carry_out(
        form,
        lambda: share_book.set_shares(session, pool_id, *form.holding(), by=current_actor(), now=now()).id,
    )
    if entered is None:
        return _shares_page(pool_id, form, status, reasons)
    flash(_("The shares were entered."))
    return redirect(url_for(".shares", pool_id=pool_id), code=303)


def _stored_pool(view: queries.PoolView) -> PoolForm:
    form = PoolForm(formdata=None)
    del form.machine
    form.fill(view)
    return form


def _stored_cost(cost: queries.CostView, view: queries.PoolView) -> CostForm:
    form = CostForm(formdata=None)
    form.offer(_kinds(cost, view))
    form.fill(cost)
    return form


def _kinds(cost: queries.CostView, view: queries.PoolView) -> list[str]:
    """The kinds that a cost may be of: those of its pool, and the one it has."""
    return list(dict.fromkeys([*view.rules, cost.kind]))


def _carry_out(
    form: Any, use_case: Callable[[], int], stored: Callable[[], Any] | None = None
) -> tuple[int | None, list[str], int]:
    """Run a use case with a form: its id; or the reasons of the refusal and their status.

    stored: the form as the record stands now, where it has a revision.
    """
    if not form.validate():
        return None, [], 422
    try:
        return in_write_transaction(db.session(), use_case), [], 303
    except StaleRevision as refusal:
        if stored is not None:
            form.merge_conflicts(stored())
        return None, [] if stored else [sentence_of(refusal)], status_of(refusal)
    except DomainError as refusal:
        return None, [sentence_of(refusal)], status_of(refusal)


def _shares_page(pool_id: int, form: SharesForm, status: int, reasons: list[str] | None = None) -> ResponseReturnValue:
    session = db.session()
    form.offer(_members())
    held = ((row.member_id, row.valid_from, row.shares) for row in queries.shares(session, pool_id))
    return _page(
        "costs/shares.html",
        status,
        form=form,
        pool=queries.pool(session, pool_id),
        rows=presenter.share_rows(session, held),
        reasons=reasons or [],
    )


def _members() -> list[tuple[int, str]]:
    return [(name.id, f"{name.number} {name.name}") for name in member_names(db.session())]


def _page(template: str, status: int, **values: Any) -> ResponseReturnValue:
    return render_template(template, **{"reasons": [], **values}), status
