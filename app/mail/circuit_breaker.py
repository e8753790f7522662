"""The circuit breaker of the mail server: stored, so that it holds for every worker and is seen by `ring check`.

A row exists only while mails are suspended. When its pause is over, one mail is tried: if the server takes it, the row
is deleted, else the next pause is longer.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.mail.failures import DeliverySuspended
from app.mail.models import Mail, MailSuspension

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 20, 30, 60))
THE_ONE = 1
REASON_LENGTH_MAX = 500


def suspension(session: Session) -> MailSuspension | None:
    """Return why no mail is sent at present; None while mails are sent. Only reads."""
    return session.get(MailSuspension, THE_ONE, populate_existing=True)


def is_open(found: MailSuspension | None, now: datetime) -> bool:
    """Return whether the server must not be called yet. A pause longer than the longest comes from another clock."""
    return found is not None and now < found.open_until <= now + PAUSES[-1]


def trip(session: Session, cause: DeliverySuspended, *, now: datetime, by_refusals: bool = False) -> datetime:
    """Suspend all mails, each time for longer, and return until when. Call inside write_transaction().

    by_refusals: because of several refusals in a row, each of which could be a recipient's fault.
    """
    found = session.get(MailSuspension, THE_ONE, with_for_update=True, populate_existing=True)
    if found is None:
        found = MailSuspension(id=THE_ONE, failures=0, since=now)
        session.add(found)
    found.failures += 1
    found.open_until = now + PAUSES[min(found.failures, len(PAUSES)) - 1]
    found.reason = str(cause)[:REASON_LENGTH_MAX]
    found.is_our_fault = cause.is_our_fault
    found.by_refusals = by_refusals
    session.flush()
    return found.open_until


def reset(session: Session) -> None:
    """Send mails again at once. Call inside write_transaction()."""
    session.execute(delete(MailSuspension))


def others_wait(session: Session, mail_id: int) -> bool:
    """Return whether another mail waits, which can show whether all would be refused. Only reads."""
    waiting = select(Mail.id).where(Mail.sent_at.is_(None), Mail.given_up_at.is_(None), Mail.id != mail_id)
    found = session.scalar(waiting.limit(1))
    session.rollback()  # no transaction stays open while the network is used
    return found is not None


def has_sent_since(session: Session, instant: datetime) -> bool:
    """Return whether the server took a mail after an instant. Only reads."""
    found = session.scalar(select(Mail.id).where(Mail.sent_at > instant).limit(1))
    session.rollback()
    return found is not None
