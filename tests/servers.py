"""Real server processes on this machine, and clients that speak to them all at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from threading import Barrier
from typing import Any

from app.server.body_guard import THREADS_VARIABLE
from tests.ports import START_SECONDS, free_ports

ROOT = Path(__file__).resolve().parent.parent
THREADS = 8  # as app/server/serve.py
# All clients of a race have one address, which takes a quarter of this number of the seats for bodies at most: here as
# many as there are threads, or on a busy machine a body that waits half a second for its turn would be refused.
SEATS = 4 * THREADS
ANSWER_SECONDS = 30.0


@dataclass(frozen=True)
class Answer:
    """What a server said, and how long it took."""

    status: int
    content: Any
    headers: dict[str, str]
    seconds: float


class Client:
    """One program: a token, a server, a connection kept open."""

    def __init__(self, port: int, token: str) -> None:
        self.port, self.token = port, token
        self._connection = HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def send(self, method: str, path: str, content: Any = None, **headers: str) -> Answer:
        """One request to the API."""
        body = None if content is None else json.dumps(content)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        started = time.perf_counter()
        self._connection.request(method, f"/api/v1{path}", body, {**self._headers, **named})
        response = self._connection.getresponse()
        raw = response.read()
        return Answer(response.status, json.loads(raw), dict(response.headers), time.perf_counter() - started)

    def close(self) -> None:
        self._connection.close()


@contextmanager
def fleet(database_url: str, instance: Path, processes: int) -> Iterator[list[int]]:
    """Servers, each a process of its own with a port of its own, on one database. Yields the ports."""
    ports = free_ports(processes)
    environment = {
        **os.environ,
        "RINGBUCH_DATABASE_URL": database_url,
        "RINGBUCH_INSTANCE": str(instance),
        THREADS_VARIABLE: str(SEATS),
        "RINGBUCH_SECRET_KEY": "races-and-nothing-but-races-use-this-key",
    }
    servers = subprocess.Popen(
        [sys.executable, "-m", "tests.forked_servers", str(THREADS), *map(str, ports)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        for port in ports:
            _await(port)
        yield ports
    finally:
        _stop(servers)


def all_at_once(tasks: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run every task in a thread of its own; all start together."""
    together = Barrier(len(tasks))

    def run(task: Callable[[], Any]) -> Any:
        together.wait()
        return task()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


def _await(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with closing(HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)) as connection:
            try:
                connection.request("GET", "/readyz")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                time.sleep(0.05)
    raise AssertionError(f"no server answers on port {port}")


def _stop(servers: subprocess.Popen[bytes]) -> None:
    os.killpg(servers.pid, signal.SIGTERM)
    try:
        servers.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(servers.pid, signal.SIGKILL)
        servers.wait()
