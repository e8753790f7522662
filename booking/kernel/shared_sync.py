"""Durable commits on SQLite whose wait for the disk is shared, and does not keep the next writer waiting.

A writer commits without waiting for the disk, lets the next one write, and returns when the write-ahead log has been
synced once since its commit. Those that wait in one process share a sync. The log is only ever extended, so that a
sync covers all commits before it, of whatever process; what a power cut takes are the last commits of nobody who was
answered. Readers see a commit while its writer still waits: at most one sync earlier than with SQLite's own.

After a sync that failed the system takes what it could not write for written, and the next sync succeeds: the log has
a hole on the disk, where a recovery would end, before all that was committed later. So nobody is answered by a sync
any more until SQLite has moved the log to the database, synced that, and emptied the log.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from booking.kernel.database_errors import RETRY_LATER_SECONDS
from booking.kernel.errors import Busy, OutcomeUnknown
from booking.kernel.per_file import PerFile
from booking.kernel.write_lock import write_lock_of

log = logging.getLogger(__name__)

READERS_SECONDS = 5.0  # for which emptying the log waits for those who read from it
CAN_SYNC = hasattr(os, "fdatasync")  # what SQLite itself calls; elsewhere its own commits wait for the disk


@dataclass(slots=True)
class _Round:
    """One sync and those who wait for it. error: why it failed."""

    is_over: bool = False
    error: BaseException | None = None


class SharedSync:
    """The syncs of one write-ahead log by this process."""

    def __init__(self, database_file: Path) -> None:
        self._database = database_file
        real = Path(os.path.realpath(database_file))  # SQLite follows links as well
        self._log = real.with_name(real.name + "-wal")
        self._guard, self._turn = threading.Lock(), threading.Lock()
        self._next = _Round()
        self._known_file = 0
        self._is_doubtful = False  # whether the log may have a hole on the disk

    def wait(self) -> None:
        """Return when what was committed before the call is on the disk. Raises OutcomeUnknown where it may not be."""
        with self._guard:
            own = self._next  # it has not begun
        with self._turn:
            if not own.is_over:
                self._run(own)
        if own.error is not None:
            raise OutcomeUnknown(retry_after_seconds=RETRY_LATER_SECONDS) from own.error

    def _run(self, own: _Round) -> None:
        with self._guard:
            self._next = _Round()  # whoever commits from now on needs another
        try:
            self._make_durable()
        except BaseException as error:
            own.error = error
            if not isinstance(error, Exception):
                raise
        finally:
            own.is_over = True

    def _make_durable(self) -> None:
        was_doubtful, self._is_doubtful = self._is_doubtful, True  # whatever ends this
        if was_doubtful or not self._is_synced():
            self._empty_log()
            self._sync()
        self._is_doubtful = False

    def _is_synced(self) -> bool:
        try:
            self._sync()
        except OSError as error:
            log.warning("%s could not be synced (%s): moving it to the database", self._log, error)
            return False
        return True

    def _empty_log(self) -> None:
        """Have the log moved to the database. Raises Busy where others read from it, or write, too long.

        Without emptying it, the next commits may follow behind the hole: a reader keeps SQLite from beginning anew.
        """
        address = f"{self._database.absolute().as_uri()}?mode=rw"
        with (
            write_lock_of(self._database).acquire(),
            closing(sqlite3.connect(address, uri=True, timeout=READERS_SECONDS, isolation_level=None)) as connection,
        ):
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA schema_version").fetchone()  # finds the log, which the next one would not
            is_busy, _in_log, _moved = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if is_busy:
            raise Busy(retry_after_seconds=RETRY_LATER_SECONDS)

    def _sync(self) -> None:
        try:
            handle = os.open(self._log, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return  # the last connection was closed: SQLite has moved all of it to the database, and synced that
        try:
            os.fdatasync(handle)
            file = os.fstat(handle).st_ino
        finally:
            os.close(handle)
        if file != self._known_file:  # a new log has to be found again, too
            _sync_folder(self._log.parent)
            self._known_file = file


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


shared_sync_of = PerFile(SharedSync).of
