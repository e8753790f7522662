"""LOGIN_LIMIT counted in the database, so that all web processes of a ring, on all its machines, count together.

A storage of the library `limits`, which Flask-Limiter finds by the scheme of its address.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from limits import parse
from limits.storage import Storage
from sqlalchemy import case, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.auth.models import LoginRate
from app.clock import now
from app.extensions import db
from booking.kernel.tokens import hash_of
from booking.kernel.transaction import in_write_transaction

SCHEME = "ringbuch"
FULL_MAX = 10_000  # counters beyond the limit of which a process remembers that they are
INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def count(session: Session, key_hash: str, seconds: int, amount: int, *, now: datetime) -> tuple[int, datetime]:
    """Count attempts; return how many there were in the present time, and when it ends.

    The time begins with the first attempt; one from a clock that was ahead begins again.
    Call inside write_transaction().
    """
    session.execute(delete(LoginRate).where(LoginRate.ends_at <= now, LoginRate.key_hash != key_hash))
    ends_at = now + timedelta(seconds=seconds)
    is_over = (LoginRate.ends_at <= now) | (LoginRate.ends_at > ends_at)
    entered = INSERTS[session.get_bind().dialect.name](LoginRate).values(
        key_hash=key_hash, ends_at=ends_at, used=amount
    )
    counted = entered.on_conflict_do_update(
        index_elements=["key_hash"],
        set_={
            "used": case((is_over, amount), else_=LoginRate.used + amount),
            "ends_at": case((is_over, ends_at), else_=LoginRate.ends_at),
        },
    ).returning(LoginRate.used, LoginRate.ends_at)
    used, until = session.execute(counted).one()
    return used, until


class LoginRateStorage(Storage):
    """The counters in the table auth_login_rate.

    A counter that is full is remembered, so that a flood beyond the limit writes nothing.
    """

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012 - as the library declares it

    def __init__(self, uri: str | None = None, *, limit: str, **options: Any) -> None:
        super().__init__(uri, **options)
        self._most = parse(limit).amount
        self._full: dict[str, datetime] = {}

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        """Return nothing: what the database raises is answered as everywhere."""
        return ()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count an attempt and return how many there were in the present time."""
        moment, key_hash = now(), hash_of(key)
        until = self._full.get(key_hash)
        if until is not None and moment < until <= moment + timedelta(seconds=expiry):
            return self._most + 1
        session = db.session()
        used, ends_at = in_write_transaction(session, lambda: count(session, key_hash, expiry, amount, now=moment))
        if used >= self._most:
            if len(self._full) >= FULL_MAX:
                self._full.clear()
            self._full[key_hash] = ends_at
        return used

    def get(self, key: str) -> int:
        """Return how many attempts there were."""
        row = self._row(key)
        return 0 if row is None else row.used

    def get_expiry(self, key: str) -> float:
        """Return when the present time ends."""
        row = self._row(key)
        return (now() if row is None else row.ends_at).timestamp()

    def _row(self, key: str) -> LoginRate | None:
        wanted = select(LoginRate).where(LoginRate.key_hash == hash_of(key), LoginRate.ends_at > now())
        return db.session().scalar(wanted)

    def check(self) -> bool:
        """Return true: the database is checked by /readyz."""
        return True

    def reset(self) -> int | None:
        """Forget what this process remembers."""
        self._full.clear()
        return None

    def clear(self, key: str) -> None:
        """End a counter."""
        self._full.pop(hash_of(key), None)
        session = db.session()
        in_write_transaction(
            session, lambda: session.execute(delete(LoginRate).where(LoginRate.key_hash == hash_of(key)))
        )
