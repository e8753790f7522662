"""Throttling of failed attempts, counted per e-mail address, whether or not a login has it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.auth.errors import TooManyAttempts
from app.auth.models import Attempts
from booking.kernel.tokens import hash_of

LOGIN, PASSWORD, CODE = "login", "password", "code"
FREE_TRIES = {LOGIN: 5, PASSWORD: 3, CODE: 5}
FIRST_PAUSE = {LOGIN: timedelta(seconds=30), PASSWORD: timedelta(minutes=10), CODE: timedelta(seconds=30)}
PAUSE_MAX = timedelta(hours=1)
FORGET_AFTER = timedelta(hours=24)


def count_request(session: Session, kind: str, email: str, *, now: datetime) -> None:
    """Count an attempt before it is known how it ends: requesting a mail, trying a code.

    Call inside write_transaction(). Raises TooManyAttempts during a pause.
    """
    row = _row(session, kind, email, now)
    _require_over(row.locked_until, now)
    _count(row, now)
    session.flush()


def require_no_pause(session: Session, kind: str, email: str, *, now: datetime) -> None:
    """Raise TooManyAttempts during a pause."""
    key = (Attempts.kind == kind, Attempts.email_hash == hash_of(email))
    _require_over(session.scalar(select(Attempts.locked_until).where(*key)), now)


def count_failure(session: Session, kind: str, email: str, *, now: datetime) -> None:
    """Count a failed attempt. Some are free, then each starts a pause twice as long as the last, up to an hour.

    A day without attempts resets the count. Call inside write_transaction().
    """
    _count(_row(session, kind, email, now), now)
    session.flush()


def reset(session: Session, kind: str, email: str) -> None:
    """Reset the count after the right password, or a new one. Call inside write_transaction()."""
    session.execute(delete(Attempts).where(Attempts.kind == kind, Attempts.email_hash == hash_of(email)))


def delete_expired(session: Session, *, now: datetime) -> None:
    """Delete counts older than a day. Call inside write_transaction()."""
    session.execute(delete(Attempts).where(Attempts.last_at < now - FORGET_AFTER))


def _row(session: Session, kind: str, email: str, now: datetime) -> Attempts:
    key = (kind, hash_of(email))
    row = session.get(Attempts, key, with_for_update=True)
    if row is not None:
        return row
    delete_expired(session, now=now)
    try:
        with session.begin_nested():
            session.add(Attempts(kind=kind, email_hash=key[1], tries=0, last_at=now))
    except IntegrityError:
        pass  # another process entered the same address in this moment
    return session.get_one(Attempts, key, with_for_update=True)


def _require_over(locked_until: datetime | None, now: datetime) -> None:
    # A pause beyond the maximum was set before the clock was put back.
    if locked_until is not None and now < locked_until <= now + PAUSE_MAX:
        raise TooManyAttempts(retry_after_seconds=int((locked_until - now).total_seconds()) + 1)


def _count(row: Attempts, now: datetime) -> None:
    row.tries = 1 if now - row.last_at > FORGET_AFTER else row.tries + 1
    row.last_at = now
    row.locked_until = now + _pause(row.kind, row.tries) if row.tries >= FREE_TRIES[row.kind] else None


def _pause(kind: str, tries: int) -> timedelta:
    doublings = min(tries - FREE_TRIES[kind], 10)
    return min(FIRST_PAUSE[kind] * 2**doublings, PAUSE_MAX)
