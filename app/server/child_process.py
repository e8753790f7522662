"""Child processes that never outlive their parent: each in a session of its own, stopped with all it started."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.process import BaseProcess
from typing import Any

from app.server.small_supervisor import STOP_SIGNALS, stop_signals

CHILD_SIGNALS = [signal.SIGCHLD] if hasattr(signal, "SIGCHLD") else []
PR_SET_PDEATHSIG = 1
# Named, because Python's own choice differs between its versions: since 3.14 a further process starts the children on
# Linux, so none is a child of the process that it must not outlive. macOS's libraries do not survive a fork.
START_METHOD = "spawn" if sys.platform in ("darwin", "win32") else "fork"
_POLL_SECONDS = 0.5
_ORPHAN_SECONDS = 5.0  # what a process without its parent has to end by itself: nobody else would kill it


def forks() -> bool:
    """Return whether a child starts as a copy of this process; otherwise it loads the program itself."""
    return START_METHOD == "fork"


class ChildProcess:
    """A function in its own process and session, so that Ctrl-C reaches the parent only."""

    def __init__(self, target: Callable[..., None], *arguments: Any) -> None:
        # The web server starts children of its own, which daemonic processes may not.
        processes: Any = multiprocessing.get_context(START_METHOD)  # its declared type knows no Process
        self._process: BaseProcess = processes.Process(target=_run_in_session, args=(target, arguments), daemon=False)

    def start(self) -> None:
        """Start the process. Call once."""
        self._process.start()

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.is_alive()

    @property
    def pid(self) -> int | None:
        """The process id; None before the start."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code; None while it runs, negative for a signal."""
        return self._process.exitcode

    @property
    def sentinel(self) -> int:
        """The handle for multiprocessing.connection.wait()."""
        return self._process.sentinel

    def stop(self, seconds: float) -> None:
        """Terminate the process, after the given time kill it and all it started. May be called after it ended."""
        if self._process.pid is None:
            return
        deadline = time.monotonic() + seconds
        while self.is_alive and time.monotonic() < deadline:
            # Repeated, because a process that is still starting may miss the first signal.
            self._signal("SIGTERM")
            self._process.join(_POLL_SECONDS)
        self._signal("SIGKILL")
        self._process.join()

    def _signal(self, name: str) -> None:
        if hasattr(os, "killpg"):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid or 0, getattr(signal, name))
        elif name == "SIGTERM":
            self._process.join(_POLL_SECONDS)  # Windows: the console has sent Ctrl-C to all processes
        else:
            self._process.kill()


class ShutdownSignal:
    """A context manager that records a request to end: Ctrl-C, a service manager, a closed terminal.

    It only records: an exception raised by a signal handler can occur where Python swallows it. wakeup: a socket that
    becomes readable with a signal, for multiprocessing.connection.wait(), which a recorded signal would not end. The
    end of a child is such a signal too: its sentinel stays silent while processes that the child started still run.
    """

    def __init__(self) -> None:
        self.is_received = False
        self.wakeup, self._written = socket.socketpair()
        self.wakeup.setblocking(False)
        self._written.setblocking(False)
        self._previous_wakeup = -1
        self._previous_handlers: dict[int, Any] = {}

    def __enter__(self) -> ShutdownSignal:
        self._previous_handlers = {number: signal.signal(number, self._record) for number in stop_signals()}
        for number in CHILD_SIGNALS:  # with its default handler it would not be written to the socket
            self._previous_handlers[number] = signal.signal(number, lambda _number, _frame: None)
        self._previous_wakeup = signal.set_wakeup_fd(self._written.fileno(), warn_on_full_buffer=False)
        return self

    def __exit__(self, *_error: object) -> None:
        for number, handler in self._previous_handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._previous_wakeup)
        self.wakeup.close()
        self._written.close()

    def forget_wakeup(self) -> None:
        """Empty the socket, so that the next wait lasts until the next signal."""
        with suppress(BlockingIOError):
            while self.wakeup.recv(4096):
                pass

    def _record(self, _number: int, _frame: object) -> None:
        self.is_received = True


def _run_in_session(target: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    signal.set_wakeup_fd(-1)  # a fork's is that of the parent
    for number in STOP_SIGNALS:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    for number in CHILD_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    if hasattr(os, "setsid"):
        os.setsid()
    _end_with_parent()
    with suppress(KeyboardInterrupt):
        target(*arguments)


def _end_with_parent() -> None:
    """Linux: ask the kernel for SIGTERM when the parent ends, however it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if not has_parent():
            os.kill(os.getpid(), signal.SIGTERM)  # it ended before the request
        _kill_when_orphaned()


def _kill_when_orphaned() -> None:
    """Kill this process some seconds after its parent ended: a graceful end may wait for a network that hangs.

    A thread waits for the parent's end, without waking up; the parent may become another program meanwhile.
    """
    try:
        parent = os.pidfd_open(os.getppid())
    except OSError:  # an older kernel, or the parent has ended
        return

    def kill_later() -> None:
        select.select([parent], [], [])
        time.sleep(_ORPHAN_SECONDS)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=kill_later, daemon=True).start()


def has_parent() -> bool:
    """Return whether the process that started this one still runs, or is not known."""
    parent = multiprocessing.parent_process()
    return parent is None or os.getppid() == parent.pid
