"""/plan/price and /plan/move: what a chosen time would cost, and another time for a block that was dragged.

The script of the board asks for both; without it the forms for entering and moving do the same in more steps.
"""

from __future__ import annotations

from datetime import datetime

from flask import abort, flash, get_template_attribute, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.orm import Session

from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.local_time import clock_length
from app.pages.declaration import POST, page
from app.pages.plan import bp
from app.pages.reservations import deciding
from app.pages.reservations.choices import read_instant
from app.web.redirects import safe_next
from app.wording import formats
from app.wording.errors import sentence_of
from app.wording.local_time import url_instant
from app.wording.rules import violation_sentence
from billing.tariffs.estimates import Estimate, estimate_for
from booking import queries
from booking.errors.schedule_errors import RequestRefused
from booking.kernel.errors import DomainError, Unavailable
from booking.kernel.transaction import in_write_transaction
from booking.queries import ReservationView
from booking.reservations import reservations
from booking.reservations.wishes import Wish
from booking.timespan import TimeSpan

USE = Access(member=OWN, manager=WORKSHOP, admin=ALL)


@page(bp, "/plan/price", access=USE)
def price() -> ResponseReturnValue:
    """Answer how long a chosen time is and what it would cost, as a line of text. of: the reservation that is moved."""
    span = _span_of(request.args.get("start", ""), request.args.get("end", ""))
    if span is None:
        abort(400)
    card = queries.machine_card(db.session(), request.args.get("machine", ""))
    length = formats.format_length(clock_length(span.start, span.end, card.zone))
    wish = _wish(card.id, span, request.args.get("of", type=int))
    estimate = None if wish is None else estimate_for(db.session(), card, wish)
    text = ", ".join(filter(None, (length, _price_text(estimate))))
    return text, {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}


def _wish(machine_id: int, span: TimeSpan, reservation_id: int | None) -> Wish | None:
    """Return what is asked for: the reservation at another time, with its variants, or a new one of the login."""
    if reservation_id is not None:
        view = lookups.reservation(reservation_id)
        return Wish(machine_id, view.member_id, span, view.places, choices=view.choices)
    return None if current_user.member_id is None else Wish(machine_id, current_user.member_id, span)


def _price_text(estimate: Estimate | None) -> str:
    if estimate is None:
        return ""
    if estimate.calculation is None:
        return formats.format_unit_price(estimate.unit_price, estimate.charge_unit, adds_vat=estimate.terms.adds_vat)
    about = _("about %(sum)s", sum=formats.format_money(estimate.calculation.cents))
    if estimate.choices or not estimate.terms.choices:
        return about
    return " ".join((about, _("without variants")))


@page(bp, "/plan/move/<int:reservation_id>", methods=POST, access=USE)
def move(reservation_id: int) -> ResponseReturnValue:
    """Give a reservation the time to which its block was dragged, or its former time back."""
    view = lookups.reservation(reservation_id)
    back = safe_next(request.form.get("back"), url_for("plan.show"))
    span = _span_of(request.form.get("start", ""), request.form.get("end", ""))
    if span is None:
        abort(400)
    if request.form.get("was", "") != url_instant(view.starts_at):
        flash(_("Not moved: the reservation has changed meanwhile."), "warning")
        return redirect(back, code=303)
    try:
        in_write_transaction(db.session(), lambda: _apply(db.session(), view, span, now()))
    except Unavailable:
        raise
    except DomainError as refusal:
        _flash_refused(view, refusal)
    else:
        _flash_moved(view, back)
    return redirect(back, code=303)


def _apply(session: Session, view: ReservationView, span: TimeSpan, instant: datetime) -> None:
    by = current_actor()
    if view.former is not None and span == view.former.span:
        reservations.withdraw_move(session, view.id, by=by, now=instant, revision=view.revision)
        return
    reservations.move(
        session,
        view.id,
        span,
        by=by,
        now=instant,
        may_decide=deciding.may_decide(view.workshop_id),
        by_member=current_user.member_id == view.member_id,
        revision=view.revision,
    )


def _flash_moved(before: ReservationView, back: str) -> None:
    """Put on the next page what became of a move, with the button that takes it back."""
    view = queries.reservation(db.session(), before.id)
    names = {"machine": view.machine_name, "time": formats.format_span(view.span, view.zone)}
    if view.former is not None:
        sentence = _(
            "Requested: %(machine)s, %(time)s. Until the workshop decides, both times are held for you.", **names
        )
    else:
        sentence = _("Moved: %(machine)s, %(time)s.", **names)
    moved = get_template_attribute("plan/_moved.html", "moved")
    fields = {
        "was": url_instant(view.starts_at),
        "start": url_instant(before.starts_at),
        "end": url_instant(before.ends_at),
        "back": back,
    }
    flash(moved(sentence, view.id, fields if "undo" not in request.form else None), "undo")


def _flash_refused(view: ReservationView, refusal: DomainError) -> None:
    if isinstance(refusal, RequestRefused):
        reason = " ".join(violation_sentence(violation, view.zone) for violation in refusal.violations)
    else:
        reason = sentence_of(refusal)
    refused = get_template_attribute("plan/_moved.html", "refused")
    flash(refused(_("Not moved: %(reason)s", reason=reason), view.id), "warning")


def _span_of(start: str, end: str) -> TimeSpan | None:
    """Return the span between two instants of an address, or None for what is no span."""
    try:
        first, last = read_instant(start), read_instant(end)
    except ValueError:
        return None
    return TimeSpan(first, last) if first < last else None
