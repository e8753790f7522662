"""/proposed/...: the link of a mail, by which what was proposed after a breakdown is answered without a log-in.

Opening it shows a page with two buttons and changes nothing, so that programs that look at the links of mails answer
nothing. The secret is valid for this proposal alone, as long as it is held.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth.errors import LinkNotValid
from app.auth.permissions import EVERYBODY
from app.clock import now
from app.extensions import db, limiter
from app.notifications import proposal_links
from app.pages.auth.limits import login_limit
from app.pages.declaration import GET_POST, page
from app.pages.mail_links import bp
from app.pages.waiting.offer_routes import AnswerForm
from app.wording.errors import sentence_of, status_of
from app.wording.rules import violation_sentence
from billing.tariffs.asked_amounts import LackingVariants
from billing.tariffs.estimates import Estimate, estimate_for
from booking import queries
from booking.errors.schedule_errors import MachineNotFound, RequestRefused, SlotTaken, StaleRevision
from booking.kernel.errors import DomainError
from booking.kernel.transaction import in_write_transaction
from booking.queries import ReservationView
from booking.queries import replanned as replanned_queries
from booking.replan.errors import OldTimeGone

REFUSALS = (OldTimeGone, RequestRefused, MachineNotFound, SlotTaken, StaleRevision)


@page(bp, "/proposed/<secret>", methods=GET_POST, access=EVERYBODY, before_second_factor=True, keeps_input=False)
@limiter.limit(login_limit, methods=["POST"])
def proposed(secret: str) -> ResponseReturnValue:
    """Ask whether the proposed time is taken or declined, and carry the answer out; of one that has ended, say so."""
    try:
        return _ask_or_answer(secret)
    except LinkNotValid as refusal:
        db.session.rollback()
        ended = proposal_links.ended_proposal(db.session(), secret, now=now())
        if ended is None:
            raise
        return _page(queries.reservation(db.session(), ended)), status_of(refusal)


def _ask_or_answer(secret: str) -> ResponseReturnValue:
    session, form = db.session(), AnswerForm()
    view = queries.reservation(session, proposal_links.find(session, secret, now=now()).reservation_id)
    answer = request.form.get("answer")
    if answer not in ("accept", "decline") or not form.validate_on_submit():
        return _page(view)
    is_accepted, revision = answer == "accept", form.revision.data
    try:
        in_write_transaction(
            session,
            lambda: proposal_links.answer(session, secret, is_accepted=is_accepted, revision=revision, now=now()),
        )
    except REFUSALS as refusal:
        shown = queries.reservation(session, view.id)
        return _page(shown, _text_of(refusal, view)), status_of(refusal)
    flash(
        _("Done: you have the proposed time.")
        if is_accepted
        else _("Declined: the reservation is cancelled. It costs nothing.")
    )
    return redirect(url_for("home.show"), code=303)


def _text_of(refusal: DomainError, view: ReservationView) -> str:
    if isinstance(refusal, RequestRefused):
        return " ".join(violation_sentence(one, view.zone) for one in refusal.violations)
    return sentence_of(refusal)


def _page(view: ReservationView, refusal: str = "") -> str:
    session = db.session()
    found = replanned_queries.replanned(session, view, now=now())
    other = found if found is not None and found.is_offer and found.held_until is not None else None
    estimate: Estimate | None = None
    lacks: Sequence[str] = ()
    if other is not None:
        wish = other.wish
        estimate = estimate_for(session, queries.machine_card(session, wish.machine_id), wish)
        lacks = LackingVariants(session)(wish.machine_id, wish.span.start, wish.choices)
    shown = {"view": view, "other": other, "lacks": lacks}
    return render_template("mail_links/proposed.html", **shown, price=estimate, refusal=refusal)
