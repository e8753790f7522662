"""The write gate: one writer at a time per SQLite file, served in the order of arrival.

SQLite's own busy handler is unfair (a writer can starve for a second), so writers queue here before
BEGIN IMMEDIATE: first the threads of a process among themselves, then one thread per process before the file.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from booking.kernel.errors import Busy
from booking.kernel.faults import fault_of_file

try:
    import fcntl
except ImportError:  # Windows: SQLite's own lock, with its busy timeout, stands alone between processes.
    fcntl = None  # type: ignore[assignment]

WAIT_SECONDS = 5.0

# A write lasts about a millisecond, so the next process looks often at first; a long wait costs little.
_POLL_SECONDS, _LONG_POLL_SECONDS, _LONG_WAIT_SECONDS = 0.0002, 0.002, 0.1


class Queue:
    """A lock between threads that serves in the order of arrival; Python's own lets late-comers push in."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._is_held = False

    def enter(self, wait_seconds: float) -> bool:
        """Wait for one's turn. Returns whether it came within wait_seconds."""
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
        return True  # it was handed over in the very moment of giving up

    def leave(self) -> None:
        """Hand over to who has waited longest."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_held = False


class FileLock:
    """A lock between processes: flock, looked at again and again because it knows no time limit."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def acquire(self, deadline: float) -> None:
        """Take the lock. Raises Busy at the deadline (time.monotonic); NoRoom, NotWritable for the lock's own file."""
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
        """Let the next process in."""
        if fcntl is not None and self._handle is not None:
            fcntl.flock(self._handle, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the handle, without unlocking what another process still holds through it."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _open(self) -> int:
        if self._handle is None:
            try:
                self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError as error:
                raise fault_of_file(error) or error from error
        return self._handle


class WriteGate:
    """The queue in front of one database file.

    Between processes stand two locks, like a turnstile before a door: who waits at the door holds the turnstile,
    so the process that just wrote must line up behind the others and cannot slip in again.
    """

    def __init__(self, database_file: Path) -> None:
        self._threads = Queue()
        self._turnstile = FileLock(database_file.with_name(database_file.name + ".turnstile"))
        self._door = FileLock(database_file.with_name(database_file.name + ".gate"))

    @contextmanager
    def passed(self, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
        """Hold the gate. Raises Busy when it does not open within wait_seconds."""
        deadline = time.monotonic() + wait_seconds
        if not self._threads.enter(wait_seconds):
            raise Busy(retry_after_seconds=1)
        try:
            self._turnstile.acquire(deadline)
            try:
                self._door.acquire(deadline)
            finally:
                self._turnstile.release()
            try:
                yield
            finally:
                self._door.release()
        finally:
            self._threads.leave()

    def abandon(self) -> None:
        """Close what a child of fork inherited; see _forget_gates."""
        self._turnstile.close()
        self._door.close()


_gates: dict[Path, WriteGate] = {}
_gates_lock = threading.Lock()


def gate_of(database_file: Path) -> WriteGate:
    """The one gate of this process for a database file."""
    with _gates_lock:
        gate = _gates.get(database_file)
        if gate is None:
            gate = _gates[database_file] = WriteGate(database_file)
        return gate


def _forget_gates() -> None:
    """A child of fork starts with gates of its own: a lock on an inherited handle would be shared with the parent."""
    global _gates, _gates_lock
    for gate in _gates.values():
        gate.abandon()
    _gates, _gates_lock = {}, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_gates)
