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

    @property
    def server(self) -> tuple[str, str]:
        """Host and port of the server that has not answered."""

    def has_answered(self) -> bool:
        """Return whether the answer has arrived or will never arrive."""

    def give_up(self) -> None:
        """Close the connection: its answer is of no use any more."""


class StalledCommits:
    """The stalled commits of this process, and when the next writer may try whether commits are answered again."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: list[StalledConnection] = []
        self._pause_seconds = TRIAL_SECONDS_MIN
        self._next_trial = 0.0
        self._is_on_trial = False

    def add(self, connection: StalledConnection) -> None:
        """Note a commit that was not answered in time.

        Only one that was let in to try lengthens the pause: others began before the first of them was noticed.
        """
        with self._guard:
            if self._is_on_trial or not self._waiting:
                self._next_trial = time.monotonic() + self._pause_seconds
                self._pause_seconds = min(2 * self._pause_seconds, TRIAL_SECONDS_MAX)
                self._is_on_trial = False
            self._waiting.append(connection)

    def may_write(self) -> bool:
        """Return whether a writer may begin: nothing is stalled, or it is time for one to try."""
        if not self._waiting:
            return True
        with self._guard:
            waiting = [each for each in self._waiting if not each.has_answered()]
            if len(waiting) < len(self._waiting):  # the standby is back, or the server has gone
                self._waiting, self._pause_seconds, self._is_on_trial = waiting, TRIAL_SECONDS_MIN, False
                return True
            if time.monotonic() < self._next_trial:
                return False
            self._next_trial = time.monotonic() + self._pause_seconds
            self._is_on_trial = True
            return True

    def reached(self, server: tuple[str, str]) -> None:
        """Forget what is stalled on other servers: this one has taken over, and it accepts changes.

        A machine that hangs never says that it has lost its office, so writers would wait for the next trial.
        """
        if not self._waiting:
            return
        with self._guard:
            left = [each for each in self._waiting if each.server != server]
            self._waiting = [each for each in self._waiting if each.server == server]
            if left:
                self._pause_seconds, self._next_trial = TRIAL_SECONDS_MIN, 0.0
        for each in left:
            each.give_up()

    def clear(self) -> None:
        """Forget all: a commit was answered."""
        if self._waiting:
            with self._guard:
                self._waiting, self._pause_seconds, self._is_on_trial = [], TRIAL_SECONDS_MIN, False


_of_this_process = StalledCommits()
add, may_write, clear = _of_this_process.add, _of_this_process.may_write, _of_this_process.clear
reached = _of_this_process.reached
