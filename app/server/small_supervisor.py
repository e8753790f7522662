"""The supervisor of `ring serve` once its processes run: a program of its own, with the standard library alone (Linux).

The process that loaded the program and forked the others would keep each page of memory that they have copied since,
80 MB in the end. So it executes this file in its own place: it stays the same process to the system, and its children
stay its children. What ends is started again by a command that loads the program. A process on demand, the worker, ends
by itself when nothing is due, and is started when CALL asks for it.
"""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import time
from contextlib import suppress

STOP_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
CALL = getattr(signal, "SIGUSR1", None)  # a web process has seen that something is due
STANDARD_ERROR = 2
BACKOFF_SECONDS_MIN = 1.0
STABLE_SECONDS = 60.0  # after running so long the backoff starts from its minimum again
IDLE_SECONDS = 60.0
REPEAT_SECONDS = 0.5  # a process that is still starting may miss the first signal
SAME_REQUEST_SECONDS = 0.3  # a program that started this one may pass on the Ctrl-C that the terminal has sent already
TELL_SECONDS = 2.0
CALL_SECONDS = 3.0  # who was called so shortly before its end may not have looked any more
AGAIN = "It waits for what is under way. Ctrl-C again ends it at once."
# Asks the kernel for SIGTERM when the supervisor ends, however it ends, then becomes the program that is to be started.
START = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
"""


class Backoff:
    """How long to wait before the next start of a process that ended: doubled each time, within bounds."""

    def __init__(self, seconds_max: float) -> None:
        self._seconds_max = seconds_max
        self._seconds = 0.0

    def next_seconds(self, ran_seconds: float) -> float:
        """Return the seconds to wait after a run of this length."""
        is_stable = ran_seconds > STABLE_SECONDS
        longer = BACKOFF_SECONDS_MIN if is_stable else max(BACKOFF_SECONDS_MIN, 2 * self._seconds)
        self._seconds = min(longer, self._seconds_max)
        return self._seconds


# A process: its name for people, its id if it has been started, its longest backoff in seconds, whether it runs only on
# demand, and a command for it.
Handover = tuple[str, int | None, float, bool, list[str]]


class Child:
    """A child process that is started again whenever it ends; one on demand only when it failed or is called."""

    def __init__(self, given: Handover) -> None:
        self.name, self.pid, backoff_seconds_max, self._is_on_demand, self._command = given
        self._backoff = Backoff(backoff_seconds_max)
        self._started, self._next_start = time.monotonic(), 0.0
        self._is_wanted, self._called = True, -math.inf

    def call(self) -> None:
        """Have it run, if it is one on demand: something is due."""
        if self._is_on_demand:
            self._is_wanted, self._called = True, time.monotonic()

    def seconds_to_start(self) -> float:
        """Return the seconds until the next start is due; those of an idle wait while it runs or is not wanted."""
        if self.pid is not None or not self._is_wanted:
            return IDLE_SECONDS
        return max(0.0, self._next_start - time.monotonic())

    def ensure_running(self) -> None:
        """Start the process when it does not run and its backoff is over."""
        if self.pid is not None or self.seconds_to_start() > 0:
            return
        self._started, parent = time.monotonic(), os.getpid()
        try:
            self.pid = os.fork()
        except OSError as refusal:  # too many processes, or no memory
            self._wait(f"could not be started ({refusal.strerror})")
            return
        if self.pid == 0:
            try:
                os.setsid()
                signal.pthread_sigmask(signal.SIG_SETMASK, ())
                os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", START, str(parent), *self._command])
            finally:
                os._exit(127)

    def on_exit(self, code: int) -> None:
        """Stop what the ended process left in its session, and note when to start it again."""
        self.signal(signal.SIGKILL)
        self.pid = None
        if self._is_on_demand and code == 0:  # it found nothing more to do
            self._is_wanted = time.monotonic() - self._called < CALL_SECONDS
        else:
            self._wait(f"ended (exit code {code})")

    def _wait(self, reason: str) -> None:
        seconds = self._backoff.next_seconds(time.monotonic() - self._started)
        self._next_start = time.monotonic() + seconds
        report(f"The {self.name} {reason}; it starts again in {seconds:.0f} s.")

    def signal(self, number: int) -> None:
        """Send a signal to the process and all it started."""
        if self.pid is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)


def report(sentence: str) -> None:
    """Write a line to the standard error. A full disk, or a terminal that is gone, must not end the ring."""
    with suppress(OSError):
        os.write(STANDARD_ERROR, f"{sentence}\n".encode())


def stop_signals() -> list[int]:
    """Return the signals that ask to end; not the end of the terminal where it is ignored already (nohup)."""
    hang_up = getattr(signal, "SIGHUP", None)
    return [each for each in STOP_SIGNALS if each != hang_up or signal.getsignal(each) != signal.SIG_IGN]


def handover_command(children: list[Handover], stop_seconds: float) -> list[str]:
    """Return the command that supervises the children of the process that executes it."""
    return [sys.executable, "-I", "-S", __file__, str(stop_seconds), json.dumps(children)]


def block_signals() -> None:
    """Keep signals until they are waited for. A program that is executed inherits this, so none is lost between."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _awaited())


