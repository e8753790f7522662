"""/costs/pools/<id>/keys: the keys that a pool composes itself, and the meters of members."""

from __future__ import annotations

from collections.abc import Sequence

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from app.forms.submit import submit
from app.pages.costs import bp
from app.pages.costs.desk import PER_PAGE, offset, today
from app.pages.costs.pools.key_form import KeyForm
from app.pages.costs.pools.meter_rows import meter_rows
from app.pages.declaration import GET_POST, page
from app.web.paging import page_number
from app.wording.keys import terms_words
from billing import queries
from billing.limits import FIRST_DAY
from billing.pools import pool_keys
from billing.queries.pool_counts import counted_pieces
from billing.queries.pool_keys import PoolKeyView, pool_key
from billing.queries.pool_keys import pool_keys as keys_of_pool
from booking.queries.machine_homes import charge_units_of
from booking.queries.member_texts import member_texts


@page(bp, "/pools/<int:pool_id>/keys", access=Access(treasurer=ALL, admin=ALL))
def keys(pool_id: int) -> ResponseReturnValue:
    """List the keys of a pool with what they consist of since when, and the meters."""
    session = db.session()
    view, unit = queries.pool(session, pool_id), use_unit(pool_id)
    found = keys_of_pool(session, pool_id)
    terms = pool_keys.terms_of_keys(session, [one.id for one in found])
    rows = [(one, [(dated.valid_from, terms_words(dated.terms, unit)) for dated in terms[one.id]]) for one in found]
    meters, has_next = meter_rows(session, pool_id, limit=PER_PAGE, offset=offset())
    return render_template(
        "costs/keys.html",
        pool=view,
        rows=rows,
        first_day=FIRST_DAY,
        meters=meters,
        page=page_number(),
        has_next=has_next,
    )


@page(bp, "/pools/<int:pool_id>/keys/new", methods=GET_POST, access=Access(treasurer=ALL), keeps_input=True)
def new_key(pool_id: int) -> ResponseReturnValue:
    """Give a pool a key."""
    session, form = db.session(), KeyForm()
    queries.pool(session, pool_id)
    _offer(form, pool_id)
    del form.valid_from, form.revision
    entered = submit(
        form,
        lambda: pool_keys.enter_key(
            session, pool_id, form.name.data or "", form.entry().terms, by=current_actor(), now=now()
        ),
        message=_("The key was entered. Choose it for the kinds of cost that it divides."),
        location=url_for(".keys", pool_id=pool_id),
    )
    return entered or _key_page(form, pool_id, None)


@page(bp, "/keys/<int:key_id>", methods=GET_POST, access=Access(treasurer=ALL), keeps_input=True)
def edit_key(key_id: int) -> ResponseReturnValue:
    """Give a key other terms from a day on."""
    session, form = db.session(), KeyForm()
    key, dated = pool_key(session, key_id)
    _offer(form, key.pool_id)
    if not form.is_submitted():
        form.fill(key.name, key.revision, _begun(dated).terms)  # so that a new name alone changes no terms
        form.valid_from.data = today()
    changed = submit(
        form,
        lambda: pool_keys.change_key(
            session,
            key_id,
            form.name.data or "",
            form.entry(),
            by=current_actor(),
            now=now(),
            revision=form.revision.data,
        ),
        message=_("The key was changed."),
        location=url_for(".keys", pool_id=key.pool_id),
    )
    return changed or _key_page(form, key.pool_id, key)


def _begun(dated: Sequence[pool_keys.DatedTerms]) -> pool_keys.DatedTerms:
    """Return the terms that hold today."""
    return [one for one in dated if one.valid_from <= today()][-1]


def use_unit(pool_id: int) -> str:
    """Return the charge unit of the machines that a pool counts today, "" where they have several."""
    session = db.session()
    (piece,) = counted_pieces(session, pool_id, (today(), today()))
    units = charge_units_of(session, piece.machine_ids)
    return next(iter(units)) if len(units) == 1 else ""


def _offer(form: KeyForm, pool_id: int) -> None:
    form.offer(member_texts(db.session()))
    form.use_unit = use_unit(pool_id)


def _key_page(form: KeyForm, pool_id: int, key: PoolKeyView | None) -> ResponseReturnValue:
    view = queries.pool(db.session(), pool_id)
    return render_template("costs/key_form.html", form=form, pool=view, key=key, unit=use_unit(pool_id)), form.status
