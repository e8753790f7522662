"""/costs/equity/<id>: what a member has really paid in, and each change of it; /costs/leavers/<id>/settle."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth import permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, Access
from app.clock import now
from app.documents.composer import TextComposer
from app.extensions import db
from app.forms.base_form import BaseForm
from app.forms.submit import INVALID, submit
from app.pages.costs import bp, presenter
from app.pages.costs.books.equity_forms import EquityForm, SettleForm
from app.pages.costs.desk import PER_PAGE, offset, today
from app.pages.costs.forms import ReverseForm
from app.pages.declaration import GET_POST, POST, page
from app.web.paging import page_number
from app.wording.equity import REVERSALS, equity_kind_label
from app.wording.errors import sentence_of, status_of
from app.wording.ledger import topic_label
from billing.equity import equity as verbs
from billing.equity import settlements
from billing.equity.equity import EquityInput, equity_of
from billing.equity.settlements import Settlement
from billing.errors.equity_errors import EquityMoveNotFound, NothingSetOff, TooMuchSetOff
from billing.queries.balances import balance_of
from billing.queries.equity import EquityMoveView, equity_move, equity_moves
from booking.errors.schedule_errors import NotFound
from booking.kernel.errors import DomainError

SHOW = "show"  # the button that shows what would be posted, and posts nothing


@page(bp, "/equity/<int:member_id>", access=Access(treasurer=ALL, admin=ALL))
def member_equity(member_id: int) -> ResponseReturnValue:
    """Show what a member has paid in, and its changes, the newest first."""
    form = EquityForm(formdata=None)
    form.issue_key()
    form.day.data = today()
    return _equity_page(member_id, form)


@page(bp, "/equity/<int:member_id>", methods=POST, access=Access(treasurer=ALL), keeps_input=True)
def enter_equity(member_id: int) -> ResponseReturnValue:
    """Enter what a member has paid in."""
    form, session = EquityForm(), db.session()
    form.last_day = min(today(), presenter.known_member(session, member_id).left_on or today())
    entered = submit(
        form,
        lambda: _enter(member_id, form),
        message=_("The equity is entered."),
        location=url_for(".member_equity", member_id=member_id),
    )
    return entered or _equity_page(member_id, form)


@page(bp, "/equity/moves/<int:move_id>", access=Access(member=OWN, treasurer=ALL, admin=ALL, leaver=OWN))
def show_equity_move(move_id: int) -> ResponseReturnValue:
    """Show a change of equity with what it comes from; members see their own."""
    return _move_page(move_id, ReverseForm(formdata=None))


@page(bp, "/equity/moves/<int:move_id>/reverse", methods=POST, access=Access(treasurer=ALL), keeps_input=True)
def reverse_equity(move_id: int) -> ResponseReturnValue:
    """Take a change of equity back by its mirror."""
    form, session = ReverseForm(), db.session()
    reversed_ = submit(
        form,
        lambda: (
            settlements.reverse_equity(
                session, move_id, form.reason.data or "", TextComposer(session), by=current_actor(), now=now()
            ).id
        ),
        message=_("It is taken back. Both stay visible."),
        location=url_for(".show_equity_move", move_id=move_id),
    )
    return reversed_ or _move_page(move_id, form)


@page(bp, "/leavers/<int:member_id>/settle", methods=GET_POST, access=Access(treasurer=ALL), keeps_input=True)
def settle(member_id: int) -> ResponseReturnValue:
    """Show what a settlement with a member who left would post, or post it."""
    form = SettleForm()
    if not form.is_submitted() or SHOW in request.form:
        return _settle_page(member_id, form)
    settled = submit(
        form,
        lambda: _settle(member_id, form),
        message=_("It is settled. Where something was set off, the statement goes to the member."),
        location=lambda move_id: url_for(".show_equity_move", move_id=move_id),
    )
    return settled or _settle_page(member_id, form)


def _enter(member_id: int, form: EquityForm) -> int:
    assert form.amount.cents is not None
    assert form.day.data
    wanted, by = EquityInput(member_id, form.day.data, form.amount.cents, form.note.data or ""), current_actor()
    key = form.derive_id(by.user_id, wanted)
    return verbs.enter_equity(db.session(), wanted, by=by, now=now(), form_key=key).id


def _settle(member_id: int, form: SettleForm) -> int:
    session = db.session()
    return settlements.settle(
        session,
        member_id,
        TextComposer(session),
        digest=form.digest.data or "",
        set_off_cents=form.amount.cents,
        by=current_actor(),
        now=now(),
    ).id


def _equity_page(member_id: int, form: EquityForm) -> ResponseReturnValue:
    session = db.session()
    member = presenter.known_member(session, member_id)
    moves, has_next = equity_moves(session, member_id, limit=PER_PAGE, offset=offset())
    return render_template(
        "costs/equity.html",
        member=member,
        has_left=member.left_on is not None and member.left_on < today(),
        equity=equity_of(session, member_id),
        moves=moves,
        kind_label=equity_kind_label,
        form=form,
        page=page_number(),
        has_next=has_next,
    ), form.status


def _move_page(move_id: int, form: ReverseForm) -> ResponseReturnValue:
    move = _seen(move_id)
    return render_template(
        "costs/equity_move.html",
        move=move,
        is_own=not permissions.reaches_all(),
        member=presenter.known_member(db.session(), move.member_id),
        kind=equity_kind_label(move.kind),
        reversal=REVERSALS[move.kind],
        form=form,
    ), form.status


def _seen(move_id: int) -> EquityMoveView:
    """Return a change that the present login may see; another member's is answered like a missing one."""
    move = equity_move(db.session(), move_id)
    permissions.require(member_id=move.member_id, missing=EquityMoveNotFound(id=move_id))
    return move


def _settle_page(member_id: int, form: SettleForm) -> ResponseReturnValue:
    session = db.session()
    member, shown = presenter.known_member(session, member_id), _preview(member_id, form)
    if shown is not None:
        form.digest.data = shown.digest
        if not form.amount.errors:
            form.amount.show_cents(shown.set_off_cents)
    return render_template(
        "costs/settle.html",
        member=member,
        shown=shown,
        balance=balance_of(session, member_id),
        equity=equity_of(session, member_id),
        topic_label=topic_label,
        show=SHOW,
        form=form,
    ), form.status


def _preview(member_id: int, form: SettleForm) -> Settlement | None:
    """Return what would be posted with the sum that was typed, else with the most; None where nothing can be.

    A sum that is refused stays in its field.
    """
    session, cents = db.session(), None
    try:
        if form.is_submitted() and form.amount.validate(form):
            cents = form.amount.cents
        elif form.is_submitted():
            form.status = INVALID
        return settlements.preview_settlement(session, member_id, cents, now=now())
    except (TooMuchSetOff, NothingSetOff) as refusal:
        form.show_refusal(refusal)
        form.status = status_of(refusal)
        return settlements.preview_settlement(session, member_id, now=now())
    except DomainError as refusal:
        if isinstance(refusal, NotFound):
            raise
        sentence = sentence_of(refusal)
        if sentence not in form.form_errors:
            form.form_errors.append(sentence)
        if form.is_submitted() and form.status == BaseForm.status:  # one that is only shown again has a status already
            form.status = status_of(refusal)
        return None
