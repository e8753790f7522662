"""Commits that PostgreSQL has not answered: while it waits for a synchronous standby, no further writer is let in.

Each of them holds its locks and one connection of the server until the standby is back, whether this program still
waits or not. Without a limit, writers who try again would use up all connections, and nobody could read any more.
"""

from __future__ import annotations

import threading
import time
from typing import Protocol

TRIAL_SECONDS_MIN, TRIAL_SECONDS_MAX = 4.0, 30.0


class StalledConnection(Protocol):
    """A connection whose COMMIT was sent and not answered."""

    def has_answered(self) -> bool:
        """Return whether the answer has arrived or will never arrive."""


class StalledCommits:
    """The stalled commits of this process, and when the next writer may try whether commits are answered again."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: list[StalledConnection] = []
        self._pause_seconds = TRIAL_SECONDS_MIN
        self._next_trial = 0.0

    def add(self, connection: StalledConnection) -> None:
        """Note a commit that was not answered in time."""
        with self._guard:
            self._waiting.append(connection)
            self._next_trial = time.monotonic() + self._pause_seconds
            self._pause_seconds = min(2 * self._pause_seconds, TRIAL_SECONDS_MAX)

    def may_write(self) -> bool:
        """Return whether a writer may begin: nothing is stalled, or it is time for one to try."""
        if not self._waiting:
            return True
        with self._guard:
            waiting = [each for each in self._waiting if not each.has_answered()]
            if len(waiting) < len(self._waiting):  # the standby is back, or the server has gone
                self._waiting, self._pause_seconds = waiting, TRIAL_SECONDS_MIN
                return True
            if time.monotonic() < self._next_trial:
                return False
            self._next_trial = time.monotonic() + self._pause_seconds
            return True

    def clear(self) -> None:
        """Forget all: a commit was answered."""
        if self._waiting:
            with self._guard:
                self._waiting, self._pause_seconds = [], TRIAL_SECONDS_MIN


_of_this_process = StalledCommits()
add, may_write, clear = _of_this_process.add, _of_this_process.may_write, _of_this_process.clear
