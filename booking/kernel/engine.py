"""Database connections: durability, foreign keys, timeouts, and separate transaction modes for reading and writing."""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from booking.kernel import deadlines, postgresql, presets
from booking.kernel.shared_sync import CAN_SYNC

WRITING = "ringbuch_writing"
WAIT_MS = "ringbuch_wait_ms"  # how long this writer may still wait for the database's own lock
IS_DURABLE = "ringbuch_is_durable"  # whether the commit of this writer waits for the disk (and standbys)
# Whether this writer syncs the log itself after a durable commit (shared_sync.py); it does where the info of the
# connection says that it can.
SYNCS_LATER, CAN_SYNC_LATER, _WAITS = "ringbuch_syncs_later", "ringbuch_can_sync_later", "ringbuch_commit_waits"
FULL = 2  # of PRAGMA synchronous
BUSY_TIMEOUT_MS = 5_000
# PostgreSQL: every writer holds this lock shared, so the exclusive holder knows that no write is running.
# Its first number differs from that of the machine locks (occupancies.py).
WRITERS_LOCK = (7_464, 2)

_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # a confirmed reservation survives a power cut
    "PRAGMA foreign_keys=ON",
    f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}",
    # Kilobytes per connection, and so per thread; the operating system caches the pages of the file for all of them,
    # and a connection drops its own after each commit of another.
    "PRAGMA cache_size=-1000",
    "PRAGMA temp_store=MEMORY",
)


def connect_args(database_uri: str) -> dict[str, int | str]:
    """Return the connection arguments for a database that its URI does not set itself."""
    url = make_url(database_uri)
    return postgresql.connect_args(url) if url.get_backend_name() == "postgresql" else {}


def prepare_engine(engine: Engine) -> None:
    """Register the connection hooks of an engine. Call once, before its first connection."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite_connection)
        event.listen(engine, "begin", _begin_sqlite_transaction)
    else:
        postgresql.prepare_engine(engine)
        event.listen(engine, "begin", _begin_postgresql_transaction)


def _prepare_sqlite_connection(connection: Any, record: Any) -> None:
    # Python's driver would start transactions late and deferred; _begin_sqlite_transaction starts them instead.
    connection.isolation_level = None
    for pragma in _SQLITE_PRAGMAS:
        connection.execute(pragma)
    # Where a file system cannot share memory there is no write-ahead log.
    has_log = connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    is_full = connection.execute("PRAGMA synchronous").fetchone()[0] == FULL
    record.info[CAN_SYNC_LATER] = has_log and is_full and CAN_SYNC


def _begin_sqlite_transaction(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get(WRITING, False):
        _execute_raw(connection, "BEGIN")
        return
    wait_ms = int(options.get(WAIT_MS, BUSY_TIMEOUT_MS))
    if connection.info.get(WAIT_MS, BUSY_TIMEOUT_MS) != wait_ms:
        _execute_raw(connection, f"PRAGMA busy_timeout={wait_ms}")
        connection.info[WAIT_MS] = wait_ms
    syncs_later = options.get(SYNCS_LATER, False) and connection.info.get(CAN_SYNC_LATER, False)
    waits = bool(options.get(IS_DURABLE, True)) and not syncs_later
    if connection.info.get(_WAITS, True) != waits:
        # The next durable commit syncs the whole log, and with it what was committed before without a sync.
        _execute_raw(connection, f"PRAGMA synchronous={'FULL' if waits else 'NORMAL'}")
        connection.info[_WAITS] = waits
    _execute_raw(connection, "BEGIN IMMEDIATE")


def _execute_raw(connection: Connection, statement: str) -> None:
    """Execute without SQLAlchemy's overhead.

    It costs 13 of the 140 microseconds that an unchanged calendar feed takes, and nothing measurable elsewhere.
    """
    try:
        connection.connection.driver_connection.execute(statement)  # type: ignore[union-attr]
    except sqlite3.Error as error:
        raise DBAPIError.instance(statement, None, error, sqlite3.Error, dialect=connection.dialect) from error


def _begin_postgresql_transaction(connection: Connection) -> None:
    options = connection.get_execution_options()
    is_writing = bool(options.get(WRITING, False))
    postgresql.declare_reading(connection, is_reading=not is_writing)
    presets.prepare_transaction(connection)
    deadlines.apply(connection)
    # Event ids may be committed out of order; cursors.py has to know when no write is running.
    if is_writing:
        setting = "" if options.get(IS_DURABLE, True) else ", set_config('synchronous_commit', 'off', true)"
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock_shared(%s, %s){setting}", WRITERS_LOCK)