def keep_calls() -> None:
    """Keep calls of the worker until they are waited for. To be done before the first web process runs."""
    if CALL is not None:
        signal.pthread_sigmask(signal.SIG_BLOCK, [CALL])


def _awaited() -> list[int]:
    return [*stop_signals(), signal.SIGCHLD, *([CALL] if CALL is not None else [])]


def _supervise(children: list[Child]) -> None:
    """Keep the children running until a signal asks to stop."""
    while True:
        _note_ends(children)
        for child in children:
            child.ensure_running()
        received = signal.sigtimedwait(_awaited(), min(child.seconds_to_start() for child in children))
        if received is not None and received.si_signo in STOP_SIGNALS:
            return
        if received is not None and received.si_signo == CALL:
            for child in children:
                child.call()


def _note_ends(children: list[Child]) -> None:
    for pid, code in _ended():
        for child in children:
            if child.pid == pid:
                child.on_exit(code)


def _ended() -> list[tuple[int, int]]:
    """Return the process id and the exit code (negative for a signal) of children that ended since the last call."""
    found: list[tuple[int, int]] = []
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if pid == 0:
            return found
        found.append((pid, os.waitstatus_to_exitcode(status)))


def _stop(children: list[Child], seconds: float) -> None:
    """Ask all to end; kill them with all they started after this time, or at once when Ctrl-C is pressed again."""
    running = {child.pid: child for child in children if child.pid is not None}
    everything, began, is_told = list(running.values()), time.monotonic(), False
    while running and (waited := time.monotonic() - began) < seconds:
        if waited > TELL_SECONDS and not is_told:
            is_told = True
            report(AGAIN)
        for child in running.values():
            child.signal(signal.SIGTERM)
        received = signal.sigtimedwait([signal.SIGCHLD, signal.SIGINT], REPEAT_SECONDS)
        if received is not None and received.si_signo == signal.SIGINT and waited > SAME_REQUEST_SECONDS:
            break
        for pid, _code in _ended():
            running.pop(pid, None)
    for child in everything:
        child.signal(signal.SIGKILL)


def _remove_metrics() -> None:
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if folder is None:
        return
    with suppress(OSError):  # none, or another's files in it
        for name in os.listdir(folder):  # noqa: PTH208 - pathlib would be loaded for it
            if name.endswith(".db"):
                os.unlink(os.path.join(folder, name))  # noqa: PTH108, PTH118 - likewise
        os.rmdir(folder)  # noqa: PTH106 - likewise


if __name__ == "__main__":
    block_signals()
    supervised = [Child(given) for given in json.loads(sys.argv[2])]
    _supervise(supervised)
    _stop(supervised, float(sys.argv[1]))
    _remove_metrics()
