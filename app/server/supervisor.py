"""Supervision of a child process: restarted when it ends, with exponential backoff."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from app.server.child_process import ChildProcess
from app.server.small_supervisor import Backoff, Handover, report


class SupervisedProcess:
    """A child process, its name for people, the backoff before its next start, and a command that does the same."""

    def __init__(
        self,
        name: str,
        backoff_seconds_max: float,
        command: list[str],
        target: Callable[..., None],
        *arguments: object,
    ) -> None:
        self.name = name
        self._backoff_seconds_max, self._command = backoff_seconds_max, command
        self._backoff = Backoff(backoff_seconds_max)
        self._make = partial(ChildProcess, target, *arguments)
        self._child: ChildProcess | None = None
        self._next_start = 0.0
        self._started = 0.0

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._child is not None and self._child.is_alive

    @property
    def exit_code(self) -> int | None:
        """The exit code of the last run; None while it runs."""
        return self._child.exit_code if self._child else None

    @property
    def sentinel(self) -> int | None:
        """The handle for multiprocessing.connection.wait(); None when nothing runs."""
        return self._child.sentinel if self._child and self._child.is_alive else None

    def seconds_to_start(self, otherwise: float) -> float:
        """Return the seconds until the backoff of a process that does not run is over; otherwise: while it runs."""
        return otherwise if self.is_alive else max(0.0, self._next_start - time.monotonic())

    def ensure_running(self) -> None:
        """Start the process when it does not run and its backoff is over."""
        if self.is_alive:
            return
        if self._child is not None:
            self._on_exit(self._child)
        if time.monotonic() >= self._next_start:
            self._child, self._started = self._make(), time.monotonic()
            self._child.start()

    def handover(self) -> Handover:
        """Return what another supervisor needs to know of the process, which it waits for or starts."""
        # One that has ended may be gone already (each start looks after all children), and would be waited for in vain.
        pid = self._child.pid if self._child is not None and self._child.is_alive else None
        return self.name, pid, self._backoff_seconds_max, self._command

    def stop(self, seconds: float) -> None:
        """Stop the process and all it started. May be called when it does not run."""
        if self._child is not None:
            self._child.stop(seconds)

    def _on_exit(self, child: ChildProcess) -> None:
        code = child.exit_code
        child.stop(0)  # processes that it started would keep its port
        self._child = None
        wait = self._backoff.next_seconds(time.monotonic() - self._started)
        self._next_start = time.monotonic() + wait
        seconds = f"{wait:.0f} s"
        report(f"The {self.name} ended (exit code {code}); it starts again in {seconds}.")
