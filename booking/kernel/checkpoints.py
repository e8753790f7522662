"""SQLite's write-ahead log, moved to the database by a thread of its own while others write.

SQLite moves it at the end of the commit by which it has a thousand pages: ten milliseconds under the write lock, in
which everybody waits. Here a thread moves what is committed so far without the lock, and takes it only for what came
meanwhile: SQLite begins the log anew where all of it was moved and nobody reads from it. Where readers keep the log
from beginning anew, or a process writes more than it counts here, SQLite does it as ever, at LOG_PAGES_MAX.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from booking.kernel.errors import Unavailable
from booking.kernel.per_file import PerFile
from booking.kernel.shared_sync import shared_sync_of
from booking.kernel.write_lock import write_lock_of

log = logging.getLogger(__name__)

COMMITS = 50  # of a process, after which it moves the log: a reservation writes about twenty pages
LOG_PAGES_MAX = 4_000  # 16 MB, from which on each commit moves the log by itself
LOCK_WAIT_SECONDS = 1.0
_MOVE = "PRAGMA wal_checkpoint(PASSIVE)"


class Checkpoints:
    """How many commits of this process the log of a database has had since this process moved it."""

    def __init__(self, database_file: Path) -> None:
        self._database = database_file
        self._guard = threading.Lock()
        self._commits, self._is_running = 0, False

    def note_commit(self) -> None:
        """Count a commit; have the log moved, by another thread, where it is time. Call without the write lock."""
        with self._guard:
            self._commits += 1
            if self._commits < COMMITS or self._is_running:
                return
            self._commits, self._is_running = 0, True
        try:
            threading.Thread(target=self._run, name="checkpoint", daemon=True).start()
        except RuntimeError:  # no thread can be had: SQLite moves the log in time
            self._is_running = False

    def _run(self) -> None:
        try:
            move_log(self._database)
        except (sqlite3.Error, Unavailable) as error:
            log.warning("the log of %s was not moved: %s", self._database, error)
        finally:
            self._is_running = False


def move_log(database_file: Path) -> None:
    """Move the log to the database. Raises sqlite3.Error, and Unavailable where the write lock cannot be had.

    A sync of the log that fails here would not be told to who syncs it next, so that they must not trust it.
    """
    address = f"{database_file.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA schema_version").fetchone()  # finds the log, which the next one would not
        try:
            connection.execute(_MOVE).fetchone()  # most of it, and what was written meanwhile: a few pages
            connection.execute(_MOVE).fetchone()
            with write_lock_of(database_file).acquire(LOCK_WAIT_SECONDS):
                connection.execute(_MOVE).fetchone()
        except sqlite3.Error as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_IOERR:
                shared_sync_of(database_file).distrust()
            raise


checkpoints_of = PerFile(Checkpoints).of
