"""Starting the program from outside, and looking at what it does."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from types import TracebackType

from tests.ports import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
# A newcomer has no environment yet: the interpreter behind the one that runs the tests.
SYSTEM_PYTHON = getattr(sys, "_base_executable", sys.executable)


def plain_environment() -> dict[str, str]:
    """The environment of somebody who has set nothing for Ringbuch."""
    left_out = ("RINGBUCH_", "PROMETHEUS_", "VIRTUAL_ENV", "PYTEST_", "COV_")
    return {name: value for name, value in os.environ.items() if not name.startswith(left_out)}


def without_uv() -> str:
    """A PATH on which no uv is found."""
    folders = os.environ["PATH"].split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if not shutil.which("uv", path=folder))


def locked(name: str) -> str:
    """The lines of the lock file about one package."""
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    lines = re.search(rf"^{name}==.*(?:\n    --hash=.*)+", lock, re.MULTILINE)
    assert lines
    return lines.group().rstrip("\\ ") + "\n"


def assert_one_sentence(words: str, part: str) -> None:
    """Fail unless the words, without progress, are one line with a part."""
    lines = [line for line in words.strip().splitlines() if not line.startswith(("Setting up the private", "  "))]
    assert len(lines) == 1, words
    assert part in lines[0]


class Started:
    """`python3 start.py ...` in a copy of the program, as a context: ended, at the latest, with the block."""

    def __init__(self, copy: Path, *words: object, patience_seconds: float = 60, **environment: str) -> None:
        self.port = free_port()
        self.patience_seconds = patience_seconds
        self._last_words = ""
        self._log = Path(tempfile.mkdtemp()) / "words"
        self.began = time.monotonic()
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                self._command(copy, *words),
                cwd=copy,
                env={**plain_environment(), **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=_listen_to_hangups if hasattr(signal, "SIGHUP") else None,  # noqa: PLW1509 - one call, no lock
            )

    def _command(self, copy: Path, *words: object) -> list[str]:
        return [SYSTEM_PYTHON, str(copy / "start.py"), "--port", str(self.port), *map(str, words)]

    def __enter__(self) -> Started:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.ended()
        self._last_words = self.words
        shutil.rmtree(self._log.parent)

    @property
    def words(self) -> str:
        """Everything it has said so far."""
        return self._log.read_text() if self._log.exists() else self._last_words

    def ask(self, path: str = "/", headers: dict[str, str] | None = None) -> HTTPResponse:
        """One question to the web."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request("GET", path, headers=headers or {})
            return connection.getresponse()

    def wait_for_answer(self, path: str = "/") -> float:
        """Seconds from the start to the first answer."""
        deadline = time.monotonic() + self.patience_seconds
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.words
            try:
                self.ask(path)
            except OSError:
                time.sleep(0.01)
            else:
                return time.monotonic() - self.began
        raise AssertionError(f"no answer; it said:\n{self.words}")

    def wait_for_words(self, wanted: str) -> str:
        """What it has said, once a text is among it."""
        deadline = time.monotonic() + self.patience_seconds
        while time.monotonic() < deadline:
            if re.search(wanted, self.words):
                return self.words
            time.sleep(0.02)
        raise AssertionError(f"it never said {wanted!r}, but:\n{self.words}")

    def interrupt(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.ended()

    def ended(self) -> int:
        """The exit code, after waiting for the end."""
        return self.process.wait(60)

    def wait_for_web_and_worker(self) -> tuple[list[int], int]:
        """The two processes that answer and the worker, once the small supervisor looks after them (Linux)."""
        self._wait_until(self._is_handed_over, "a small supervisor")
        self.process.send_signal(signal.SIGUSR1)  # a worker that found nothing for a minute has ended
        self._wait_until(self._is_complete, "a supervisor, two web and a worker")
        web, (worker,) = self._children_by_port()
        return web, worker

    def _is_handed_over(self) -> bool:
        return b"small_supervisor" in Path(f"/proc/{self.process.pid}/cmdline").read_bytes()

    def _is_complete(self) -> bool:
        return [len(each) for each in self._children_by_port()] == [2, 1]

    def _children_by_port(self) -> tuple[list[int], list[int]]:
        """Its children that listen on its port, and the others."""
        listening = _listening_sockets(self.port)
        children = _children(self.process.pid)
        web = [pid for pid in children if listening & _open_sockets(pid)]
        return web, [pid for pid in children if pid not in web]

    def private_memory_mb(self) -> float:
        """The memory that the process itself shares with no other (Linux)."""
        rollup = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) for line in rollup if line.startswith("Private_")) / 1024

    def _wait_until(self, is_so: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + self.patience_seconds
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.words
            if is_so():
                return
            time.sleep(0.01)
        raise AssertionError(f"it never had {what}, but said:\n{self.words}")

    def family(self) -> list[int]:
        """The processes below it (Linux), children before their children."""
        found = _children(self.process.pid)
        for pid in found:
            found.extend(_children(pid))
        return found


def _listen_to_hangups() -> None:
    """As in a terminal, also where the tests run under nohup: a ring that is started so outlives its terminal."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def are_gone(pids: list[int], *, within_seconds: float = 10) -> bool:
    """Whether processes end within a time."""
    deadline = time.monotonic() + within_seconds
    while any(_lives(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):  # gone before, or while it is read
        return []


def _listening_sockets(port: int) -> set[str]:
    """The sockets, as their files are called, that listen on a port of this machine."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {f"socket:[{line[9]}]" for line in lines if line[1].endswith(f":{port:04X}") and line[3] == "0A"}


def _open_sockets(pid: int) -> set[str]:
    try:
        return {str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir()}
    except (FileNotFoundError, ProcessLookupError):  # gone before, or while it is read
        return set()


def _lives(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):  # gone before, or while it is read
        return False
