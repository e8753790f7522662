"""HTTP clients with persistent connections that check and time every response."""

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
    """The result of a run: latencies in seconds, statuses, the total time, and the size of the last response."""

    latencies: list[float]
    statuses: list[int]
    seconds: float
    bytes_read: int

    def at(self, quantile: float) -> float:
        """Return the latency at this quantile."""
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * quantile), len(ordered) - 1)]

    @property
    def throughput(self) -> float:
        """The responses per second."""
        return len(self.latencies) / self.seconds


class UnexpectedResponse(SystemExit):
    """A response with an unexpected status or content; no result is printed."""


def run(port: int, clients: int, calls_each: int, call: Callable[[int, int], Call], wanted: set[int]) -> Run:
    """Send requests from concurrent clients. call(client, number) returns a request. Raises UnexpectedResponse."""
    barrier = Barrier(clients + 1)

    def client(index: int) -> list[tuple[float, int, int]]:
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        connection.connect()
        calls = [call(index, number) for number in range(calls_each)]
        barrier.wait()
        return [_send(connection, *one) for one in calls]

    with ThreadPoolExecutor(clients) as pool:
        futures = [pool.submit(client, index) for index in range(clients)]
        barrier.wait()
        begin = time.perf_counter()
        responses = [response for future in futures for response in future.result()]
        seconds = time.perf_counter() - begin
    statuses = [status for _latency, status, _bytes_read in responses]
    if wrong := set(statuses) - wanted:
        raise UnexpectedResponse(f"Unexpected statuses {wrong} instead of {wanted}; nothing is printed.")
    return Run([latency for latency, *_rest in responses], statuses, seconds, responses[-1][2])


def _send(
    connection: HTTPConnection, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
) -> tuple[float, int, int]:
    begin = time.perf_counter()
    connection.request(method, path, body, dict(headers))
    response = connection.getresponse()
    bytes_read = len(response.read())
    return time.perf_counter() - begin, response.status, bytes_read
