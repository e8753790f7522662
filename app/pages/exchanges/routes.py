"""/exchanges: what members offer each other, and the answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.auth import lookups, permissions
from app.auth.current_login import current_actor
from app.auth.member_logins import login_names, person_named
from app.auth.permissions import ALL, OWN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.span_form import clean
from app.pages.declaration import POST, page
from app.pages.exchanges import bp
from app.pages.exchanges.forms import AnswerForm, RejectForm, changed_text, partner_text
from app.pages.exchanges.presenter import terms_of
from app.wording.errors import sentence_of, status_of
from app.wording.exchanges import state_text, state_words
from app.wording.rules import violation_sentence
from booking import queries
from booking.errors.exchange_errors import ExchangeClosed, ExchangeNotFound, NotExchangeable, PartnerRefused
from booking.errors.schedule_errors import MachineNotFound, RequestRefused, StaleRevision
from booking.exchanges import accepting, ending
from booking.kernel.errors import DomainError
from booking.kernel.transaction import in_write_transaction
from booking.models import ExchangeState, Status
from booking.queries import exchanges as exchange_queries
from booking.queries.exchanges import ExchangeView

PARTY = Access(member=OWN)
DECIDE = Access(manager=WORKSHOP, admin=ALL)
READ = Access(member=OWN, manager=WORKSHOP, admin=ALL)
DECIDING = "approvals.decide"
PER_PAGE, CONFLICT = 20, 409
REFUSALS = (ExchangeClosed, RequestRefused, PartnerRefused, NotExchangeable, MachineNotFound, StaleRevision)


@page(bp, "/exchanges", access=READ)
def index() -> ResponseReturnValue:
    """List what was offered to one and by one, for managers also in their workshops, the newest first."""
    before = request.args.get("before", "")
    found = exchange_queries.exchanges(
        db.session(),
        member_id=current_user.member_id,
        workshop_ids=None if current_user.is_admin else current_user.managed_workshop_ids,
        before=int(before) if before.isdecimal() and len(before) < 10 else None,
        limit=PER_PAGE + 1,
    )
    shown, instant = found[:PER_PAGE], now()
    rows = [(view, *state_words(view, view.state_at(instant), current_user.member_id)) for view in shown]
    more = shown[-1].id if len(found) > PER_PAGE else None
    return render_template("exchanges/index.html", rows=rows, next_before=more)


@page(bp, "/exchanges/<int:exchange_id>", access=READ)
def show(exchange_id: int) -> ResponseReturnValue:
    """Show an exchange: what each gets, the prices, and what can be done."""
    return _page(lookups.exchange(exchange_id))


@page(bp, "/exchanges/<int:exchange_id>/accept", methods=POST, access=PARTY)
def accept(exchange_id: int) -> ResponseReturnValue:
    """Agree: the reservations change hands."""
    view, form, session = lookups.exchange(exchange_id, of="receiver"), AnswerForm(), db.session()
    if view.state == ExchangeState.ACCEPTED and view.made_for_receiver_id is not None:  # on another device
        return redirect(url_for("reservations.show", reservation_id=view.made_for_receiver_id), code=303)
    if view.is_open(now()):
        shown = terms_of(session, view, reader_id=current_user.member_id, now=now())
        if form.shown.data != shown.digest:
            return _page(view, changed_text()), CONFLICT
    second = person_named(session, view.receiver_id, form.second_person.data or "")
    refused = _carry_out(view, partial(accepting.accept, decides_in=_decided_in(), second=second), form)
    if refused is not None:
        return refused
    made = exchange_queries.exchange(session, exchange_id).made_for_receiver_id
    if made is None:
        flash(agreed_text())
        return redirect(url_for(".show", exchange_id=exchange_id), code=303)
    is_request = queries.reservation(session, made).status == Status.REQUESTED
    flash(
        _("Taken over. The workshop decides now; until then the time is held.")
        if is_request
        else _("Done: it is yours now.")
    )
    return redirect(url_for("reservations.show", reservation_id=made), code=303)


@page(bp, "/exchanges/<int:exchange_id>/decline", methods=POST, access=PARTY)
def decline(exchange_id: int) -> ResponseReturnValue:
    """Decline: everything stays as it was."""
    refused = _carry_out(lookups.exchange(exchange_id, of="receiver"), ending.decline, AnswerForm())
    return refused if refused is not None else _done(_("Declined. Everything stays as it was."))


@page(bp, "/exchanges/<int:exchange_id>/withdraw", methods=POST, access=PARTY)
def withdraw(exchange_id: int) -> ResponseReturnValue:
    """Take an offer back: everything stays as it was."""
    refused = _carry_out(lookups.exchange(exchange_id, of="proposer"), ending.withdraw, AnswerForm())
    return refused if refused is not None else _done(_("Taken back. Everything stays as it was."))


@page(bp, "/exchanges/<int:exchange_id>/approve", methods=POST, access=DECIDE)
def approve(exchange_id: int) -> ResponseReturnValue:
    """Approve a swap on which both have agreed, for the workshop: both halves at once."""
    verb = partial(accepting.approve, decides_in=_decided_in())
    refused = _carry_out(_to_decide(exchange_id), verb, AnswerForm())
    return refused if refused is not None else _decided(_("Approved: both have what they wanted."))


@page(bp, "/exchanges/<int:exchange_id>/reject", methods=POST, access=DECIDE, keeps_input=True)
def reject(exchange_id: int) -> ResponseReturnValue:
    """Decline a swap on which both have agreed, for the workshop: everything stays as it was."""
    view, form = _to_decide(exchange_id), RejectForm()
    if not form.validate_on_submit():
        return _page(view, rejecting=form), 422
    verb = partial(ending.reject, reason=clean(form.reason.data))
    refused = _carry_out(view, verb, form)
    return refused if refused is not None else _decided(_("Declined. Everything stays as it was."))


def may_decide(view: ExchangeView) -> bool:
    """Return whether the present login may approve all that needs an approval in an exchange."""
    wanted = view.deciding_workshops or {view.given.workshop_id}
    return all(permissions.may_touch(DECIDING, "POST", workshop_id=one) for one in wanted)


def _decided_in() -> frozenset[int] | None:
    """Return the workshops in which the present login may approve; None: all. The verb compares them under its lock."""
    return permissions.workshops_within(endpoint=DECIDING)


def _to_decide(exchange_id: int) -> ExchangeView:
    """Return an exchange about which the present login decides. Raises ExchangeNotFound."""
    view = lookups.exchange(exchange_id)
    if not may_decide(view):
        raise ExchangeNotFound(id=exchange_id)
    return view


def _decided(message: str) -> ResponseReturnValue:
    flash(message)
    return redirect(url_for("approvals.index"), code=303)


def _done(message: str) -> ResponseReturnValue:
    flash(message)
    return redirect(url_for("exchanges.index"), code=303)


def _carry_out(
    view: ExchangeView, verb: Callable[..., object], form: AnswerForm | RejectForm
) -> ResponseReturnValue | None:
    """Carry an answer out; return the page with the reason where it is refused."""
    session, by, revision = db.session(), current_actor(), form.revision.data
    try:
        in_write_transaction(session, lambda: verb(session, view.id, by=by, now=now(), revision=revision))
    except REFUSALS as refusal:
        return _page(lookups.exchange(view.id), refusal_text(refusal, view)), status_of(refusal)
    return None


def agreed_text() -> str:
    """Return what becomes of a swap about which the workshop decides."""
    return _("Agreed. The workshop decides about both now; until then everything stays as it is.")


def refusal_text(refusal: DomainError, view: ExchangeView) -> str:
    """Return why an answer was refused, with all broken rules of who answers."""
    if isinstance(refusal, RequestRefused):
        return " ".join(violation_sentence(one, view.given.zone) for one in refusal.violations)
    return partner_text(refusal) if isinstance(refusal, PartnerRefused) else sentence_of(refusal)


def _page(view: ExchangeView, refusal: str = "", rejecting: RejectForm | None = None) -> str:
    """Return the page of an exchange; its terms as long as it is open."""
    instant, reader = now(), current_user.member_id
    state = view.state_at(instant)
    shown, is_agreed, answer = None, view.is_agreed(instant), AnswerForm()
    decides = is_agreed and may_decide(view)
    if state == ExchangeState.OPEN:
        shown = terms_of(db.session(), view, reader_id=reader, now=instant)
    if shown is not None and shown.asks_second and reader is not None:
        answer.persons = login_names(db.session(), reader)
    return render_template(
        "exchanges/show.html",
        view=view,
        state=state,
        terms=shown,
        answer=answer,
        refusal=refusal,
        state_text=state_text(view, state, reader),
        is_agreed=is_agreed,
        is_elsewhere=is_agreed and not decides and bool(current_user.managed_workshop_ids & view.deciding_workshops),
        rejecting=(rejecting or RejectForm(formdata=None, revision=view.revision)) if decides else rejecting,
        is_receiver=reader == view.receiver_id,
        is_proposer=reader == view.proposer_id,
        knows_receiver=view.knows_receiver(reader),
    )
