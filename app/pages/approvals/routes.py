"""/approvals: look at what waits, approve or decline, one or several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.base_form import is_review_only, review_message
from app.pages.approvals import bp, presenter, undoing
from app.pages.approvals.forms import APPROVE, Chosen, Decision, read_decision, read_filter
from app.pages.approvals.presenter import Outcome
from app.pages.declaration import POST, MenuEntry, page
from app.web import unknown_outcome
from app.web.trouble_log import reason_of, troubles
from app.wording.errors import sentence_of
from booking import queries
from booking.errors.schedule_errors import ReservationNotFound
from booking.kernel.database_errors import classify_error
from booking.kernel.errors import DomainError, OutcomeUnknown, Unavailable
from booking.kernel.events import Actor
from booking.kernel.transaction import discard, in_write_transaction
from booking.queries import exchanges as exchange_queries
from booking.queries.decisions import agreed_count
from booking.records.overruling import Overruling
from booking.reservations import decisions

SWAPS_SHOWN = 25


@page(
    bp,
    "",
    access=Access(manager=WORKSHOP, admin=ALL),
    menu=MenuEntry(_l("Approvals"), 30, icon="check2-square", bar={"manager": 20}, phone=("manager",)),
)
def index() -> ResponseReturnValue:
    """Show the requests of one's workshops that wait for a decision."""
    return _page(None, is_all=request.args.get("choose") == "all")


@page(bp, "", methods=POST, access=Access(manager=WORKSHOP, admin=ALL), keeps_input=True)
def decide() -> ResponseReturnValue:
    """Approve or decline; each request in a transaction of its own, so that one failing undoes no other."""
    decision = read_decision(request.form)
    if is_review_only():
        return _page(decision, error=review_message()), 422
    if not decision.chosen or not decision.action:
        return _page(decision, error=_("Choose at least one request.")), 422
    if decision.lacks_reason:
        return _page(decision, error=_("Give a reason of at most 500 characters; the member reads it.")), 422
    instant = now()
    outcomes, fault = _decide_all(decision, instant)
    if fault is not None:
        return _interrupted(decision, outcomes, fault)
    if len(outcomes) == 1 and outcomes[0].view is None:
        abort(404)
    if all(outcome.is_done for outcome in outcomes):
        undo = tuple(outcome.undo for outcome in outcomes if outcome.undo is not None)
        undoing.flash_decided(_done(decision, outcomes), undo, instant, is_complete=len(undo) == len(outcomes))
        return redirect(undoing.address_after(), code=303)
    left = _left(decision, outcomes)
    return _page(left, error=_("Not all could be decided"), outcomes=outcomes), 409


def workshop_ids_to_decide() -> frozenset[int] | None:
    """Return the workshops for which the login decides; None: all."""
    return None if current_user.is_admin else current_user.managed_workshop_ids


def _decide_all(decision: Decision, instant: datetime) -> tuple[list[Outcome], Unavailable | None]:
    """Decide one after the other, until the database cannot serve one: the next would wait as long for nothing."""
    outcomes: list[Outcome] = []
    for one in decision.chosen:
        try:
            outcomes.append(_decide_one(one, decision, instant))
        except (Unavailable, DatabaseError) as error:
            discard(db.session())
            fault = error if isinstance(error, Unavailable) else classify_error(error)
            if fault is None:
                raise
            return outcomes, fault
    return outcomes, None


def _interrupted(decision: Decision, outcomes: list[Outcome], fault: Unavailable) -> ResponseReturnValue:
    """Answer 503 with what was decided before the database failed. Raises the fault where nothing was."""
    is_unknown = isinstance(fault, OutcomeUnknown)
    if not is_unknown and not any(outcome.is_done for outcome in outcomes):
        raise fault
    troubles.record(fault, reason_of(fault))
    seconds = fault.facts["retry_after_seconds"]
    # Also for a page that cannot be shown now: an error page must not say that nothing was stored.
    unknown_outcome.note(fault if isinstance(fault, OutcomeUnknown) else OutcomeUnknown(retry_after_seconds=seconds))
    not_tried = len(decision.chosen) - len(outcomes) - is_unknown
    sentences = [sentence_of(fault)] if is_unknown else []
    sentences += [_("Not tried: the database did not answer before.")] * not_tried
    outcomes = [*outcomes, *(Outcome(None, sentence, is_done=False) for sentence in sentences)]
    left = _left(decision, outcomes)
    return _page(left, error=_("Not all could be decided"), outcomes=outcomes, is_unknown=is_unknown), 503


