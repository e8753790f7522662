"""Leases of mails: those that are due, urgent ones first, and the texts of mails with a one-use link.

Such a text is stored encrypted, so that no backup gives a link that works; it is emptied when the link has ended.
A mail may wait for days while the server takes none, so who may read it is looked up again when it is sent.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from app.extensions import secret_box
from app.mail import circuit_breaker
from app.mail.models import Mail
from app.mail.outgoing import OutgoingMail
from booking.kernel.encryption import CannotDecrypt

BATCH_SIZE = 20
READDRESSING_LOCK = (7_464, 4)  # PostgreSQL's advisory lock of readdressing
MEMBER = "member"  # beginning of the audience of a member's mails; all others are of an office
LEASE = timedelta(minutes=15)

WAITING = (Mail.sent_at.is_(None), Mail.given_up_at.is_(None))
LINK_ENDED = "its link has ended; send a new one"
LINK_UNREADABLE = "its text was encrypted with another SECRET_KEY; send a new link"
log = logging.getLogger(__name__)


class Reader(Protocol):
    """Somebody who may read the mails of an audience. user_id: None for the record of a member."""

    @property
    def key(self) -> str: ...

    @property
    def address(self) -> str: ...

    @property
    def user_id(self) -> int | None: ...


Readers = Callable[[Session, str, datetime], Sequence[Reader]]  # those of an audience now, who is to be told first


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
    A mail whose link has ended is given up. readers: one whose reader may not read it any more goes to another of its
    audience who was not told, or is deleted. They are looked up once for each audience.
    """
    limit = 1 if is_trial else BATCH_SIZE
    order = (Mail.attempts, Mail.next_attempt_at, Mail.id) if is_trial else (Mail.next_attempt_at, Mail.id)
    mails: list[Mail] = []
    for is_urgent in (True, False):
        due = _due(now, is_urgent=is_urgent).order_by(*order).limit(limit - len(mails))
        due = due.where(or_(Mail.attempts == 0, Mail.last_error != "")) if spares_leased else due
        mails += session.scalars(due.with_for_update(skip_locked=True)).all() if len(mails) < limit else []
    if readers is not None:
        of_each = {audience: readers(session, audience, now) for audience in {mail.audience for mail in mails} - {""}}
        mails = [mail for mail in mails if not mail.audience or _has_reader(session, mail, of_each[mail.audience])]
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


def _has_reader(session: Session, mail: Mail, present: Sequence[Reader]) -> bool:
    """Address a mail to where its reader gets mails now. One that has no reader is deleted: return False."""
    reader = next((one for one in present if one.key == mail.recipient), None)
    if reader is None and (reader := _another(session, mail, present)) is not None:
        _readdress(mail, reader)
        session.flush()
    if reader is None:
        log.info("mail %s is deleted unsent: who it was written to may not read it any more", mail.key)
        session.delete(mail)
        session.flush()
        return False
    mail.to_address = reader.address
    return True


def _another(session: Session, mail: Mail, present: Sequence[Reader]) -> Reader | None:
    """Return who gets a mail in place of its reader, who is gone; None where those present have it already.

    That is another login of a member, or its record where it has none: it still has its reservations and its bills.
    What belongs to an office is told to one who holds it now, unless another mail tells it. A link of the former login
    would not work there.
    """
    if mail.link_ends_at is not None or not mail.key.endswith(mail.recipient):
        return None
    _readdress_alone(session)
    if mail.audience.split()[0] == MEMBER:
        present = [one for one in present if one.user_id is not None] or present
    elif _is_told_otherwise(session, mail):
        return None
    keys = [_key_for(mail, one) for one in present]
    taken = session.scalars(select(Mail.key).where(Mail.key.in_(keys))).all()
    return next((one for one, key in zip(present, keys, strict=True) if key not in taken), None)


def _is_told_otherwise(session: Session, mail: Mail) -> bool:
    """Return whether another mail tells the same audience the same."""
    same = (Mail.audience == mail.audience, Mail.key.startswith(mail.key.removesuffix(mail.recipient), autoescape=True))
    others = select(Mail.id).where(*same, Mail.id != mail.id, Mail.given_up_at.is_(None))
    return session.scalar(others.limit(1)) is not None


def _readdress_alone(session: Session) -> None:
    """Let one worker at a time see who else is told: two could each leave it to the mail that the other deletes."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(*READDRESSING_LOCK)))


def _readdress(mail: Mail, reader: Reader) -> None:
    """Make a mail one of another reader, without what would switch off mails of the former one."""
    mail.key, mail.recipient, mail.to_name = _key_for(mail, reader), reader.key, ""
    if mail.off_url:  # it ends the text, below the line that explains it
        lines = mail.body.partition(mail.off_url)[0].splitlines()[:-1]
        mail.body, mail.off_url = "\n".join(lines) + "\n", ""


def _key_for(mail: Mail, reader: Reader) -> str:
    return f"{mail.key.removesuffix(mail.recipient)}{reader.key}"


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
