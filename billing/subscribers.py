"""Event subscriptions: a usage slip is priced after a hand-back or a correction. See app/subscriptions.py."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from billing.charges import charge_for
from booking.events import MachineHandedBack, SlipAnswered
from booking.kernel.events import Actor, RecordedEvent, Subscription

PRICING = Actor(job="pricing")


def charge_slip(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Price the slip of a hand-back, or of an answered objection again."""
    charge_for(session, event.facts["usage_id"], by=PRICING, now=now)


SUBSCRIPTIONS = (
    Subscription(
        "billing.charges",
        {MachineHandedBack.type: charge_slip, SlipAnswered.type: charge_slip},
    ),
)
