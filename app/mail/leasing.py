"""Leases of mails: those that are due, urgent ones first, and the texts of mails with a one-use link.

Such a text is stored encrypted, so that no backup gives a link that works; it is emptied when the link has ended.
A mail may wait for days while the server takes none, so who may read it is looked up again when it is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import ColumnElement, Select, and_, delete, or_, select, update
from sqlalchemy.orm import Session

from app.extensions import secret_box
from app.mail import circuit_breaker
from app.mail.models import Mail
from app.mail.outgoing import OutgoingMail
from booking.kernel.encryption import CannotDecrypt

BATCH_SIZE = 20
LEASE = timedelta(minutes=15)

WAITING = (Mail.sent_at.is_(None), Mail.given_up_at.is_(None))
LINK_ENDED = "its link has ended; send a new one"
LINK_UNREADABLE = "its text was encrypted with another SECRET_KEY; send a new link"


class Reader(Protocol):
    """Somebody who may read the mails of an audience. user_id: None for the record of a member."""

    @property
    def key(self) -> str: ...

    @property
    def address(self) -> str: ...

    @property
    def user_id(self) -> int | None: ...


Readers = Callable[[Session, str, datetime], Sequence[Reader]]  # those of an audience now


def has_due(session: Session, *, now: datetime) -> bool:
    """Return whether a mail is due. Only reads."""
    return any(session.scalar(_due(now, is_urgent=each).limit(1)) is not None for each in (True, False))


def lease_due(
    session: Session,
    *,
    now: datetime,
    is_trial: bool = False,
    spares_leased: bool = False,
    readers: Readers | None = None,
) -> list[OutgoingMail]:
    """Lease due mails, so that no other worker sends them. Call inside write_transaction().

    Urgent ones come first. is_trial: only one, and rather one that the server has not refused before. spares_leased:
    none whose former lease has ended without a word, because its worker may be about to store that it was sent.
    A mail whose link has ended is given up. readers: one that nobody of its audience may read any more is deleted.
    """
    limit = 1 if is_trial else BATCH_SIZE
    order = (Mail.attempts, Mail.next_attempt_at, Mail.id) if is_trial else (Mail.next_attempt_at, Mail.id)
    mails: list[Mail] = []
    for is_urgent in (True, False):
        due = _due(now, is_urgent=is_urgent).order_by(*order).limit(limit - len(mails))
        due = due.where(or_(Mail.attempts == 0, Mail.last_error != "")) if spares_leased else due
        mails += session.scalars(due.with_for_update(skip_locked=True)).all() if len(mails) < limit else []
    if readers is not None:
        mails = [mail for mail in mails if not mail.audience or _has_reader(session, mail, readers, now)]
    for mail in mails:
        mail.attempts += 1
        mail.next_attempt_at = now + LEASE
    return [leased for mail in mails if (leased := _readable(mail, now)) is not None]


def retry_given_up(session: Session, *, now: datetime) -> int:
    """Queue the mails that were given up for another three days, and try the server at once; return how many.

    Those whose link has ended, or that could not be composed, stay given up. Call inside write_transaction().
    """
    circuit_breaker.reset(session)
    works = and_(Mail.body != "", or_(Mail.link_ends_at.is_(None), Mail.link_ends_at > now))
    mails = session.scalars(select(Mail).where(Mail.given_up_at.is_not(None), works)).all()
    for mail in mails:
        mail.given_up_at, mail.next_attempt_at, mail.attempts, mail.queued_at = None, now, 0, now
    return len(mails)


def withdraw_mails(session: Session, keys: Collection[str]) -> int:
    """Delete mails that were not sent: their links no longer work. Call inside write_transaction().

    Returns how many were deleted.
    """
    unsent = delete(Mail).where(Mail.key.in_(keys), Mail.sent_at.is_(None)).returning(Mail.id)
    return len(session.scalars(unsent.execution_options(synchronize_session=False)).all())


def empty_ended_links(session: Session, *, now: datetime) -> None:
    """Empty the texts of mails that were not sent and whose link has ended. Call inside write_transaction()."""
    ended = (Mail.sent_at.is_(None), Mail.link_ends_at <= now, Mail.body != "")
    session.execute(update(Mail).where(*ended).values(body="").execution_options(synchronize_session=False))


def outgoing(mail: Mail, body: str) -> OutgoingMail:
    """Return a mail detached from the database."""
    return OutgoingMail(
        mail.id,
        mail.key,
        mail.to_address,
        mail.to_name,
        mail.subject,
        body,
        mail.calendar,
        mail.queued_at,
        mail.attempts,
        mail.off_url,
        mail.language,
        mail.tone,
        mail.document_sending_id,
    )


def purpose_of(key: str) -> str:
    """Return the purpose for which the text of a mail is encrypted."""
    return f"mail {key}"


def _has_reader(session: Session, mail: Mail, readers: Readers, now: datetime) -> bool:
    """Address a mail to where its reader gets mails now. One that has no reader is deleted: return False."""
    present = readers(session, mail.audience, now)
    reader = next((one for one in present if one.key == mail.recipient), None) or _record_instead(
        session, mail, present
    )
    if reader is None:
        session.delete(mail)
        session.flush()
        return False
    mail.to_address = reader.address
    return True


def _record_instead(session: Session, mail: Mail, present: Sequence[Reader]) -> Reader | None:
    """Return the record of a member that has no login any more: it still has its reservations and its bills.

    A link of its former login would not work there.
    """
    if mail.link_ends_at is not None or len(present) != 1 or present[0].user_id is not None:
        return None
    key = f"{mail.key.removesuffix(mail.recipient)}{present[0].key}"
    if session.scalar(select(Mail.id).where(Mail.key == key)) is not None:
        return None
    mail.key, mail.recipient = key, present[0].key
    session.flush()
    return present[0]


def _readable(mail: Mail, now: datetime) -> OutgoingMail | None:
    """Return a leased mail; None where it was given up, because its link has ended or cannot be read."""
    if mail.link_ends_at is None:
        return outgoing(mail, mail.body)
    try:
        if mail.link_ends_at > now and mail.body:
            return outgoing(mail, secret_box().decrypt(mail.body, purpose_of(mail.key)))
        mail.last_error = LINK_ENDED
    except CannotDecrypt:
        mail.last_error = LINK_UNREADABLE
    mail.body, mail.given_up_at = "", now
    return None


def _due(now: datetime, *, is_urgent: bool) -> Select[Mail]:
    return select(Mail).where(*WAITING, Mail.is_urgent.is_(is_urgent), _is_due(now))


def _is_due(now: datetime) -> ColumnElement[bool]:
    # A mail never tried is due at once: its time may lie ahead because the clock was put back since.
    return or_(Mail.next_attempt_at <= now, Mail.attempts == 0)
