"""What an error of the database itself means for whoever asked: gone, busy, full, locked against writing, damaged."""

from __future__ import annotations

import errno
import sqlite3

from sqlalchemy.exc import DBAPIError, OperationalError

from booking.kernel.errors import Busy, Damaged, DatabaseGone, NoRoom, NotWritable, Unavailable

SOON_SECONDS, LATER_SECONDS, MUCH_LATER_SECONDS = 1, 5, 60

SERIALIZATION_FAILURE, DEADLOCK, LOCK_TIMEOUT = "40001", "40P01", "55P03"

# The beginnings of SQLite's names and of PostgreSQL's states, the kind they tell, and when to come back.
_KINDS: tuple[tuple[str, type[Unavailable], int], ...] = (
    ("SQLITE_FULL", NoRoom, MUCH_LATER_SECONDS),
    ("SQLITE_READONLY", NotWritable, MUCH_LATER_SECONDS),
    ("SQLITE_CORRUPT", Damaged, MUCH_LATER_SECONDS),
    ("SQLITE_NOTADB", Damaged, MUCH_LATER_SECONDS),
    ("SQLITE_BUSY", Busy, SOON_SECONDS),
    ("SQLITE_LOCKED", Busy, SOON_SECONDS),
    ("53100", NoRoom, MUCH_LATER_SECONDS),
    ("25006", NotWritable, LATER_SECONDS),  # the standby that a fail-over is about to promote
    ("XX001", Damaged, MUCH_LATER_SECONDS),
    ("XX002", Damaged, MUCH_LATER_SECONDS),
    (LOCK_TIMEOUT, Busy, SOON_SECONDS),
    (SERIALIZATION_FAILURE, Busy, SOON_SECONDS),
    (DEADLOCK, Busy, SOON_SECONDS),
)
# What passes by itself. PostgreSQL: connection lost, serialisation and deadlock, no room, lock not to be had, shutting
# down; SQLite: the same of a file.
_PASSING = (
    *("08", "40", "53", "55", "57"),
    *("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN"),
)
_OPERATIONAL = (OperationalError, sqlite3.OperationalError)
_SQLITE_BUG = "SQLITE_ERROR"  # no such table, no such column
_FULL = (errno.ENOSPC, errno.EDQUOT)
_LOCKED = (errno.EROFS, errno.EACCES, errno.EPERM)


def fault_of(error: DBAPIError | sqlite3.Error) -> Unavailable | None:
    """The fault of the database behind an error; None where the statement is to blame, which is a bug."""
    orig = error.orig if isinstance(error, DBAPIError) else error
    if orig is None:
        return None
    name = _name_of(orig)
    for beginning, kind, seconds in _KINDS:
        if name.startswith(beginning):
            return kind(retry_after_seconds=seconds)
    is_lost = isinstance(error, DBAPIError) and error.connection_invalidated
    is_gone = is_lost or (isinstance(error, _OPERATIONAL) and name != _SQLITE_BUG)
    return DatabaseGone(retry_after_seconds=LATER_SECONDS) if is_gone else None


def is_passing(error: Exception) -> bool:
    """Whether the database, not what was asked of it, is to blame, so that the same may succeed when tried again."""
    if isinstance(error, Busy):
        return True
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or _name_of(error.orig).startswith(_PASSING)


def fault_of_file(error: OSError) -> Unavailable | None:
    """The same for a file beside the database."""
    if error.errno in _FULL:
        return NoRoom(retry_after_seconds=MUCH_LATER_SECONDS)
    return NotWritable(retry_after_seconds=MUCH_LATER_SECONDS) if error.errno in _LOCKED else None


def _name_of(orig: BaseException | None) -> str:
    """PostgreSQL's state (five letters) or SQLite's name of an error; empty where the driver tells none."""
    return getattr(orig, "sqlstate", None) or getattr(orig, "sqlite_errorname", None) or ""
