"""Clients that keep their connections, count every answer and time each."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from threading import Barrier

Call = tuple[str, str, bytes | None, Mapping[str, str]]  # method, path, body, headers


@dataclass(frozen=True)
class Run:
    """What came of a run: latencies in seconds, statuses, and the seconds it took as a whole."""

    latencies: list[float]
    statuses: list[int]
    seconds: float
    octets: int

    def at(self, share: float) -> float:
        """The latency below which this share of the answers lies."""
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)]

    @property
    def throughput(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds


class WrongAnswer(SystemExit):
    """An answer was not what it had to be; no figure is printed."""


def run(port: int, clients: int, calls_each: int, call: Callable[[int, int], Call], wanted: set[int]) -> Run:
    """Let clients make calls at the same time. call(client, number) tells what to ask. Raises WrongAnswer."""
    barrier = Barrier(clients + 1)

    def client(index: int) -> list[tuple[float, int, int]]:
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        connection.connect()
        calls = [call(index, number) for number in range(calls_each)]
        barrier.wait()
        return [_ask(connection, *one) for one in calls]

    with ThreadPoolExecutor(clients) as pool:
        futures = [pool.submit(client, index) for index in range(clients)]
        barrier.wait()
        begin = time.perf_counter()
        answers = [answer for future in futures for answer in future.result()]
        seconds = time.perf_counter() - begin
    statuses = [status for _latency, status, _octets in answers]
    if wrong := set(statuses) - wanted:
        raise WrongAnswer(f"Unexpected answers {wrong} instead of {wanted}; no figure is printed.")
    return Run([latency for latency, *_rest in answers], statuses, seconds, answers[-1][2])


def _ask(
    connection: HTTPConnection, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
) -> tuple[float, int, int]:
    begin = time.perf_counter()
    connection.request(method, path, body, dict(headers))
    response = connection.getresponse()
    octets = len(response.read())
    return time.perf_counter() - begin, response.status, octets
