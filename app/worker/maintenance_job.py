"""The job that reminds of maintenance by the meter; the row of the reminder is its claim."""

from __future__ import annotations

from functools import partial

from sqlalchemy.orm import Session

from app.clock import now
from booking.kernel.events import Actor
from booking.kernel.transaction import in_own_transactions
from booking.machines import maintenance
from booking.queries.maintenance import unreminded

REMINDER = Actor(job="remind_of_maintenance")


def remind_of_maintenance(session: Session) -> int:
    """Remind of each interval of which 90 % is used, once each time, each in its own transaction."""
    found = unreminded(session, now=now())
    session.rollback()
    return in_own_transactions(
        session, (partial(maintenance.remind, session, one, by=REMINDER, now=now()) for one in found)
    )
