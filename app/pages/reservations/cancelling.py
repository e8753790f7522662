"""The question before a reservation is cancelled, with what it costs."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from app.extensions import db
from app.pages.reservations import presenter
from app.pages.reservations.presenter import CancelPage
from app.wording.fees import cancel_sentence
from billing.fees.missed import fee_if_cancelled
from booking.queries import ReservationView


def cancel_page(view: ReservationView, *, now: datetime) -> CancelPage:
    """Return the question before a reservation is cancelled."""
    shown = presenter.cancel_page(view, now=now)
    working = fee_if_cancelled(db.session(), view.id, now=now)
    if working is None:
        return shown
    costs = cancel_sentence(working)
    return replace(shown, is_late=True, sentence=f"{shown.sentence} {costs}" if shown.is_late else costs)
