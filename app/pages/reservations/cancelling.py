"""The question before a reservation is cancelled, with what it costs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from flask_babel import gettext as _

from app.extensions import db
from app.wording import formats
from app.wording.fees import cancel_sentence
from billing.fees.missed import fee_if_cancelled
from booking.queries import ReservationView


@dataclass(frozen=True, slots=True)
class CancelPage:
    """What cancelling would mean."""

    view: ReservationView
    is_late: bool
    sentence: str


def cancel_page(view: ReservationView, *, now: datetime) -> CancelPage:
    """Return the question before a reservation is cancelled."""
    shown = _by_the_rule(view, now)
    working = fee_if_cancelled(db.session(), view.id, now=now)
    if working is None:
        return shown
    costs = cancel_sentence(working)
    return replace(shown, is_late=True, sentence=f"{shown.sentence} {costs}" if shown.is_late else costs)


def _by_the_rule(view: ReservationView, now: datetime) -> CancelPage:
    is_late = view.is_promised and now > view.cancel_until
    until = formats.format_instant(view.cancel_until, view.zone)
    if not view.is_promised:
        sentence = _("The request is withdrawn; cancelling a request is never late.")
    elif is_late:
        sentence = _("Until %(until)s it would have been in time. It will be noted as cancelled late.", until=until)
    else:
        sentence = _("You are in time: until %(until)s cancelling has no consequences.", until=until)
    return CancelPage(view, is_late, sentence)
