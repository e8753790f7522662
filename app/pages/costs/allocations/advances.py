"""/costs/pools/<id>/advances: what the holders of a pool owe in advance, per share; shown before it is posted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.auth import permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, Access
from app.clock import now
from app.extensions import db
from app.forms.submit import submit
from app.pages.costs import bp
from app.pages.costs.allocations.advance_form import AdvanceForm
from app.pages.costs.desk import PER_PAGE, offset, today
from app.pages.costs.forms import ReverseForm
from app.pages.declaration import POST, page
from app.web.paging import page_number
from app.wording.errors import sentence_of, status_of
from billing import queries
from billing.allocations import advances as billing_advances
from billing.errors.money_errors import AdvanceNotFound
from billing.queries.advances import advance, advances, owed_by_member
from billing.queries.pools import pool_names
from booking.kernel.errors import DomainError
from booking.queries import MemberName, member_names

SHOW = "show"  # the button that shows who would owe what, and stores nothing


@dataclass(frozen=True, slots=True)
class AdvanceRow:
    """What a member owes of an advance, or would owe."""

    member: MemberName
    shares: int
    cents: int


@page(bp, "/pools/<int:pool_id>/advances", access=Access(treasurer=ALL, admin=ALL))
def pool_advances(pool_id: int) -> ResponseReturnValue:
    """List the advances of a pool, and ask for a new one."""
    form = AdvanceForm(formdata=None)
    form.propose(today())
    return _advances_page(pool_id, form)


@page(bp, "/pools/<int:pool_id>/advances", methods=POST, access=Access(treasurer=ALL), keeps_input=True)
def post_advance(pool_id: int) -> ResponseReturnValue:
    """Show who would owe what, or post it."""
    form = AdvanceForm()
    if SHOW in request.form:
        return _advances_page(pool_id, form, _preview(pool_id, form))
    posted = submit(
        form,
        lambda: _post(pool_id, form),
        message=_("The advance is posted. Each member sees it in their balance."),
        location=url_for(".pool_advances", pool_id=pool_id),
    )
    return posted or _advances_page(pool_id, form)


@page(bp, "/advances/<int:advance_id>/reverse", methods=POST, access=Access(treasurer=ALL), keeps_input=True)
def reverse_advance(advance_id: int) -> ResponseReturnValue:
    """Take an advance back by its mirror."""
    session, form = db.session(), ReverseForm()
    pool_id = advance(session, advance_id).pool_id
    reversed_ = submit(
        form,
        lambda: billing_advances.reverse_advance(
            session, advance_id, form.reason.data or "", by=current_actor(), now=now()
        ),
        message=_("The advance is reversed. Both stay visible."),
        location=url_for(".pool_advances", pool_id=pool_id),
    )
    if reversed_:
        return reversed_
    fresh = AdvanceForm(formdata=None)
    fresh.propose(today())
    fresh.status = form.status
    return _advances_page(pool_id, fresh, reversing=(advance_id, form))


@page(bp, "/advances/<int:advance_id>", access=Access(member=OWN, treasurer=ALL, admin=ALL, leaver=OWN))
def show_advance(advance_id: int) -> ResponseReturnValue:
    """Show how an advance comes about, and who owes it; members see their own part alone."""
    session = db.session()
    view, lines = advance(session, advance_id), owed_by_member(session, advance_id)
    is_own = not permissions.reaches_all()
    if is_own:
        lines = tuple(line for line in lines if line[0] == current_user.member_id)
        if not lines:
            raise AdvanceNotFound(id=advance_id)
    shown = lines[offset() : offset() + PER_PAGE]
    return render_template(
        "costs/advance.html",
        advance=view,
        is_own=is_own,
        pool_name=pool_names(session)[view.pool_id],
        rows=_rows(shown),
        page=page_number(),
        has_next=len(lines) > offset() + PER_PAGE,
    )


def _post(pool_id: int, form: AdvanceForm) -> int:
    wanted, by = form.entry(), current_actor()
    key = form.derive_id(by.user_id, pool_id, wanted)
    return billing_advances.post_advance(db.session(), pool_id, wanted, by=by, now=now(), form_key=key).id


def _preview(pool_id: int, form: AdvanceForm) -> tuple[AdvanceRow, ...]:
    if not form.validate():
        form.status = 422
        return ()
    session = db.session()
    try:
        lines = billing_advances.advance_lines(session, pool_id, form.entry())
    except DomainError as refusal:
        form.form_errors.append(sentence_of(refusal))
        form.status = status_of(refusal)
        return ()
    return _rows(lines)


def _rows(lines: Sequence[tuple[int, int, int]]) -> tuple[AdvanceRow, ...]:
    names = {name.id: name for name in member_names(db.session(), [member_id for member_id, *_rest in lines])}
    return tuple(AdvanceRow(names[member_id], shares, cents) for member_id, shares, cents in lines)


def _advances_page(
    pool_id: int,
    form: AdvanceForm,
    preview: tuple[AdvanceRow, ...] = (),
    reversing: tuple[int, ReverseForm] | None = None,
) -> ResponseReturnValue:
    session = db.session()
    rows, has_next = advances(session, pool_id, limit=PER_PAGE, offset=offset())
    return render_template(
        "costs/advances.html",
        form=form,
        pool=queries.pool(session, pool_id),
        rows=rows,
        has_next=has_next,
        page=page_number(),
        preview=preview,
        show=SHOW,
        reversing=reversing,
        reverse_form=ReverseForm(formdata=None),
    ), form.status
