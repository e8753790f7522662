"""How long a program waits for an answer of PostgreSQL before it gives the connection up.

The server's own timeouts do not help when the server is frozen, and none of them ends a COMMIT that waits for a
synchronous standby. So every wait has a deadline on this side as well (postgresql_connection.py). It is a little longer
than the server's own, so that a server that works answers first, with an error that says what it waited for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from sqlalchemy import Connection

MARGIN_SECONDS = 0.5
LOCK_SECONDS = 2.5


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds on this side for a statement and for a COMMIT."""

    statement_seconds: float
    commit_seconds: float

    @property
    def server_timeout(self) -> str:
        """The statement_timeout of the server."""
        return f"{round((self.statement_seconds - MARGIN_SECONDS) * 1000)}ms"


# A commit waits for a disk and perhaps a standby. A writer may wait for the thread of another one first, and a page
# that says that the outcome is unknown may have to open a new connection: all of it in less than six seconds.
ORDINARY = Deadlines(statement_seconds=4.5, commit_seconds=3.0)
LARGE = Deadlines(statement_seconds=60.0, commit_seconds=3.0)  # exports, imports and allocations on pages
COMMAND = Deadlines(statement_seconds=600.0, commit_seconds=60.0)  # checks, imports from a file
COPY = Deadlines(statement_seconds=21_600.0, commit_seconds=600.0)  # backup, restore, migrations
ROLLBACK_SECONDS = 2.0

_current: ContextVar[Deadlines] = ContextVar("database_deadlines", default=ORDINARY)


def current() -> Deadlines:
    """Return the deadlines that hold now."""
    return _current.get()


@contextmanager
def extended(deadlines: Deadlines) -> Iterator[None]:
    """Wait longer for what begins in the with-block."""
    before = current()
    extend(deadlines)
    try:
        yield
    finally:
        _current.set(before)


def extend(deadlines: Deadlines) -> None:
    """Wait longer from now on, until restore(); never less long than before."""
    if deadlines.statement_seconds > current().statement_seconds:
        _current.set(deadlines)


def restore() -> None:
    """Wait as long as ordinary requests do."""
    _current.set(ORDINARY)


def apply(connection: Connection) -> None:
    """Set the server's timeout for the transaction of a connection, where it is not the one of every connection."""
    if connection.dialect.name == "postgresql" and current() != ORDINARY:
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{current().server_timeout}'")
