"""Supervision of child processes: restarted when they end, with exponential backoff, and ended together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from multiprocessing.connection import wait

from app.server.child_process import ChildProcess, command_of
from app.server.shutdown_signal import ShutdownSignal
from app.server.small_supervisor import REPEAT_SECONDS, Backoff, Handover, report


class SupervisedProcess:
    """A child process, its name for people, and the backoff before its next start.

    is_on_demand: the small supervisor, which it is handed over to, starts it again only when it failed or is called.
    """

    def __init__(
        self,
        name: str,
        backoff_seconds_max: float,
        target: Callable[..., None],
        *arguments: object,
        is_on_demand: bool = False,
    ) -> None:
        self.name, self._is_on_demand = name, is_on_demand
        self._backoff_seconds_max, self._command = backoff_seconds_max, command_of(target, *arguments)
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
        return self.name, pid, self._backoff_seconds_max, self._is_on_demand, self._command

    def ask_to_end(self) -> None:
        """Send SIGTERM to the process and all it started. May be called when it does not run."""
        if self._child is not None:
            self._child.ask_to_end()

    def kill(self) -> None:
        """Kill the process and all it started. May be called when it does not run."""
        if self._child is not None:
            self._child.kill()

    def _on_exit(self, child: ChildProcess) -> None:
        code = child.exit_code
        child.kill()  # processes that it started would keep its port
        self._child = None
        seconds = self._backoff.next_seconds(time.monotonic() - self._started)
        self._next_start = time.monotonic() + seconds
        report(f"The {self.name} ended (exit code {code}); it starts again in {seconds:.0f} s.")


def stop_all(processes: Iterable[SupervisedProcess], seconds: float, shutdown: ShutdownSignal) -> None:
    """Ask all to end; kill them with all they started after this time, or at once when Ctrl-C is pressed again."""
    deadline, everything = time.monotonic() + seconds, list(processes)
    while True:
        shutdown.forget_wakeup()  # before looking, as where they are supervised
        running = {sentinel: each for each in everything if (sentinel := each.sentinel) is not None}
        if not running or shutdown.is_repeated or time.monotonic() >= deadline:
            break
        for process in running.values():
            process.ask_to_end()
        wait([shutdown.wakeup, *running], timeout=REPEAT_SECONDS)
    for process in everything:
        process.kill()
