"""Writing letters: a row in the mail table, in the transaction of whoever writes. The worker sends it later.

Nothing here speaks to a network, so a mail server that is down or slow never fails or slows a reservation.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.mail.models import Letter

SUBJECT_MAX = 200
NAME_MAX = 100


def write_letter(
    session: Session,
    *,
    key: str,
    to_address: str,
    to_name: str,
    subject: str,
    body: str,
    now: datetime,
    calendar: str | None = None,
) -> bool:
    """Put a letter into the mail table. Call inside write_transaction().

    key: what the letter is about and to whom ("invitation:17"); a second letter of the same key is not written.
    body: plain text, addresses in it from links.absolute() alone. calendar: an .ics to go with it.

    Returns whether the letter was written (False: it had been before).
    """
    if session.scalar(select(Letter.id).where(Letter.key == key)) is not None:
        return False
    session.execute(
        insert(Letter).values(
            key=key,
            to_address=one_line(to_address),
            to_name=one_line(to_name)[:NAME_MAX],
            subject=one_line(subject)[:SUBJECT_MAX],
            body=plain_text(body),
            calendar=calendar,
            written_at=now,
            next_try_at=now,
        )
    )
    return True


def one_line(text: str) -> str:
    """Text for a mail header: one line, without control characters, so that no header can be smuggled in."""
    return " ".join("".join(" " if _is_control(letter) else letter for letter in text).split())


def plain_text(text: str) -> str:
    """Text for the body: line ends as \\n, tabs kept, other control characters taken out."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(letter for letter in lines if letter in "\n\t" or not _is_control(letter))


def _is_control(letter: str) -> bool:
    # Cc: control characters; Cs: half characters, which no mail can carry; Zl and Zp: U+2028 and U+2029;
    # and the marks that turn the direction of writing, with which a name could dress up the rest of a line.
    return unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") or letter in "\u202a\u202b\u202c\u202d\u202e"
