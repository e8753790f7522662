"""Throttling of failed attempts, so that guessing takes long and nobody is locked out by a stranger.

Attempts from a device that the login knows are counted for that device alone. All others are counted twice, whether
or not a login has the address: for the address and the network, with a few free attempts, and for the address from
everywhere, with more, which bounds guesses from many networks.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, bindparam, delete, or_, select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.auth.errors import TooManyAttempts
from app.auth.models import Attempts
from booking.kernel.prepared import PreparedStatement
from booking.kernel.tokens import hash_of

LOGIN, PASSWORD, CODE = "login", "password", "code"
ACCOUNT, NETWORK, DEVICE = "account", "network", "device"
FREE_TRIES = {
    LOGIN: {DEVICE: 5, NETWORK: 5, ACCOUNT: 50},
    PASSWORD: {DEVICE: 3, NETWORK: 3, ACCOUNT: 12},
    CODE: {DEVICE: 5, NETWORK: 5, ACCOUNT: 20},
}
FIRST_PAUSE = {LOGIN: timedelta(seconds=30), PASSWORD: timedelta(minutes=10), CODE: timedelta(seconds=30)}
PAUSE_MAX = timedelta(hours=1)
FORGET_AFTER = timedelta(hours=24)
ROWS_MAX = 200_000  # counters that outlive the hourly purge


@dataclass(frozen=True, slots=True)
class Source:
    """By what an attempt is counted. network: "" where unknown; device: the secret of a known device, else ""."""

    email: str
    network: str = ""
    device: str = ""

    @classmethod
    def of_network(cls, what: str, network: str) -> Source:
        """Return the source of attempts that are counted for a network alone, so that they slow nobody else down."""
        return cls(what, device=network or "unknown")

    def counters(self) -> list[tuple[str, str]]:
        """Return scope and hash of each counter, always in this order, so that attempts side by side never deadlock."""
        if self.device:
            return [_counter(DEVICE, self.email, self.device)]
        return [_counter(ACCOUNT, self.email), _counter(NETWORK, self.email, self.network)]


def _counter(scope: str, *what: str) -> tuple[str, str]:
    # JSON, so that no typed address can be mistaken for an address with a network.
    return scope, hash_of(json.dumps([scope, *what]))


def count_request(session: Session, kind: str, source: Source, *, now: datetime) -> None:
    """Count an attempt before it is known how it ends: requesting a mail, trying a code.

    Call inside write_transaction(). Raises TooManyAttempts during a pause.
    """
    rows = [(scope, _row(session, kind, key, now)) for scope, key in source.counters()]
    for _scope, row in rows:
        _require_over(row.locked_until, now)
    for scope, row in rows:
        _count(row, scope, now)
    session.flush()


def require_no_pause(session: Session, kind: str, source: Source, *, now: datetime) -> bool:
    """Raise TooManyAttempts during a pause; return whether any failed attempt is counted."""
    keys = [key for _scope, key in source.counters()]
    rows = _LOCKED.of(session, {"kind": kind, "first_key": keys[0], "last_key": keys[-1]})
    # A pause beyond the maximum was set before the clock was put back.
    running = [row.locked_until for row in rows if row.locked_until and now <= row.locked_until <= now + PAUSE_MAX]
    _require_over(max(running, default=None), now)
    return bool(rows)


def count_failure(session: Session, kind: str, source: Source, *, now: datetime) -> None:
    """Count a failed attempt. Some are free, then each starts a pause twice as long as the last, up to an hour.

    A day without attempts resets the count. Call inside write_transaction().
    """
    for scope, key in source.counters():
        _count(_row(session, kind, key, now), scope, now)
    session.flush()


def reset(session: Session, kind: str, source: Source) -> None:
    """Reset the counts after the right password, or a new one. Call inside write_transaction()."""
    session.execute(delete(Attempts).where(_is_of(kind, source)))


def delete_expired(session: Session, *, now: datetime) -> None:
    """Delete counts older than a day. Call inside write_transaction()."""
    session.execute(delete(Attempts).where(Attempts.last_at < now - FORGET_AFTER))


def delete_beyond(session: Session, rows_max: int) -> None:
    """Delete the counters with the fewest tries, of these the oldest. Call inside write_transaction().

    Whoever has many networks makes two counters with each attempt. What has been tried often, and is paused, is kept.
    """
    key = tuple_(Attempts.kind, Attempts.key_hash)
    by_tries = select(Attempts.kind, Attempts.key_hash).order_by(Attempts.tries.desc(), Attempts.last_at.desc())
    session.execute(delete(Attempts).where(key.in_(by_tries.offset(rows_max))))


def _is_of(kind: str, source: Source) -> ColumnElement[bool]:
    return and_(Attempts.kind == kind, Attempts.key_hash.in_([key for _scope, key in source.counters()]))


def _row(session: Session, kind: str, key_hash: str, now: datetime) -> Attempts:
    key = (kind, key_hash)
    row = session.get(Attempts, key, with_for_update=True)
    if row is not None:
        return row
    delete_expired(session, now=now)
    try:
        with session.begin_nested():
            session.add(Attempts(kind=kind, key_hash=key_hash, tries=0, last_at=now))
    except IntegrityError:
        pass  # another process entered the same address in this moment
    return session.get_one(Attempts, key, with_for_update=True)


def _require_over(locked_until: datetime | None, now: datetime) -> None:
    # A pause beyond the maximum was set before the clock was put back.
    if locked_until is not None and now < locked_until <= now + PAUSE_MAX:
        raise TooManyAttempts(retry_after_seconds=int((locked_until - now).total_seconds()) + 1)


def _count(row: Attempts, scope: str, now: datetime) -> None:
    row.tries = 1 if now - row.last_at > FORGET_AFTER else row.tries + 1
    row.last_at = now
    beyond = row.tries - FREE_TRIES[row.kind][scope]
    row.locked_until = now + _pause(row.kind, beyond) if beyond >= 0 else None


def _pause(kind: str, beyond: int) -> timedelta:
    return min(FIRST_PAUSE[kind] * 2 ** min(beyond, 10), PAUSE_MAX)


_LOCKED = PreparedStatement(
    select(Attempts.locked_until).where(
        Attempts.kind == bindparam("kind"),
        or_(Attempts.key_hash == bindparam("first_key"), Attempts.key_hash == bindparam("last_key")),
    )
)
