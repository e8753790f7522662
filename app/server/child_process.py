"""Child processes that never outlive us: started apart from the terminal, stopped as a family."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

STOP_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
PR_SET_PDEATHSIG = 1
_POLL_SECONDS = 0.5


def share_memory() -> bool:
    """Whether a child begins as a copy of this process. Where not, it loads the program for itself."""
    return multiprocessing.get_start_method() == "fork"


class Child:
    """A function in a process of its own, in a session of its own: Ctrl-C reaches the parent alone."""

    def __init__(self, target: Callable[..., None], *arguments: Any) -> None:
        # A server of its own keeps children; daemonic processes may not.
        self._process = multiprocessing.Process(target=_run_apart, args=(target, arguments), daemon=False)

    def start(self) -> None:
        """Begin. Call once."""
        self._process.start()

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self._process.is_alive()

    @property
    def exit_code(self) -> int | None:
        """How it ended; None before, negative for a signal."""
        return self._process.exitcode

    @property
    def sentinel(self) -> int:
        """What multiprocessing.connection.wait() can wait for."""
        return self._process.sentinel

    def stop(self, seconds: float) -> None:
        """Ask it to end, then end it and whatever it started. Harmless when it has ended already."""
        if self._process.pid is None:
            return
        deadline = time.monotonic() + seconds
        while self.is_alive and time.monotonic() < deadline:
            # Asked again and again: a process that is still starting may not hear the first time.
            self._signal("SIGTERM")
            self._process.join(_POLL_SECONDS)
        self._signal("SIGKILL")
        self._process.join()

    def _signal(self, name: str) -> None:
        if hasattr(os, "killpg"):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid or 0, getattr(signal, name))
        elif name == "SIGTERM":
            self._process.join(_POLL_SECONDS)  # Windows: the console has told everybody already
        else:
            self._process.kill()


class StopSign:
    """Notes, inside its block, that somebody asked us to end: Ctrl-C, a service manager, a closed terminal.

    It only notes: an exception out of a signal handler can come where Python swallows it.
    """

    def __init__(self) -> None:
        self.is_given = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> StopSign:
        self._before = {number: signal.signal(number, self._note) for number in STOP_SIGNALS}
        return self

    def __exit__(self, *_error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, _number: int, _frame: object) -> None:
        self.is_given = True


def _run_apart(target: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    for number in STOP_SIGNALS:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    if hasattr(os, "setsid"):
        os.setsid()
    _die_with_parent()
    with suppress(KeyboardInterrupt):
        target(*arguments)


def _die_with_parent() -> None:
    """Linux: be told to end when the parent is gone, however it went."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        parent = multiprocessing.parent_process()
        if parent is not None and os.getppid() != parent.pid:
            os.kill(os.getpid(), signal.SIGTERM)  # it had gone before we could ask to be told
