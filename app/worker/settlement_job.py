"""The job that sends who left the statement of what was set off, once its file is made."""

from __future__ import annotations

from functools import partial

from sqlalchemy.orm import Session

from app.clock import now
from billing.documents import sending
from billing.queries.equity import unsent_statements
from booking.kernel.events import Actor
from booking.kernel.transaction import in_own_transactions

SETTLING = Actor(job="settlements")


def send_statements(session: Session) -> int:
    """Send each in its own transaction; one that somebody sent or printed is left alone, so that a crash repeats none.

    Who has no e-mail address is left to the page of documents that are to be printed.
    """
    moment = now()
    found = unsent_statements(session)
    session.rollback()
    return in_own_transactions(session, (partial(sending.send, session, one, by=SETTLING, now=moment) for one in found))
