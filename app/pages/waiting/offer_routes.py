"""/offers/<id>: an offer from the waiting list, accepted or declined by who is logged in."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, StringField

from app.auth import lookups, permissions
from app.auth.current_login import current_actor
from app.auth.member_logins import login_names, person_named
from app.auth.permissions import ALL, OWN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.base_form import BaseForm
from app.forms.span_form import MaxCharacters
from app.forms.submit import INVALID
from app.pages.declaration import POST, page
from app.pages.waiting import bp
from app.pages.waiting.offer_page import offer_page
from app.wording.errors import sentence_of, status_of
from app.wording.rules import violation_sentence
from app.wording.waiting import offer_state_text
from booking.errors.schedule_errors import MachineNotFound, RequestRefused, StaleRevision
from booking.errors.waiting_errors import OfferClosed
from booking.kernel.errors import DomainError
from booking.kernel.transaction import in_write_transaction
from booking.models import OfferStatus
from booking.queries.offers import OfferView
from booking.rules.persons import PERSON_LENGTH_MAX
from booking.waiting import answers

CHANGE = Access(member=OWN, manager=WORKSHOP, admin=ALL)
READ = Access(member=OWN, manager=WORKSHOP, treasurer=ALL, admin=ALL)


class AnswerForm(BaseForm):
    """A button. revision: of the offer when the page was opened. persons: names that are offered."""

    persons: tuple[str, ...] = ()

    revision = IntegerField()
    second_person = StringField(_l("Second person"), [MaxCharacters(PERSON_LENGTH_MAX)])


@page(bp, "/offers/<int:offer_id>", access=READ)
def offer(offer_id: int) -> ResponseReturnValue:
    """Show an offer, and what can be done."""
    return _page(lookups.offer(offer_id))


@page(bp, "/offers/<int:offer_id>/accept", methods=POST, access=CHANGE)
def accept_offer(offer_id: int) -> ResponseReturnValue:
    """Accept an offer: its time is reserved."""
    view, form = lookups.offer(offer_id), AnswerForm()
    if view.status == OfferStatus.ACCEPTED and view.reservation_id is not None:  # on another device
        return redirect(url_for("reservations.show", reservation_id=view.reservation_id), code=303)
    approve = permissions.may_touch("approvals.decide", "POST", workshop_id=view.workshop_id)
    session, revision = db.session(), form.revision.data
    if not form.validate_on_submit():
        return _page(view, " ".join(form.second_person.errors)), INVALID
    second = person_named(session, view.member_id, form.second_person.data or "")
    try:
        reservation_id = in_write_transaction(
            session,
            lambda: answers.accept(
                session,
                offer_id,
                by=current_actor(),
                now=now(),
                approve=approve,
                revision=revision,
                second=second,
            ),
        )
    except (OfferClosed, RequestRefused, MachineNotFound, StaleRevision) as refusal:
        return _page(lookups.offer(offer_id), refusal_text(refusal, view)), status_of(refusal)
    flash(_("You have accepted the offer."))
    return redirect(url_for("reservations.show", reservation_id=reservation_id), code=303)


@page(bp, "/offers/<int:offer_id>/decline", methods=POST, access=CHANGE)
def decline_offer(offer_id: int) -> ResponseReturnValue:
    """Decline an offer: it goes to the next in line."""
    view, form = lookups.offer(offer_id), AnswerForm()
    session, revision = db.session(), form.revision.data
    try:
        in_write_transaction(
            session, lambda: answers.decline(session, offer_id, by=current_actor(), now=now(), revision=revision)
        )
    except (OfferClosed, StaleRevision) as refusal:
        return _page(lookups.offer(offer_id), refusal_text(refusal, view)), status_of(refusal)
    flash(declined_text(view))
    return redirect(url_for("waiting.index"), code=303)


def refusal_text(refusal: DomainError, view: OfferView) -> str:
    """Return why an offer could not be answered."""
    if isinstance(refusal, RequestRefused):
        return " ".join(violation_sentence(one, view.zone) for one in refusal.violations)
    return sentence_of(refusal)


def declined_text(view: OfferView) -> str:
    """Return what declining an offer means for its entry."""
    if view.is_exact:
        return _("You have declined the offer, and are no longer on the waiting list for it.")
    return _("You have declined the offer. You stay on the waiting list for another time.")


def _page(view: OfferView, refusal: str = "") -> str:
    shown = offer_page(db.session(), view, now=now())
    form, state = AnswerForm(), offer_state_text(view.status)
    if shown.asks_second:
        form.persons = login_names(db.session(), view.member_id)
    return render_template("waiting/offer.html", page=shown, form=form, refusal=refusal, state_text=state)
