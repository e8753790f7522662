"""Results of reads that many requests need at the same moment, kept as long as the database does not change.

A thousand people who want the same hour are refused by the same reads. The version of the database is exact: on SQLite
the change counter of the connection, on a primary of PostgreSQL the snapshot, of which two are equal only if they see
the same commits (a replica, on which the ring does not start, names no transactions that run). So every commit, of
whatever process, ends what was kept. The results belong to a connection, which one thread
uses at a time and which ends with its server.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from booking.kernel.transaction import is_writing

T = TypeVar("T")

ENTRIES_MAX = 64  # of a connection; a form that is refused uses nine
_CACHE, _VERSION = "ringbuch_read_cache", "ringbuch_database_version"


@dataclass(slots=True)
class _Results:
    """What was read from one version of the database."""

    version: Hashable
    by_key: dict[Hashable, Any] = field(default_factory=dict)


def cached_read(session: Session, key: Hashable, read: Callable[[], T]) -> T:
    """Return what a read returned since the last change of the database, or read.

    key: names the read and all that its result depends on beside the database. read: returns frozen values, no objects
    of the ORM. Inside write_transaction() it is always called, because what the transaction wrote is no version.
    """
    if is_writing(session):
        return read()
    connection = session.connection()
    version = _version_of(session, connection)
    results = connection.info.get(_CACHE)
    if results is None or results.version != version:
        results = connection.info[_CACHE] = _Results(version)
    if key in results.by_key:
        found: T = results.by_key[key]
        return found
    value = read()
    if len(results.by_key) >= ENTRIES_MAX:
        results.by_key.clear()
    results.by_key[key] = value
    return value


def _version_of(session: Session, connection: Connection) -> Hashable:
    """Return the version that the transaction of a session sees, asked for once per transaction."""
    transaction = session.get_transaction()
    known: tuple[object, Hashable] = session.info.get(_VERSION, (None, None))
    if known[0] is not transaction:
        known = session.info[_VERSION] = transaction, _read_version(connection)
    return known[1]


def _read_version(connection: Connection) -> Hashable:
    if connection.dialect.name != "sqlite":
        return str(connection.exec_driver_sql("SELECT pg_current_snapshot()::text").scalar_one())
    driver: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    # The first counts the commits of other connections, the second the rows changed by this one.
    return int(driver.execute("PRAGMA data_version").fetchone()[0]), driver.total_changes
