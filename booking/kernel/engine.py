"""How a database connection behaves: durable, checked, and with writers told apart from readers."""

from __future__ import annotations

import sqlite3
import time
from selectors import EVENT_READ, DefaultSelector
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InvalidatePoolError

WRITING = "ringbuch_writing"
WAIT_MS = "ringbuch_wait_ms"  # how long this writer may still wait for the database's own lock
BUSY_TIMEOUT_MS = 5_000
# A server of PostgreSQL that has gone silent is noticed in time to answer within five seconds: a connection that
# was open is given up after the one, and opening another after the other.
SILENCE_SECONDS = 2.0
_POSTGRESQL_CONNECT = {
    "connect_timeout": 2,
    "tcp_user_timeout": 10_000,  # milliseconds: what we say in the middle of a transaction
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
# PostgreSQL: every writer shares this lock, so that one who gets it alone knows nobody writes. Two numbers,
# because locks of one number are those of the places (occupancies.py).
WRITERS_LOCK = (7_464, 2)

_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # a confirmed reservation survives a power cut
    "PRAGMA foreign_keys=ON",
    f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}",
    # Kilobytes for each connection, and so for each thread; the system keeps the file's pages for all of them anyway.
    "PRAGMA cache_size=-4000",
    "PRAGMA temp_store=MEMORY",
)


def connect_args(database_uri: str) -> dict[str, int]:
    """How a database is to be called, beyond what its address says itself."""
    url = make_url(database_uri)
    if url.get_backend_name() != "postgresql":
        return {}
    return {name: value for name, value in _POSTGRESQL_CONNECT.items() if name not in url.query}


def prepare_engine(engine: Engine) -> None:
    """Give an engine the ring's habits. Call once, before its first connection."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite_connection)
        event.listen(engine, "begin", _begin_sqlite_transaction)
    else:
        event.listen(engine, "connect", _prepare_postgresql_connection)
        event.listen(engine, "begin", _begin_postgresql_transaction)
        event.listen(engine, "checkout", _refuse_silent_connection)


def _prepare_sqlite_connection(connection: Any, _record: object) -> None:
    # Python's driver would start transactions late and deferred; we start them ourselves, below.
    connection.isolation_level = None
    for pragma in _SQLITE_PRAGMAS:
        connection.execute(pragma)


def _begin_sqlite_transaction(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get(WRITING, False):
        _tell_driver(connection, "BEGIN")
        return
    wait_ms = int(options.get(WAIT_MS, BUSY_TIMEOUT_MS))
    if connection.info.get(WAIT_MS, BUSY_TIMEOUT_MS) != wait_ms:
        _tell_driver(connection, f"PRAGMA busy_timeout={wait_ms}")
        connection.info[WAIT_MS] = wait_ms
    _tell_driver(connection, "BEGIN IMMEDIATE")


def _tell_driver(connection: Connection, words: str) -> None:
    """Without SQLAlchemy's work for a statement: every transaction begins so, and it costs ten times as much."""
    try:
        connection.connection.driver_connection.execute(words)  # type: ignore[union-attr]
    except sqlite3.Error as error:
        raise DBAPIError.instance(words, None, error, sqlite3.Error, dialect=connection.dialect) from error


def _prepare_postgresql_connection(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET timezone TO 'UTC'; SET lock_timeout TO '5s'; SET statement_timeout TO '60s'")
    connection.commit()


def _begin_postgresql_transaction(connection: Connection) -> None:
    # Event ids may be committed out of order; bookmarks.py has to know when none is on its way.
    if connection.get_execution_options().get(WRITING, False):
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock_shared(%s, %s)", WRITERS_LOCK)


def _refuse_silent_connection(connection: Any, _record: object, _fairy: object) -> None:
    """Before a connection of the pool is used: does the other end still answer? If not, open another."""
    if not _answers(connection.pgconn, connection.OperationalError):
        raise InvalidatePoolError


def _answers(line: Any, error: type[Exception]) -> bool:
    """Send an empty question and wait for the answer, but not as the driver does, which waits for ever."""
    deadline = time.monotonic() + SILENCE_SECONDS
    try:
        line.send_query(b"")
        with DefaultSelector() as selector:
            selector.register(line.socket, EVENT_READ)
            while line.is_busy():
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    return False
                line.consume_input()
        while line.get_result() is not None:
            pass
    except error:
        return False
    return True
