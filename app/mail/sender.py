"""Sending what waits in the mail table. No transaction is open while the network is spoken to.

A letter is claimed by putting its next try off (committed first), sent, and marked after sending: after a crash
in between it goes out a second time once the claim has run out. That is the only way in which it can.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.errors import MessageError
from functools import partial

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from app.mail.mime import Envelope, Sender, message_of
from app.mail.models import Letter
from app.mail.transport import Line, PostOffice, Postponed, Refused, Unreachable
from booking.kernel.transaction import in_write_transaction

BATCH_LETTERS = 20
BATCH_SECONDS = 120.0  # a slow server gets the rest of a batch later, long before the claim runs out
CLAIM = timedelta(minutes=15)
BACK_OFF = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
)
GIVE_UP_AFTER = timedelta(days=3)
REASON_LENGTH_MAX = 500

_WAITING = (Letter.sent_at.is_(None), Letter.given_up_at.is_(None))


def _is_due(now: datetime) -> ColumnElement[bool]:
    """A letter never tried is due at once: its time may lie ahead because the clock was put back since."""
    return or_(Letter.next_try_at <= now, Letter.tries == 0)


def has_due(session: Session, *, now: datetime) -> bool:
    """Whether a letter waits to be sent now. Only reads."""
    return session.scalar(select(Letter.id).where(*_WAITING, _is_due(now)).limit(1)) is not None


def send_batch(session: Session, office: PostOffice, sender: Sender, clock: Callable[[], datetime]) -> int:
    """Send the letters that are due, a batch at most. Returns how many were dealt with.

    Raises Unreachable when the server cannot be spoken to; the letters wait then and are tried again later.
    """
    letters = in_write_transaction(session, lambda: claim(session, now=clock()))
    if not letters:
        return 0
    try:
        with office.open() as line:
            return _send(session, line, letters, sender, clock)
    except Unreachable as error:
        reason, now = str(error), clock()
        in_write_transaction(session, lambda: _put_off(session, letters, reason, now))
        raise


def claim(session: Session, *, now: datetime) -> list[Envelope]:
    """Take letters that are due, so that no other worker does. Call inside write_transaction()."""
    letters = session.scalars(
        select(Letter)
        .where(*_WAITING, _is_due(now))
        .order_by(Letter.next_try_at, Letter.id)
        .limit(BATCH_LETTERS)
        .with_for_update(skip_locked=True)
    ).all()
    for letter in letters:
        letter.tries += 1
        letter.next_try_at = now + CLAIM
    return [_envelope(letter) for letter in letters]


def try_again(session: Session, *, now: datetime) -> int:
    """Give the letters that were given up another three days. Returns how many. Call inside write_transaction()."""
    letters = session.scalars(select(Letter).where(Letter.given_up_at.is_not(None))).all()
    for letter in letters:
        letter.given_up_at, letter.next_try_at, letter.tries, letter.written_at = None, now, 0, now
    return len(letters)


def _send(session: Session, line: Line, letters: list[Envelope], sender: Sender, clock: Callable[[], datetime]) -> int:
    deadline = time.monotonic() + BATCH_SECONDS
    count = 0
    while letters and time.monotonic() < deadline:
        letter = letters[0]
        marks = _attempt(line, letter, sender, clock)
        in_write_transaction(session, partial(_mark, session, letter, marks))
        letters.pop(0)  # what stays in the list has not been tried
        count += 1
    if letters:
        now = clock()
        in_write_transaction(session, lambda: _hand_back(session, letters, now))
    return count


def _attempt(line: Line, letter: Envelope, sender: Sender, clock: Callable[[], datetime]) -> dict[str, object]:
    """Send one letter. Returns what to note about it. Raises Unreachable."""
    try:
        line.send(message_of(letter, sender))
    except (Refused, ValueError, MessageError) as refusal:  # the latter two: an address that no header can carry
        return {"given_up_at": clock(), "last_error": str(refusal)[:REASON_LENGTH_MAX]}
    except Postponed as refusal:
        return _later(letter, str(refusal), clock())
    # What was sent is not kept: it may hold a link that opens a door.
    return {"sent_at": clock(), "last_error": "", "body": "", "calendar": None}


def _later(letter: Envelope, reason: str, now: datetime) -> dict[str, object]:
    noted: dict[str, object] = {"last_error": reason[:REASON_LENGTH_MAX]}
    if now - letter.written_at > GIVE_UP_AFTER:
        return noted | {"given_up_at": now}
    return noted | {"next_try_at": now + BACK_OFF[min(letter.tries, len(BACK_OFF)) - 1]}


def _put_off(session: Session, letters: Sequence[Envelope], reason: str, now: datetime) -> None:
    for letter in letters:
        _mark(session, letter, _later(letter, reason, now))


def _hand_back(session: Session, letters: Sequence[Envelope], now: datetime) -> None:
    for letter in letters:
        _mark(session, letter, {"next_try_at": now, "tries": letter.tries - 1})


def _mark(session: Session, letter: Envelope, marks: dict[str, object]) -> None:
    session.execute(update(Letter).where(Letter.id == letter.id, *_WAITING).values(**marks))


def _envelope(letter: Letter) -> Envelope:
    return Envelope(
        letter.id,
        letter.key,
        letter.to_address,
        letter.to_name,
        letter.subject,
        letter.body,
        letter.calendar,
        letter.written_at,
        letter.tries,
    )
