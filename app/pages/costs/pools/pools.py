"""/costs/pools: cost pools, their actual costs and their shares."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from app.forms.member_choice import ANY_DAY
from app.forms.submit import submit
from app.forms.year_choice import year_choice
from app.pages.costs import bearers, bp, presenter
from app.pages.costs.counted_names import counted_name, scope_choices, scope_words
from app.pages.costs.desk import PER_PAGE, offset, today
from app.pages.costs.forms import PoolForm, SharesForm
from app.pages.costs.pools.pool_rows import key_labels, pool_rows
from app.pages.costs.years.year_chart import cost_chart
from app.pages.declaration import GET_POST, POST, page
from app.web.paging import page_number
from app.wording.ledger import charges_are_label
from billing import queries
from billing.allocations.periods import proposed_period
from billing.pools import pool_scopes
from billing.pools import pools as billing_pools
from billing.pools import shares as billing_shares
from billing.pools.scopes import Piece, Scope, machines_in
from billing.queries.budgets import budgets_of_year
from billing.queries.counted import uncounted_cents
from billing.queries.pool_counts import counted_pieces
from billing.queries.pool_keys import pool_keys
from billing.queries.recurring import proposals as proposals_of
from booking.queries import machine_slugs

LATEST = 5
SHOW_BEARERS = "show_bearers"  # the button that shows who would bear costs, and stores nothing


@page(bp, "/pools/<int:pool_id>", access=Access(treasurer=ALL, admin=ALL))
def pool(pool_id: int) -> ResponseReturnValue:
    """Show a pool: its costs, its rules, its latest allocations."""
    session = db.session()
    view = queries.pool(session, pool_id)
    choice = year_choice(queries.years_of_ring(session, today()), None, today=today())
    costs, has_next = queries.costs(session, pool_id, days=choice.days, limit=PER_PAGE, offset=offset())
    latest, _has_more = queries.allocations(session, pool_id=pool_id, limit=LATEST)
    used, year = frozenset(view.rules.values()), choice.chosen or today().year
    months = [one for one in queries.costs_by_month(session, year) if one.pool_id == pool_id]
    before = [one for one in queries.costs_by_month(session, year - 1) if one.pool_id == pool_id]
    labels = key_labels(session)
    proposals = proposals_of(session, today(), pool_id=pool_id)
    (budget,) = budgets_of_year(session, year, pool_id=pool_id)
    (row,) = pool_rows([view], machine_slugs(session), months, 12, labels)
    return render_template(
        "costs/pool.html",
        pool=view,
        row=row,
        year=year,
        cost_cents=sum(one.cents for one in months),
        chart=cost_chart(months, year, today(), before),
        proposals=proposals[:LATEST],
        proposal_count=len(proposals),
        budget=budget,
        machine=counted_name(session, pool_id, view),
        costs=costs,
        has_next=has_next,
        page=page_number(),
        latest=latest,
        years=choice,
        key_labels=labels,
        charges_are_label=charges_are_label,
        uncounted=uncounted_cents(session, pool_id) if view.charges_are == billing_pools.INCOME else 0,
        keys=[one for one in _keys(_pieces(view), view, excludes_guests=view.excludes_guests) if one.key in used],
    )


@page(bp, "/pools/new", methods=GET_POST, access=Access(treasurer=ALL), keeps_input=True)
def new_pool() -> ResponseReturnValue:
    """Open a pool for the costs of a machine, a group, a site or the whole ring."""
    form = PoolForm()
    form.offer(scope_choices(db.session()))
    if not form.is_submitted():
        form.machine.data = request.args.get("machine")
    if SHOW_BEARERS in request.form:
        return _pool_page(form, None)
    opened = submit(form, lambda: _enter_pool(form), message=_("The cost pool was opened."), location=_pool_url)
    return opened or _pool_page(form, None)


@page(bp, "/pools/<int:pool_id>/edit", methods=GET_POST, access=Access(treasurer=ALL), keeps_input=True)
def edit_pool(pool_id: int) -> ResponseReturnValue:
    """Rename a pool, or change its kinds of cost and how each is divided."""
    form = _stored_pool(pool_id)
    if request.method == "POST":
        form = PoolForm()
        del form.machine
        form.offer_keys(own_key_names(pool_id))
    if SHOW_BEARERS in request.form:
        return _pool_page(form, queries.pool(db.session(), pool_id))
    changed = submit(
        form,
        lambda: _change_pool(pool_id, form),
        message=_("The cost pool was changed."),
        location=_pool_url(pool_id),
        stored=lambda: _stored_pool(pool_id),
    )
    return changed or _pool_page(form, queries.pool(db.session(), pool_id))


@page(bp, "/pools/<int:pool_id>/shares", access=Access(treasurer=ALL, admin=ALL))
def shares(pool_id: int) -> ResponseReturnValue:
    """Show who holds how many shares of a pool, since when."""
    form = SharesForm(formdata=None)
    form.valid_from.data = today()
    return _shares_page(pool_id, form)


@page(bp, "/pools/<int:pool_id>/shares", methods=POST, access=Access(treasurer=ALL), keeps_input=True)
def set_shares(pool_id: int) -> ResponseReturnValue:
    """Enter the shares that a member holds from a day on."""
    form = SharesForm()
    queries.pool(db.session(), pool_id)
    form.offer_members(db.session(), current_user, day=ANY_DAY)
    if form.is_searching:
        return _shares_page(pool_id, form)
    entered = submit(
        form,
        lambda: _set_shares(pool_id, form),
        message=_("The shares were entered."),
        location=url_for(".shares", pool_id=pool_id),
    )
    return entered or _shares_page(pool_id, form)


def _enter_pool(form: PoolForm) -> int:
    return pool_scopes.open_pool(
        db.session(),
        form.chosen_scope(),
        form.name.data or "",
        form.rules(),
        by=current_actor(),
        now=now(),
        excludes_guests=bool(form.excludes_guests.data),
        charges_are=form.charges_are.data,
    ).id


def _change_pool(pool_id: int, form: PoolForm) -> None:
    billing_pools.change_pool(
        db.session(),
        pool_id,
        form.name.data or "",
        form.rules(),
        by=current_actor(),
        now=now(),
        revision=form.revision.data,
        excludes_guests=bool(form.excludes_guests.data),
        charges_are=form.charges_are.data,
    )


def _set_shares(pool_id: int, form: SharesForm) -> None:
    billing_shares.set_shares(
        db.session(),
        pool_id,
        *form.holding(),
        by=current_actor(),
        now=now(),
        outlasts_membership=bool(form.outlasts_membership.data),
    )


def own_key_names(pool_id: int) -> dict[str, str]:
    """Return code -> name of the keys that a pool composed itself."""
    return {one.code: one.name for one in pool_keys(db.session(), pool_id)}


def _stored_pool(pool_id: int) -> PoolForm:
    form = PoolForm(formdata=None)
    del form.machine
    form.offer_keys(own_key_names(pool_id))
    form.fill(queries.pool(db.session(), pool_id))
    return form


def _pool_url(pool_id: int) -> str:
    return url_for(".pool", pool_id=pool_id)


def _pool_page(form: PoolForm, view: queries.PoolView | None) -> ResponseReturnValue:
    session, leaves_out = db.session(), bool(form.excludes_guests.data)
    scope = None if view else form.chosen_scope()
    return render_template(
        "costs/pool_form.html",
        form=form,
        pool=view,
        machine=counted_name(session, view.id, view) if view else scope_words(session, form.chosen_scope()),
        keys=_keys(_pieces(view, scope), view, excludes_guests=leaves_out),
        show_bearers=SHOW_BEARERS,
    ), form.status


def _pieces(view: queries.PoolView | None, scope: Scope | None = None) -> tuple[Piece, ...]:
    """Return what a pool counts in the period that it would propose; of one to be opened, what is chosen."""
    session, period = db.session(), proposed_period(view.waiting_from if view else None, today())
    if view is not None:
        return counted_pieces(session, view.id, period)
    assert scope is not None
    return (Piece(*period, machines_in(session, scope)),)


def _keys(
    pieces: tuple[Piece, ...], view: queries.PoolView | None, *, excludes_guests: bool
) -> tuple[bearers.KeyExplanation, ...]:
    return bearers.key_explanations(
        db.session(), pieces, view.id if view else None, today(), excludes_guests=excludes_guests
    )


def _shares_page(pool_id: int, form: SharesForm) -> ResponseReturnValue:
    session = db.session()
    rows, view = (
        presenter.share_rows(session, queries.shares(session, pool_id), today()),
        queries.pool(session, pool_id),
    )
    return render_template("costs/shares.html", form=form, pool=view, rows=rows), form.status
