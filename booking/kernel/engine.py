"""How a database connection behaves: durable, checked, and with writers told apart from readers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, event

WRITING = "ringbuch_writing"
WAIT_MS = "ringbuch_wait_ms"  # how long this writer may still wait for the database's own lock
BUSY_TIMEOUT_MS = 5_000
# PostgreSQL: every writer shares this lock, so that one who gets it alone knows nobody writes. Two numbers,
# because locks of one number are those of the places (occupancies.py).
WRITERS_LOCK = (7_464, 2)

_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # a confirmed reservation survives a power cut
    "PRAGMA foreign_keys=ON",
    f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}",
    "PRAGMA cache_size=-16000",
    "PRAGMA temp_store=MEMORY",
)


def prepare_engine(engine: Engine) -> None:
    """Give an engine the ring's habits. Call once, before its first connection."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite_connection)
        event.listen(engine, "begin", _begin_sqlite_transaction)
    else:
        event.listen(engine, "connect", _prepare_postgresql_connection)
        event.listen(engine, "begin", _begin_postgresql_transaction)


def _prepare_sqlite_connection(connection: Any, _record: object) -> None:
    # Python's driver would start transactions late and deferred; we start them ourselves, below.
    connection.isolation_level = None
    for pragma in _SQLITE_PRAGMAS:
        connection.execute(pragma)


def _begin_sqlite_transaction(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get(WRITING, False):
        connection.exec_driver_sql("BEGIN")
        return
    connection.exec_driver_sql(f"PRAGMA busy_timeout={int(options.get(WAIT_MS, BUSY_TIMEOUT_MS))}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _prepare_postgresql_connection(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET timezone TO 'UTC'; SET lock_timeout TO '5s'; SET statement_timeout TO '60s'")
    connection.commit()


def _begin_postgresql_transaction(connection: Connection) -> None:
    # Event ids may be committed out of order; bookmarks.py has to know when none is on its way.
    if connection.get_execution_options().get(WRITING, False):
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock_shared(%s, %s)", WRITERS_LOCK)
