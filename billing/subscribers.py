"""Event subscriptions: a usage slip is priced after a hand-back or a correction. See app/subscriptions.py."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from billing.charges import charge_for
from booking.events import MachineHandedBack, SlipAnswered
from booking.kernel.events import Actor, RecordedEvent, Subscription
from booking.queries import usage_slip
from booking.slip_classes import SlipReclassified

PRICING = Actor(job="pricing")


def charge_slip(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Price the slip of a hand-back, or of an answered objection again."""
    charge_for(session, event.facts["usage_id"], by=PRICING, now=now)


def charge_finished_slip(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Price a slip with another price class again; one that is still out is priced when it comes back."""
    if usage_slip(session, event.facts["usage_id"]).used_amount is not None:
        charge_slip(session, event, now)


SUBSCRIPTIONS = (
    Subscription(
        "billing.charges",
        {
            MachineHandedBack.type: charge_slip,
            SlipAnswered.type: charge_slip,
            SlipReclassified.type: charge_finished_slip,
        },
    ),
)
