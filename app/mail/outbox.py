"""Queueing mails: a row of the outbox, in the caller's transaction. The worker sends it later.

Nothing here opens a network connection, so a mail server that is down or slow never fails or slows a reservation.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.extensions import secret_box
from app.mail.leasing import purpose_of
from app.mail.models import Mail

SUBJECT_MAX = 200
NAME_MAX = 100


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
    link_ends_at: datetime | None = None,
    is_urgent: bool = False,
) -> bool:
    """Add a mail to the outbox. Call inside write_transaction().

    key: subject and recipient of the mail ("invitation:17"); a second mail of the same key is not queued.
    body: plain text; URLs in it come from links.absolute() only. calendar: the text of an .ics attachment.
    link_ends_at: the body contains a one-use link that works until then, so it is stored encrypted. is_urgent: somebody
    waits for it in front of the screen.

    Returns whether the mail was queued (False: one of this key was there).
    """
    if session.scalar(select(Mail.id).where(Mail.key == key)) is not None:
        return False
    body = plain_text(body)
    session.execute(
        insert(Mail).values(
            key=key,
            to_address=one_line(to_address),
            to_name=one_line(to_name)[:NAME_MAX],
            subject=one_line(subject)[:SUBJECT_MAX],
            body=body if link_ends_at is None else secret_box().encrypt(body, purpose_of(key)),
            calendar=calendar,
            queued_at=now,
            next_attempt_at=now,
            link_ends_at=link_ends_at,
            is_urgent=is_urgent,
        )
    )
    return True


def one_line(text: str) -> str:
    """Return text for a mail header: one line without control characters, so that no header can be injected."""
    return " ".join("".join(" " if _is_control(character) else character for character in text).split())


def plain_text(text: str) -> str:
    """Return text for the body: line ends as \\n, tabs as they are, other control characters removed."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(character for character in lines if character in "\n\t" or not _is_control(character))


def _is_control(character: str) -> bool:
    # Cc: control characters; Cs: surrogates, which no mail can carry; Zl and Zp: U+2028 and U+2029;
    # and the bidirectional overrides, with which a name could disguise the rest of a line.
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in "\u202a\u202b\u202c\u202d\u202e"
