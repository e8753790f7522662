"""The fair write lock: one writer at a time per SQLite file, served in the order of arrival.

SQLite's own busy handler is unfair (a writer can starve for a second), so writers queue here before BEGIN IMMEDIATE:
first the threads of a process among themselves, then one thread of each process for the file.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from booking.kernel.database_errors import classify_os_error
from booking.kernel.errors import Busy
from booking.kernel.per_file import PerFile

try:
    import fcntl
except ImportError:  # Windows: between processes only SQLite's own lock with its busy timeout remains.
    fcntl = None  # type: ignore[assignment]

WAIT_SECONDS = 5.0
LOCK_FILE_SUFFIXES = (".waiting-lock", ".write-lock")

# A write takes about a millisecond, so a waiting process polls often at first, and less often after a long wait.
_POLL_SECONDS, _LONG_POLL_SECONDS, _LONG_WAIT_SECONDS = 0.0002, 0.002, 0.1

# Python's turns are 5 ms. Pages that 50 browsers ask for at once took a tenth more processor time with short ones, so
# that only the holder of the lock has them.
_TURN_SECONDS = 0.0003


class FifoLock:
    """A lock between threads, granted in the order of arrival; threading.Lock guarantees no order."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._is_held = False

    def acquire(self, wait_seconds: float) -> bool:
        """Wait for the lock; return whether it was acquired within wait_seconds."""
        with self._guard:
            if not self._is_held:
                self._is_held = True
                return True
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        if turn.acquire(timeout=wait_seconds):
            return True
        with self._guard:
            if turn in self._waiting:
                self._waiting.remove(turn)
                return False
        return True  # it was granted at the very moment of the timeout

    def release(self) -> None:
        """Grant the lock to the thread that has waited longest."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_held = False


class FileLock:
    """A lock between processes: flock, polled because flock has no timeout."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def acquire(self, deadline: float) -> None:
        """Take the lock.

        Raises Busy at the deadline (time.monotonic); DiskFull, DatabaseReadOnly for the lock file itself.
        """
        if fcntl is None:
            return
        handle = self._open()
        started = time.monotonic()
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                moment = time.monotonic()
                if moment >= deadline:
                    raise Busy(retry_after_seconds=1) from None
                time.sleep(_POLL_SECONDS if moment - started < _LONG_WAIT_SECONDS else _LONG_POLL_SECONDS)
            else:
                return

    def release(self) -> None:
        """Unlock the file for the next process."""
        if fcntl is not None and self._handle is not None:
            fcntl.flock(self._handle, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the handle without unlocking what another process still holds through it."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _open(self) -> int:
        if self._handle is None:
            try:
                self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError as error:
                raise classify_os_error(error) or error from error
        return self._handle


class WriteLock:
    """The fair write lock of one database file.

    Between processes there are two file locks. A process holds waiting_lock while it waits for write_lock, so the
    process that has just written queues behind those already waiting and cannot take the lock again at once.
    """

    def __init__(self, database_file: Path) -> None:
        self._thread_lock = FifoLock()
        self._waiting_lock, self._write_lock = (
            FileLock(database_file.with_name(database_file.name + suffix)) for suffix in LOCK_FILE_SUFFIXES
        )

    @contextmanager
    def acquire(self, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
        """Hold the lock during a with-block. Raises Busy when it is not granted within wait_seconds."""
        deadline = time.monotonic() + wait_seconds
        if not self._thread_lock.acquire(wait_seconds):
            raise Busy(retry_after_seconds=1)
        try:
            self._waiting_lock.acquire(deadline)
            try:
                self._write_lock.acquire(deadline)
            finally:
                self._waiting_lock.release()
            try:
                yield
            finally:
                self._write_lock.release()
        finally:
            self._thread_lock.release()

    def close(self) -> None:
        """Close the file handles that a forked child inherited; see per_file.py."""
        self._waiting_lock.close()
        self._write_lock.close()


@contextmanager
def short_turns() -> Iterator[None]:
    """Have the holder of a lock wait briefly for the interpreter, which it gives up at each statement.

    Another thread of its process that runs Python meanwhile would keep it for a whole turn, and the lock lay unused.
    """
    usual = sys.getswitchinterval()
    if usual <= _TURN_SECONDS:  # the holder of another lock has them, and ends them
        yield
        return
    sys.setswitchinterval(_TURN_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


_LOCKS = PerFile(WriteLock, close=WriteLock.close)
write_lock_of = _LOCKS.of
