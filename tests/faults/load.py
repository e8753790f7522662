"""Members who reserve and members who look while a cluster fails, and the table of what they saw."""

from __future__ import annotations

import json
import statistics
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from itertools import count, pairwise
from threading import Event, Lock, Thread

import click

WRITERS, READERS = 4, 2
CALM_SECONDS = 3.0
FIRST_HOUR = 72
HEADINGS = (
    "| round | answers to writers | slowest | reads p95 | slowest | answers to readers | longest without a store |\n"
    "|---|---|---|---|---|---|---|"
)


@dataclass
class Seen:
    """What the clients saw in one round."""

    codes: Counter[str] = field(default_factory=Counter)
    write_seconds: list[float] = field(default_factory=list)
    read_seconds: list[float] = field(default_factory=list)
    read_codes: Counter[int] = field(default_factory=Counter)
    acknowledged_at: list[float] = field(default_factory=list)


class Load:
    """Members who reserve one hour after the other, and members who look."""

    def __init__(self, port: int, token: str, machine_id: int) -> None:
        self._port, self._token, self._machine_id = port, token, machine_id
        self._hours, self._lock, self._stop = count(FIRST_HOUR), Lock(), Event()
        self._start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        self.acknowledged: set[int] = set()
        self.seen = Seen()
        self._threads = [Thread(target=self._write, daemon=True) for _ in range(WRITERS)]
        self._threads += [Thread(target=self._read, daemon=True) for _ in range(READERS)]

    def begin(self) -> None:
        """Start all clients."""
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Stop all clients once their last request is answered."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _write(self) -> None:
        while not self._stop.is_set():
            with self._lock:
                start = self._start + timedelta(hours=next(self._hours))
            self._reserve(start)
            time.sleep(0.1)

    def _reserve(self, start: datetime) -> None:
        """Reserve an hour, and send the same again under its key until the answer is a definite one."""
        key = uuid.uuid4().hex
        end = start + timedelta(hours=1)
        wish = {"machine_id": self._machine_id, "starts_at": start.isoformat(), "ends_at": end.isoformat()}
        for _ in range(60):
            status, answer, seconds = self._send("POST", "/api/v1/reservations", wish, {"Idempotency-Key": key})
            code = "stored" if status == 201 else str(answer.get("code", status))
            with self._lock:
                self.seen.codes[code] += 1
                self.seen.write_seconds.append(seconds)
                if status == 201:
                    self.acknowledged.add(answer["id"])
                    self.seen.acknowledged_at.append(time.monotonic())
            if status not in (0, 503):
                return
            time.sleep(0.5)

    def _read(self) -> None:
        while not self._stop.is_set():
            status, _answer, seconds = self._send("GET", "/api/v1/machines")
            with self._lock:
                self.seen.read_codes[status] += 1
                self.seen.read_seconds.append(seconds)
            time.sleep(0.05)

    def _send(self, method: str, path: str, content: object = None, headers: dict[str, str] | None = None):
        body = None if content is None else json.dumps(content)
        sent = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json", **(headers or {})}
        started = time.perf_counter()
        try:
            with closing(HTTPConnection("127.0.0.1", self._port, timeout=40)) as connection:
                connection.request(method, path, body, sent)
                response = connection.getresponse()
                return response.status, json.loads(response.read()), time.perf_counter() - started
        except (OSError, HTTPException, ValueError) as error:
            return 0, {"code": type(error).__name__}, time.perf_counter() - started


def observe(load: Load, name: str, seconds: float, begin: Callable[[], object], end: Callable[[], object]) -> None:
    """Cause a fault, end it after some seconds, and print what the clients saw until all is calm again."""
    load.seen = seen = Seen()
    started = time.monotonic()
    begin()
    time.sleep(seconds)
    end()
    time.sleep(CALM_SECONDS)
    moments = [started, *seen.acknowledged_at, time.monotonic()]
    gap = max(after - before for before, after in pairwise(moments))
    codes = ", ".join(f"{number} {code}" for code, number in seen.codes.most_common())
    reads = ", ".join(f"{number} x {status}" for status, number in seen.read_codes.most_common())
    p95 = statistics.quantiles(seen.read_seconds or [0, 0], n=20)[-1]
    slowest = max(seen.write_seconds, default=0.0)
    click.echo(
        f"| {name} | {codes} | {slowest:.1f} s | {p95:.2f} s | {max(seen.read_seconds):.1f} s | {reads} | {gap:.1f} s |"
    )
    sys.stdout.flush()
