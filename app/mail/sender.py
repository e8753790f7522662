"""Sending what waits in the outbox. No transaction is open while the network is used.

A mail is leased by moving its next attempt into the future (committed first), sent, and marked after sending. A crash
in between sends it a second time once the lease has expired; nothing else can.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.errors import MessageError
from functools import partial

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from app.mail.message import OutgoingMail, Sender, build_message
from app.mail.models import Mail
from app.mail.transport import MailConnection, MailTransport, PermanentFailure, ServerUnreachable, TemporaryFailure
from booking.kernel.transaction import in_write_transaction

BATCH_SIZE = 20
BATCH_SECONDS = 120.0  # a slow server gets the rest of a batch later, long before the lease expires
LEASE = timedelta(minutes=15)
BACK_OFF = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
)
GIVE_UP_AFTER = timedelta(days=3)
REASON_LENGTH_MAX = 500

_WAITING = (Mail.sent_at.is_(None), Mail.given_up_at.is_(None))


def has_due(session: Session, *, now: datetime) -> bool:
    """Return whether a mail is due. Only reads."""
    return session.scalar(select(Mail.id).where(*_WAITING, _is_due(now)).limit(1)) is not None


def send_batch(session: Session, transport: MailTransport, sender: Sender, clock: Callable[[], datetime]) -> int:
    """Send the mails that are due, one batch at most; return how many were sent or given up.

    Raises ServerUnreachable; the mails then wait for their next attempt.
    """
    mails = in_write_transaction(session, lambda: lease_due(session, now=clock()))
    if not mails:
        return 0
    try:
        with transport.connect() as connection:
            return _send(session, connection, mails, sender, clock)
    except ServerUnreachable as error:
        reason, now = str(error), clock()
        in_write_transaction(session, lambda: _postpone(session, mails, reason, now))
        raise


def lease_due(session: Session, *, now: datetime) -> list[OutgoingMail]:
    """Lease due mails, so that no other worker sends them. Call inside write_transaction()."""
    mails = session.scalars(
        select(Mail)
        .where(*_WAITING, _is_due(now))
        .order_by(Mail.next_attempt_at, Mail.id)
        .limit(BATCH_SIZE)
        .with_for_update(skip_locked=True)
    ).all()
    for mail in mails:
        mail.attempts += 1
        mail.next_attempt_at = now + LEASE
    return [_outgoing(mail) for mail in mails]


def retry_given_up(session: Session, *, now: datetime) -> int:
    """Queue the mails that were given up for another three days; return how many. Call inside write_transaction()."""
    mails = session.scalars(select(Mail).where(Mail.given_up_at.is_not(None))).all()
    for mail in mails:
        mail.given_up_at, mail.next_attempt_at, mail.attempts, mail.queued_at = None, now, 0, now
    return len(mails)


def _is_due(now: datetime) -> ColumnElement[bool]:
    # A mail never tried is due at once: its time may lie ahead because the clock was put back since.
    return or_(Mail.next_attempt_at <= now, Mail.attempts == 0)


def _send(
    session: Session,
    connection: MailConnection,
    mails: list[OutgoingMail],
    sender: Sender,
    clock: Callable[[], datetime],
) -> int:
    deadline = time.monotonic() + BATCH_SECONDS
    count = 0
    while mails and time.monotonic() < deadline:
        mail = mails[0]
        values = _attempt(connection, mail, sender, clock)
        in_write_transaction(session, partial(_update, session, mail, values))
        mails.pop(0)  # what stays in the list has not been tried
        count += 1
    if mails:
        now = clock()
        in_write_transaction(session, lambda: _release(session, mails, now))
    return count


def _attempt(
    connection: MailConnection, mail: OutgoingMail, sender: Sender, clock: Callable[[], datetime]
) -> dict[str, object]:
    """Send one mail and return the new column values of its row. Raises ServerUnreachable."""
    try:
        connection.send(build_message(mail, sender))
    except (PermanentFailure, ValueError, MessageError) as failure:  # the latter two: an address no header can carry
        return {"given_up_at": clock(), "last_error": str(failure)[:REASON_LENGTH_MAX]}
    except TemporaryFailure as failure:
        return _later(mail, str(failure), clock())
    # The text of a sent mail is deleted: it may contain a link that gives access.
    return {"sent_at": clock(), "last_error": "", "body": "", "calendar": None}


def _later(mail: OutgoingMail, reason: str, now: datetime) -> dict[str, object]:
    values: dict[str, object] = {"last_error": reason[:REASON_LENGTH_MAX]}
    if now - mail.queued_at > GIVE_UP_AFTER:
        return values | {"given_up_at": now}
    return values | {"next_attempt_at": now + BACK_OFF[min(mail.attempts, len(BACK_OFF)) - 1]}


def _postpone(session: Session, mails: Sequence[OutgoingMail], reason: str, now: datetime) -> None:
    for mail in mails:
        _update(session, mail, _later(mail, reason, now))


def _release(session: Session, mails: Sequence[OutgoingMail], now: datetime) -> None:
    for mail in mails:
        _update(session, mail, {"next_attempt_at": now, "attempts": mail.attempts - 1})


def _update(session: Session, mail: OutgoingMail, values: dict[str, object]) -> None:
    session.execute(update(Mail).where(Mail.id == mail.id, *_WAITING).values(**values))


def _outgoing(mail: Mail) -> OutgoingMail:
    return OutgoingMail(
        mail.id,
        mail.key,
        mail.to_address,
        mail.to_name,
        mail.subject,
        mail.body,
        mail.calendar,
        mail.queued_at,
        mail.attempts,
    )
