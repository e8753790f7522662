"""Child processes that never outlive their parent: each in a session of its own, stopped with all it started."""

from __future__ import annotations

import ctypes
import json
import multiprocessing
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from app.server.shutdown_signal import CHILD_SIGNALS
from app.server.small_supervisor import CALL, STOP_SIGNALS

ROOT = Path(__file__).resolve().parents[2]
PR_SET_PDEATHSIG = 1
# Named, because Python's own choice differs between its versions: since 3.14 a further process starts the children on
# Linux, so none is a child of the process that it must not outlive. macOS's libraries do not survive a fork.
START_METHOD = "spawn" if sys.platform in ("darwin", "win32") else "fork"
_RUN_AGAIN = (
    "import sys; sys.path.insert(0, sys.argv[1]); from app.server import child_process; child_process.run_again()"
)
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

    def ask_to_end(self) -> None:
        """Terminate the process. To be repeated, because a process that is still starting may miss the first signal."""
        if hasattr(os, "killpg"):  # on Windows the console has sent Ctrl-C to all processes
            self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill the process and all it started. May be called before the start and after it ended."""
        if self._process.pid is None:
            return
        if hasattr(os, "killpg"):
            self._signal(signal.SIGKILL)
        else:
            self._process.kill()
        self._process.join()

    def _signal(self, number: int) -> None:
        if self._process.pid is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)


def command_of(target: Callable[..., None], *arguments: object) -> list[str]:
    """Return the command of a program that runs a function as a ChildProcess does: the ring is loaded again for it.

    target: of a module, by its name. arguments: what JSON can hold. The parent is whoever has executed `START` with it
    (small_supervisor.py).
    """
    name = f"{target.__module__}:{target.__qualname__}"
    return [sys.executable, "-P", "-c", _RUN_AGAIN, str(ROOT), name, json.dumps(arguments)]


def run_again() -> None:
    """Run the function that the arguments of this program name, until it ends or the parent has ended."""
    _reset_signals()
    if sys.platform == "linux":
        _kill_when_orphaned(os.getppid())
    module, _, name = sys.argv[2].partition(":")
    with suppress(KeyboardInterrupt):
        getattr(import_module(module), name)(*json.loads(sys.argv[3]))


def _run_in_session(target: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    _reset_signals()
    if hasattr(os, "setsid"):
        os.setsid()
    _end_with_parent()
    with suppress(KeyboardInterrupt):
        target(*arguments)


def _reset_signals() -> None:
    signal.set_wakeup_fd(-1)  # a fork's is that of the parent
    for number in STOP_SIGNALS:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    for number in CHILD_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    if CALL is not None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [CALL])  # what this process starts would inherit it


def _end_with_parent() -> None:
    """Linux: ask the kernel for SIGTERM when the parent ends, however it ends."""
    parent = multiprocessing.parent_process()
    if sys.platform == "linux" and parent is not None and parent.pid is not None:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        _kill_when_orphaned(parent.pid)
        if not has_parent():
            os.kill(os.getpid(), signal.SIGTERM)  # it ended before the request


def _kill_when_orphaned(parent_id: int) -> None:
    """Kill this process some seconds after its parent ended: a graceful end may wait for a network that hangs.

    A thread waits for the parent's end, without waking up; the parent may become another program meanwhile.
    """
    try:
        parent = os.pidfd_open(parent_id)
    except OSError:  # an older kernel, or the parent has ended: SIGTERM is on its way
        return

    def kill_later() -> None:
        end = select.poll()
        end.register(parent, select.POLLIN)
        end.poll()
        time.sleep(_ORPHAN_SECONDS)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=kill_later, name="parent", daemon=True).start()


def has_parent() -> bool:
    """Return whether the process that started this one still runs, or is not known."""
    parent = multiprocessing.parent_process()
    return parent is None or os.getppid() == parent.pid
