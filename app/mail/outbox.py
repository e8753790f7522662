"""Queueing mails: a row of the outbox, in the caller's transaction. The worker sends it later.

Nothing here opens a network connection, so a mail server that is down or slow never fails or slows a reservation.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.extensions import secret_box
from app.mail.leasing import purpose_of
from app.mail.models import Mail
from booking.kernel.orm import table_of
from booking.kernel.prepared import PreparedStatement

WHOSE = ("audience", "recipient")
SUBJECT_MAX = 200
NAME_MAX = 100
REASON_LENGTH_MAX = 500  # why it was not sent

# Control characters; surrogates, which no mail can carry; U+2028 and U+2029; and the bidirectional overrides, with
# which a name could disguise the rest of a line.
_OTHERS = r"\x7f-\x9f\ud800-\udfff\u2028\u2029\u202a-\u202e"
_CONTROLS = re.compile(rf"[\x00-\x1f{_OTHERS}]")
_CONTROLS_OF_BODY = re.compile(rf"[\x00-\x08\x0b-\x1f{_OTHERS}]")


def queue_mail(
    session: Session,
    *,
    key: str,
    to_address: str,
    to_name: str,
    subject: str,
    body: str,
    now: datetime,
    calendar: str | None = None,
    document_sending_id: int | None = None,
    link_ends_at: datetime | None = None,
    is_urgent: bool = False,
    off_url: str = "",
    language: str = "",
    tone: str = "",
    whose: tuple[str, str] = ("", ""),
) -> int | None:
    """Add a mail to the outbox. Call inside write_transaction().

    key: subject and recipient ("invitation:17"); a second mail of the same key is not queued. body: plain text; URLs in
    it come from links.absolute() only. calendar: an .ics attachment. document_sending_id: see attached_files.py.
    link_ends_at: the body has a one-use link until then and is stored encrypted. is_urgent: somebody waits for it.
    off_url, language, tone, whose (audience, recipient): see the model. Returns the id; None where the key was there.
    """
    values = {
        "key": key,
        "to_address": one_line(to_address),
        "to_name": one_line(to_name)[:NAME_MAX],
        "subject": one_line(subject)[:SUBJECT_MAX],
        "body": _stored(plain_text(body), key, is_secret=link_ends_at is not None),
    }
    times = {"queued_at": now, "next_attempt_at": now, "link_ends_at": link_ends_at}
    how = {"is_urgent": is_urgent, "off_url": off_url, "language": language, "tone": tone}
    more = {"calendar": calendar, "document_sending_id": document_sending_id, **dict(zip(WHOSE, whose, strict=True))}
    rows = _queueing(session.get_bind().dialect.name).of(session, {**values, **times, **how, **more})
    return int(rows[0].id) if rows else None


@cache
def _queueing(dialect_name: str) -> PreparedStatement:
    """Return the statement that adds a mail unless its key is there."""
    table, dialect = table_of(Mail), sqlite if dialect_name == "sqlite" else postgresql
    return PreparedStatement(
        dialect.insert(table).on_conflict_do_nothing(index_elements=[table.c.key]).returning(table.c.id)
    )


def record_unwritten(
    session: Session,
    *,
    key: str,
    to_address: str,
    to_name: str,
    subject: str,
    error: Exception,
    now: datetime,
    document_sending_id: int | None = None,
) -> None:
    """Add a mail that could not be composed to those that were given up, without a text. Call in write_transaction().

    It is not tried again: it has nothing to send. subject: what kind of mail it is. document_sending_id: of the
    document that it was about, at which the reason is shown.
    """
    mail_id = queue_mail(
        session,
        key=key,
        to_address=to_address,
        to_name=to_name,
        subject=subject,
        body="",
        document_sending_id=document_sending_id,
        now=now,
    )
    reason = f"could not be written: {type(error).__name__}: {error}"[:REASON_LENGTH_MAX]
    given_up = update(Mail).where(Mail.id == mail_id).values(given_up_at=now, last_error=one_line(reason))
    session.execute(given_up.execution_options(synchronize_session=False))


def _stored(body: str, key: str, *, is_secret: bool) -> str:
    return secret_box().encrypt(body, purpose_of(key)) if is_secret else body


def one_line(text: str) -> str:
    """Return text for a mail header: one line without control characters, so that no header can be injected."""
    return " ".join(_CONTROLS.sub(" ", text).split())


def plain_text(text: str) -> str:
    """Return text for the body: line ends as \\n, tabs as they are, other control characters removed."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROLS_OF_BODY.sub("", lines)
