"""What became of mails and is not stored yet, because the database was lost after the mail server had answered.

It is kept in memory and stored before any other mail is leased, so that a mail is sent twice only where the worker dies
in between. After an outage the other workers leave mails whose lease has ended meanwhile alone for a moment.
"""

from __future__ import annotations

import time
from functools import partial
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.mail.leasing import WAITING
from app.mail.models import Mail
from app.mail.outgoing import OutgoingMail
from booking.kernel.transaction import in_write_transaction

OTHERS_FIRST_SECONDS = 10.0  # several times the interval of the job

Values = dict[str, object]


class PendingMarks:
    """The marks of one database, by id and key of the mail; and when it failed last."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._values: dict[tuple[int, str], Values] = {}
        self._failed_at: float | None = None

    def __bool__(self) -> bool:
        return bool(self._values)

    def add(self, mail: OutgoingMail, values: Values) -> None:
        """Keep what became of a mail until store()."""
        with self._lock:
            self._values[mail.id, mail.key] = values

    def store(self, session: Session) -> None:
        """Write all of them in one transaction. If that fails they are kept, and the error is raised."""
        with self._lock:
            if not self._values:
                return
            in_write_transaction(session, partial(self._write, session))
            self._values.clear()

    def note_failure(self) -> None:
        """Record that the database could not be reached or written."""
        self._failed_at = time.monotonic()

    def are_others_first(self) -> bool:
        """Return whether the database failed a moment ago, so that other workers may still have marks to store."""
        return self._failed_at is not None and time.monotonic() - self._failed_at < OTHERS_FIRST_SECONDS

    def _write(self, session: Session) -> None:
        for (mail_id, key), values in self._values.items():
            write(session, mail_id, key, values)


def marks_of(session: Session) -> PendingMarks:
    """Return the marks of this process for the database of a session."""
    return _marks.setdefault(session.get_bind(), PendingMarks())


def write(session: Session, mail_id: int, key: str, values: Values, *, is_waiting: bool = True) -> None:
    """Write what became of a mail. A mail that was withdrawn meanwhile leaves its id to another: the key tells."""
    conditions = WAITING if is_waiting else (Mail.sent_at.is_(None),)
    session.execute(update(Mail).where(Mail.id == mail_id, Mail.key == key, *conditions).values(**values))


_marks: WeakKeyDictionary[Any, PendingMarks] = WeakKeyDictionary()
