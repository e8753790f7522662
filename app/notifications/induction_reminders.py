"""Reminders of inductions that end in 30 days, each sent once for each last day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from app.notifications import recipients
from app.notifications.composing import Notification, queue_or_record
from booking.kernel.transaction import in_own_transactions
from booking.members import inductions
from booking.queries import InductionView
from booking.queries.induction_lists import expiring

AHEAD = timedelta(days=30)
BATCH = 500


def remind(session: Session, today: date, *, now: datetime) -> int:
    """Queue a mail for each induction that ends within 30 days and that nothing follows; return how many.

    Each in its own transaction, so that one that fails stops no other; at most 500, the rest in the next run.
    """
    found = expiring(session, today, today + AHEAD, is_untold=True, limit=BATCH)
    session.rollback()
    return in_own_transactions(session, (partial(_remind, session, one, now) for one in found))


def _remind(session: Session, one: InductionView, now: datetime) -> int:
    if not inductions.note_reminded(session, one.id, one.valid_until):
        return 0
    notification = Notification("induction_expires", {"one": one}, "/inductions")
    for to in recipients.of_member(session, one.member_id):
        key = f"induction{one.id}-{one.valid_until}:induction_expires:{to.key}"
        queue_or_record(session, notification, to, key=key, now=now)
    return 1
