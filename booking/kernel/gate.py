"""The write gate: one writer at a time per SQLite file, in the order of arrival.

SQLite's own busy handler is unfair (a writer can starve for a second), so writers queue here before
BEGIN IMMEDIATE: first a lock between threads, then `flock` between processes.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from booking.kernel.errors import Busy

try:
    import fcntl
except ImportError:  # Windows: SQLite's own lock, with its busy timeout, stands alone between processes.
    fcntl = None  # type: ignore[assignment]

WAIT_SECONDS = 5.0
_POLL_SECONDS = 0.002


class WriteGate:
    """The queue in front of one database file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = threading.Lock()
        self._file: int | None = None
        self._owner_pid = 0

    @contextmanager
    def passed(self, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
        """Hold the gate. Raises Busy when it does not open within wait_seconds."""
        deadline = time.monotonic() + wait_seconds
        if not self._threads.acquire(timeout=wait_seconds):
            raise Busy(retry_after_seconds=1)
        try:
            self._lock_file(deadline)
            try:
                yield
            finally:
                self._unlock_file()
        finally:
            self._threads.release()

    def _lock_file(self, deadline: float) -> None:
        if fcntl is None:
            return
        if self._file is None or self._owner_pid != os.getpid():
            # A lock taken on a file handle inherited by fork would be shared with the parent.
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._owner_pid = os.getpid()
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise Busy(retry_after_seconds=1) from None
                time.sleep(_POLL_SECONDS)
            else:
                return

    def _unlock_file(self) -> None:
        if fcntl is not None and self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)


_gates: dict[Path, WriteGate] = {}
_gates_lock = threading.Lock()


def gate_of(database_file: Path) -> WriteGate:
    """The one gate of this process for a database file."""
    with _gates_lock:
        return _gates.setdefault(database_file, WriteGate(database_file.with_name(database_file.name + ".gate")))
