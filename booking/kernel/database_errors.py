"""Classification of database errors: unreachable, busy, disk full, read-only, corrupt; or a bug in the statement."""

from __future__ import annotations

import errno
import sqlite3

from sqlalchemy.exc import DBAPIError, OperationalError

from booking.kernel.errors import (
    Busy,
    DatabaseCorrupt,
    DatabaseForbids,
    DatabaseReadOnly,
    DatabaseUnreachable,
    DiskFull,
    Unavailable,
    WriteClash,
)

RETRY_SOON_SECONDS, RETRY_LATER_SECONDS, RETRY_MUCH_LATER_SECONDS = 1, 5, 60

SERIALIZATION_FAILURE, DEADLOCK, LOCK_TIMEOUT, READ_ONLY_TRANSACTION = "40001", "40P01", "55P03", "25006"

# Prefix of SQLite's error name or of PostgreSQL's SQLSTATE, the class it means, and when to try again.
_CLASSES: tuple[tuple[str, type[Unavailable], int], ...] = (
    ("SQLITE_FULL", DiskFull, RETRY_MUCH_LATER_SECONDS),
    ("SQLITE_READONLY", DatabaseReadOnly, RETRY_MUCH_LATER_SECONDS),
    ("SQLITE_CORRUPT", DatabaseCorrupt, RETRY_MUCH_LATER_SECONDS),
    ("SQLITE_NOTADB", DatabaseCorrupt, RETRY_MUCH_LATER_SECONDS),
    ("SQLITE_BUSY", Busy, RETRY_SOON_SECONDS),
    ("SQLITE_LOCKED", Busy, RETRY_SOON_SECONDS),
    ("53100", DiskFull, RETRY_MUCH_LATER_SECONDS),
    (READ_ONLY_TRANSACTION, DatabaseReadOnly, RETRY_LATER_SECONDS),  # the standby that a fail-over is about to promote
    ("XX001", DatabaseCorrupt, RETRY_MUCH_LATER_SECONDS),
    ("XX002", DatabaseCorrupt, RETRY_MUCH_LATER_SECONDS),
    ("42501", DatabaseForbids, RETRY_MUCH_LATER_SECONDS),
    (LOCK_TIMEOUT, Busy, RETRY_SOON_SECONDS),
    (SERIALIZATION_FAILURE, WriteClash, RETRY_SOON_SECONDS),
    (DEADLOCK, WriteClash, RETRY_SOON_SECONDS),
)
# PostgreSQL: connection lost, serialisation failure and deadlock, out of resources, lock not available, shutting down;
# SQLite: the same for a file.
_TRANSIENT = (
    *("08", "40", "53", "55", "57"),
    *("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN"),
)
# PostgreSQL: transaction resolution or statement completion unknown; SQLite: the file may hold it after a restart.
_COMMIT_UNKNOWN = ("08007", "40003", "SQLITE_IOERR")
_SESSION_READ_ONLY = "session is read-only"  # libpq: no host of several accepts changes
_OPERATIONAL = (OperationalError, sqlite3.OperationalError)
_SQLITE_BUG = "SQLITE_ERROR"  # no such table, no such column
_DISK_FULL_ERRNOS = (errno.ENOSPC, errno.EDQUOT)
_READ_ONLY_ERRNOS = (errno.EROFS, errno.EACCES, errno.EPERM)


def classify_error(error: DBAPIError | sqlite3.Error) -> Unavailable | None:
    """Return the refusal that a database error amounts to; None when the statement is at fault, which is a bug."""
    orig = error.orig if isinstance(error, DBAPIError) else error
    if orig is None:
        return None
    name = _name_of(orig)
    for prefix, kind, seconds in _CLASSES:
        if name.startswith(prefix):
            return kind(retry_after_seconds=seconds)
    if _is_no_host_writable(str(orig)):
        return DatabaseReadOnly(retry_after_seconds=RETRY_LATER_SECONDS)
    is_lost = isinstance(error, DBAPIError) and error.connection_invalidated
    is_unreachable = is_lost or (isinstance(error, _OPERATIONAL) and name != _SQLITE_BUG)
    return DatabaseUnreachable(retry_after_seconds=RETRY_LATER_SECONDS) if is_unreachable else None


def _is_no_host_writable(message: str) -> bool:
    """Return whether every host was reached and refuses changes, by the message of psycopg."""
    failures = [line for line in message.splitlines() if line.startswith("- host:")] or [message]
    return all(_SESSION_READ_ONLY in failure for failure in failures)


def is_unserved(error: Exception) -> bool:
    """Return whether the database could not serve a use case; False where the use case is at fault."""
    return isinstance(error, Unavailable) or (isinstance(error, DBAPIError) and classify_error(error) is not None)


def is_unreachable(error: Exception) -> bool:
    """Return whether the database does not answer at all."""
    found = classify_error(error) if isinstance(error, DBAPIError) else error
    return isinstance(found, DatabaseUnreachable)


def is_transient(error: Exception) -> bool:
    """Return whether the same operation may succeed when it is tried again later."""
    if isinstance(error, Busy):
        return True
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or _name_of(error.orig).startswith(_TRANSIENT)


def is_connection_lost(error: DBAPIError) -> bool:
    """Return whether a connection was lost at once, so that a new one may succeed; not where the server was silent."""
    return error.connection_invalidated and not getattr(error.orig, "is_overdue", False)


def is_outcome_unknown(error: DBAPIError) -> bool:
    """Return whether an error of COMMIT leaves open what the database has stored."""
    name = _name_of(error.orig)
    return error.connection_invalidated or name.startswith(_COMMIT_UNKNOWN)


def classify_os_error(error: OSError) -> Unavailable | None:
    """Return the same for an error on a file beside the database, such as its lock file."""
    if error.errno in _DISK_FULL_ERRNOS:
        return DiskFull(retry_after_seconds=RETRY_MUCH_LATER_SECONDS)
    return DatabaseReadOnly(retry_after_seconds=RETRY_MUCH_LATER_SECONDS) if error.errno in _READ_ONLY_ERRNOS else None


def _name_of(orig: BaseException | None) -> str:
    """Return PostgreSQL's SQLSTATE (five characters) or SQLite's error name; empty when the driver gives none."""
    return getattr(orig, "sqlstate", None) or getattr(orig, "sqlite_errorname", None) or ""
