"""LOGIN_LIMIT counted in the database, so that all web processes of a ring, on all its machines, count together.

The log-in itself counts in the transaction that stores its result (RateCounter); other forms that take passwords or
codes count before they look, by a storage of the library `limits`, which Flask-Limiter finds by the scheme of its
address. Counts are lost with the power of the machine, and then somebody has a few attempts more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from limits import parse
from limits.storage import Storage
from sqlalchemy import BindParameter, Executable, bindparam, case, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.auth.errors import TooManyAttempts
from app.auth.models import LoginRate
from app.clock import now
from app.extensions import db
from booking.kernel.orm import UtcDateTime, table_of
from booking.kernel.prepared import PreparedStatement
from booking.kernel.tokens import hash_of
from booking.kernel.transaction import in_write_transaction

SCHEME = "ringbuch"
FULL_MAX = 10_000  # counters beyond the limit of which a process remembers that they are


def count(session: Session, key_hash: str, seconds: int, amount: int, *, now: datetime) -> tuple[int, datetime]:
    """Count attempts; return how many there were in the present time, and when it ends.

    The time begins with the first attempt; one from a clock that was ahead begins again.
    Call inside write_transaction().
    """
    wanted = {"key": key_hash, "amount": amount, "now": now, "until": now + timedelta(seconds=seconds)}
    used, until = _COUNTED[session.get_bind().dialect.name].of(session, wanted)[0]
    if used == amount:  # a time begins: as good a moment as any to forget those that are over
        session.execute(delete(LoginRate).where(LoginRate.ends_at <= now, LoginRate.key_hash != key_hash))
    return used, until


@dataclass(frozen=True, slots=True)
class RateCounter:
    """The counter of a network address. amount: how many attempts within so many seconds are answered."""

    key_hash: str
    amount: int
    seconds: int

    @classmethod
    def of(cls, key: str, limit: str) -> RateCounter:
        """Return the counter of a key under a limit as LOGIN_LIMIT is written."""
        rate = parse(limit)
        return cls(hash_of(key), rate.amount, rate.get_expiry())

    def require_room(self, session: Session, *, now: datetime) -> None:
        """Raise TooManyAttempts when the limit is reached. Counts nothing: a flood beyond it writes nothing."""
        rows = _UNTIL.of(session, {"key": self.key_hash, "amount": self.amount, "now": now, "latest": self._end(now)})
        for row in rows:
            self._refuse(row.ends_at, now)

    def count(self, session: Session, *, now: datetime) -> None:
        """Count an attempt whose answer the present transaction stores.

        Call inside write_transaction(), as its last statement. Raises TooManyAttempts where others have reached the
        limit meanwhile; the attempt then gets no other answer.
        """
        used, until = count(session, self.key_hash, self.seconds, 1, now=now)
        if used > self.amount:
            self._refuse(until, now)

    def _end(self, now: datetime) -> datetime:
        return now + timedelta(seconds=self.seconds)

    @staticmethod
    def _refuse(until: datetime, now: datetime) -> None:
        raise TooManyAttempts(retry_after_seconds=int((until - now).total_seconds()) + 1)


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
        used, ends_at = in_write_transaction(
            session, lambda: count(session, key_hash, expiry, amount, now=moment), is_durable=False
        )
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


def _counted(insert: Any) -> Executable:
    """Return the statement that counts and returns the count, in the SQL of a database."""
    table, until = table_of(LoginRate), bindparam("until", type_=UtcDateTime())
    amount: BindParameter[int] = bindparam("amount")
    is_over = (table.c.ends_at <= bindparam("now", type_=UtcDateTime())) | (table.c.ends_at > until)
    entered = insert(table).values(key_hash=bindparam("key"), ends_at=until, used=amount)
    counted: Executable = entered.on_conflict_do_update(
        index_elements=["key_hash"],
        set_={
            "used": case((is_over, amount), else_=table.c.used + amount),
            "ends_at": case((is_over, until), else_=table.c.ends_at),
        },
    ).returning(table.c.used, table.c.ends_at)
    return counted


_COUNTED = {
    "sqlite": PreparedStatement(_counted(sqlite.insert)),
    "postgresql": PreparedStatement(_counted(postgresql.insert)),
}
# A time that ends too late was begun before the clock was put back.
_UNTIL = PreparedStatement(
    select(LoginRate.ends_at).where(
        LoginRate.key_hash == bindparam("key"),
        LoginRate.used >= bindparam("amount"),
        LoginRate.ends_at > bindparam("now"),
        LoginRate.ends_at <= bindparam("latest"),
    )
)
