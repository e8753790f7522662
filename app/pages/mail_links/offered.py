"""/offered/...: the link of a mail, by which an offer from the waiting list is answered without a log-in.

Opening it shows a page with two buttons and changes nothing, so that programs that look at the links of mails answer
nothing. The secret is valid for this offer alone, as long as it is open.
"""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth.errors import LinkNotValid
from app.auth.member_logins import person_named
from app.auth.permissions import EVERYBODY
from app.clock import now
from app.extensions import db, limiter
from app.notifications import offer_links
from app.pages.auth.limits import login_limit
from app.pages.declaration import GET_POST, page
from app.pages.mail_links import bp
from app.pages.waiting.offer_page import offer_page
from app.pages.waiting.offer_routes import AnswerForm, declined_text, refusal_text
from app.wording.errors import status_of
from app.wording.formats import format_span
from app.wording.waiting import offer_state_text
from booking.errors.schedule_errors import MachineNotFound, RequestRefused, StaleRevision
from booking.errors.waiting_errors import OfferClosed
from booking.kernel.transaction import in_write_transaction
from booking.queries import offers as offer_queries
from booking.queries.offers import OfferView


@page(bp, "/offered/<secret>", methods=GET_POST, access=EVERYBODY, before_second_factor=True, keeps_input=False)
@limiter.limit(login_limit, methods=["POST"])
def offered(secret: str) -> ResponseReturnValue:
    """Ask whether the offer is accepted or declined, and carry the answer out; of one that has ended, say how."""
    try:
        return _ask_or_answer(secret)
    except LinkNotValid as refusal:
        db.session.rollback()
        ended = offer_links.ended_offer(db.session(), secret, now=now())
        if ended is None:
            raise
        return _page(offer_queries.offer(db.session(), ended)), status_of(refusal)


def _page(view: OfferView, refusal: str = "") -> str:
    shown, state = offer_page(db.session(), view, now=now()), offer_state_text(view.status)
    return render_template("mail_links/offered.html", page=shown, form=AnswerForm(), refusal=refusal, state_text=state)


def _ask_or_answer(secret: str) -> ResponseReturnValue:
    session, form = db.session(), AnswerForm()
    view = offer_queries.offer(session, offer_links.find(session, secret, now=now()).offer_id)
    answer = request.form.get("answer")
    second = person_named(session, view.member_id, form.second_person.data or "")
    if answer not in ("accept", "decline") or not form.validate_on_submit():
        return _page(view)
    is_accepted, revision = answer == "accept", form.revision.data
    try:
        in_write_transaction(
            session,
            lambda: offer_links.answer(
                session, secret, is_accepted=is_accepted, revision=revision, second=second, now=now()
            ),
        )
    except (OfferClosed, RequestRefused, MachineNotFound, StaleRevision) as refusal:
        return _page(offer_queries.offer(session, view.id), refusal_text(refusal, view)), status_of(refusal)
    machine, span = view.machine_name, format_span(view.span, view.zone)
    reserved = _("Accepted: %(machine)s, %(span)s. An e-mail follows.", machine=machine, span=span)
    flash(reserved if is_accepted else declined_text(view))
    return redirect(url_for("home.show"), code=303)
