"""SQLite's write-ahead log, moved to the database by a thread of its own while others write.

SQLite moves it at the end of the commit by which it has a thousand pages: ten milliseconds under the write lock, in
which everybody waits. Here a thread moves what is committed so far, and waits for the disk, without the lock, and takes
it only for what came meanwhile: SQLite begins the log anew where all of it was moved and nobody reads from it. Where
readers keep the log from beginning anew, or one commit is large, SQLite does it as ever, at LOG_PAGES_MAX.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from booking.kernel.errors import Unavailable
from booking.kernel.per_file import PerFile
from booking.kernel.shared_sync import log_of, shared_sync_of
from booking.kernel.write_lock import write_lock_of

log = logging.getLogger(__name__)

# From which on the log is moved. Beginning anew holds the lock for a few milliseconds, however long the log is, so
# that it may be longer than SQLite's own thousand pages: this is 16 MB, or two hundred reservations.
LOG_PAGES = 4_000
LOG_PAGES_MAX = 8_000  # from which on each commit moves the log by itself
MORE_PAGES = 1_000  # after which a log is moved once more that could not begin anew
LOOK_EVERY = 8  # commits of a process; a reservation writes about twenty pages
LOCK_WAIT_SECONDS = 1.0
_MOVE = "PRAGMA wal_checkpoint(PASSIVE)"
_LOG_HEADER, _FRAME_HEADER, _SALT = 32, 24, 8  # bytes of the log's format (sqlite.org/fileformat.html, section 4)


class Checkpoints:
    """The log of a database, as this process looks after it."""

    def __init__(self, database_file: Path) -> None:
        self._database, self._log = database_file, log_of(database_file)
        self._guard = threading.Lock()
        self._commits, self._is_running = 0, False
        self._next_at = LOG_PAGES
        self._synced: tuple[int, int] | None = None  # handle and inode of the database

    def note_commit(self) -> None:
        """Look after some commits how long the log is, and have it moved. Call without the write lock."""
        with self._guard:
            self._commits += 1
            if self._commits < LOOK_EVERY or self._is_running:
                return
            self._commits, pages = 0, log_pages(self._log)
            if pages < LOG_PAGES:
                self._next_at = LOG_PAGES
            if pages < self._next_at:
                return
            self._next_at, self._is_running = pages + MORE_PAGES, True
        try:
            threading.Thread(target=self._run, name="checkpoint", daemon=True).start()
        except RuntimeError:  # no thread can be had: SQLite moves the log in time
            self._is_running = False

    def _run(self) -> None:
        try:
            self.move()
        except (sqlite3.Error, OSError, Unavailable) as error:
            log.warning("%s was not moved to the database: %s", self._log, error)
        finally:
            self._is_running = False

    def move(self) -> None:
        """Move the log to the database. Raises sqlite3.Error, OSError, and Unavailable where the lock cannot be had."""
        address = f"{self._database.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA schema_version").fetchone()  # finds the log, which the next one would not
            if self._move(connection):
                return  # another process is at it
            self._sync_database()
            with write_lock_of(self._database).acquire(LOCK_WAIT_SECONDS):
                self._move(connection)  # the last pages

    def _move(self, connection: sqlite3.Connection) -> bool:
        """Move what is committed; return whether somebody else does.

        A sync of the log that fails here would not be told to who syncs it next, so that they must not trust it.
        """
        try:
            is_busy, _in_log, _moved = connection.execute(_MOVE).fetchone()
        except sqlite3.Error as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_IOERR:
                shared_sync_of(self._database).distrust()
            raise
        return bool(is_busy)

    def _sync_database(self) -> None:
        """Have the pages written that were moved, so that SQLite need not wait for them under the lock.

        The handle stays open for good: closing one would end the locks that SQLite has on this file, of all threads.
        """
        inode = self._database.stat().st_ino
        if self._synced is None or self._synced[1] != inode:
            self._synced = os.open(self._database, os.O_RDONLY | os.O_CLOEXEC), inode
        os.fdatasync(self._synced[0])


def log_pages(log_file: Path) -> int:
    """Return how many pages a write-ahead log has, whatever else its file has from before it began anew: 0 for none.

    All pages of a log bear its salt, and none behind them does.
    """
    try:
        handle = os.open(log_file, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        header, size = os.pread(handle, _LOG_HEADER, 0), os.fstat(handle).st_size
        if len(header) < _LOG_HEADER:
            return 0
        salt, frame = header[16 : 16 + _SALT], int.from_bytes(header[8:12]) + _FRAME_HEADER
        least, most = 0, (size - _LOG_HEADER) // frame
        while least < most:
            middle = (least + most) // 2
            if os.pread(handle, _SALT, _LOG_HEADER + middle * frame + 8) == salt:
                least = middle + 1
            else:
                most = middle
        return least
    finally:
        os.close(handle)


checkpoints_of = PerFile(Checkpoints).of