def _left(decision: Decision, outcomes: Sequence[Outcome]) -> Decision:
    """Return the decision on those requests that were not decided."""
    pairs = zip(decision.chosen, outcomes, strict=True)
    return replace(decision, chosen=tuple(one for one, outcome in pairs if not outcome.is_done))


def _decide_one(one: Chosen, decision: Decision, instant: datetime) -> Outcome:
    session, by = db.session(), current_actor()
    try:
        view = lookups.reservation(one.reservation_id)
    except ReservationNotFound:
        return Outcome(None, _("There is no such request, or it is not yours to decide."), is_done=False)
    try:
        decided = in_write_transaction(session, lambda: _apply(session, one, decision, by, instant))
    except Unavailable:
        raise
    except DomainError as refusal:
        return Outcome(
            view,
            presenter.refusal_sentence(refusal, view),
            is_done=False,
            can_overrule=decision.action == APPROVE and presenter.can_overrule(refusal),
        )
    # Of a move there is no way back: its former time, or the wished one, may be gone.
    undo = Chosen(one.reservation_id, decided) if view.former is None and view.revision == one.revision else None
    sentence = _("approved") if decision.action == APPROVE else _("declined")
    return Outcome(view, sentence, is_done=True, undo=undo)


def _apply(session: Session, one: Chosen, decision: Decision, by: Actor, instant: datetime) -> int:
    """Decide, and return the revision that is left."""
    if decision.action == APPROVE:
        overruling = Overruling(decision.reason) if decision.reason else None
        return decisions.approve(
            session, one.reservation_id, by=by, now=instant, revision=one.revision, overruling=overruling
        ).revision
    return decisions.reject(
        session, one.reservation_id, decision.reason, by=by, now=instant, revision=one.revision
    ).revision


def _done(decision: Decision, outcomes: Sequence[Outcome]) -> str:
    is_approved = decision.action == APPROVE
    if (count := len(outcomes)) > 1:
        if is_approved:
            return _("%(num)s requests are approved.", num=count)
        return _("%(num)s requests are declined.", num=count)
    view = outcomes[0].view
    assert view is not None  # what is not mine to decide was answered before
    names = {"machine": view.machine_name, "member": view.member_name}
    if is_approved:
        return _("Approved: %(machine)s for %(member)s. The member gets an e-mail.", **names)
    return _("Declined: %(machine)s for %(member)s. The member gets an e-mail.", **names)


def _page(
    decision: Decision | None,
    *,
    error: str = "",
    outcomes: Sequence[Outcome] = (),
    is_unknown: bool = False,
    is_all: bool = False,
) -> str:
    instant, only = now(), read_filter(request.args)
    session, workshop_ids = db.session(), workshop_ids_to_decide()
    found = presenter.queue(session, workshop_ids, now=instant, only=only)
    waiting = presenter.with_days(session, found, instant)
    count = len(waiting)
    if count == presenter.PER_PAGE:
        count = queries.waiting_count(
            session, workshop_ids, instant, workshop_slug=only.workshop, machine_slug=only.machine
        )
    swaps = exchange_queries.agreed(session, workshop_ids, now=instant, limit=SWAPS_SHOWN)
    swap_count = len(swaps)
    if swap_count == SWAPS_SHOWN:
        swap_count = agreed_count(session, workshop_ids, now=instant)
    chosen = {one.reservation_id for one in decision.chosen} if decision is not None else set()
    if is_all:
        chosen = {one.view.id for one in waiting}
    return render_template(
        "approvals/index.html",
        waiting=waiting,
        count=count,
        swaps=swaps,
        swap_count=swap_count,
        only=only,
        machines=queries.machine_choices(session, workshop_ids=workshop_ids),
        error=error,
        outcomes=outcomes,
        is_unknown=is_unknown,
        chosen=chosen,
        overrulable={one.view.id for one in outcomes if one.view is not None and one.can_overrule},
        reason=decision.reason if decision and decision.action != APPROVE else "",
        overrule_reason=decision.reason if decision and decision.action == APPROVE else "",
    )
