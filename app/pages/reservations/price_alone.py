"""The price of a time for members, before a manager has chosen for whom it is: without a check of the time."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.pages.reservations.checks import CheckView
from billing.tariffs.estimates import estimate_of_class
from booking.members.members import STANDARD_PRICE_CLASS
from booking.queries import MachineCard
from booking.timespan import TimeSpan


def price_alone(
    session: Session, card: MachineCard, span: TimeSpan, places: int, choices: tuple[str, ...]
) -> CheckView | None:
    """Return the price by which members pay, with chosen variants; None where the machine has none."""
    estimate = estimate_of_class(session, card, span, places, STANDARD_PRICE_CLASS, choices=choices)
    if estimate is None:
        return None
    note = _("This is what members pay. Choose for whom you reserve: then the time is checked, too.")
    return CheckView("", "", estimate=estimate, price_note=note)
