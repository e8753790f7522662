"""Lanes: requests of one kind share a few threads of a process, so that no kind can occupy all of them.

A request that finds its lane full waits as an entry of a queue and holds no thread. The queue is fair between
network addresses: whoever sends a thousand requests at once waits behind himself.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock

from app.web.intermediaries import PROBES

Job = Callable[[bool], None]  # called with whether the job waited longer than its lane allows

SMALL_BYTES = 64 * 1024
PASSWORD_PAGES = ("/login", "/password/", "/invitation/", "/account/password")
RETRY_AFTER_SECONDS = 2
IS_LATE = "ringbuch.is_late"  # in the WSGI environment: the request waited too long to be carried out


class Full(Exception):
    """So many requests wait already that another would be answered too late."""


class FairQueue:
    """A queue that serves its clients in turn, and the entries of each client in the order of arrival."""

    def __init__(self) -> None:
        self._entries: OrderedDict[str, deque[tuple[float, Job]]] = OrderedDict()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def put(self, client: str, job: Job) -> None:
        """Add a job of a client."""
        self._entries.setdefault(client, deque()).append((time.monotonic(), job))
        self._length += 1

    def get(self) -> tuple[float, Job]:
        """Remove and return the next job and when it was put in. The queue must not be empty."""
        client, waiting = self._entries.popitem(last=False)
        entry = waiting.popleft()
        if waiting:
            self._entries[client] = waiting  # behind all others
        self._length -= 1
        return entry


class Lane:
    """At most `width` jobs run at once; others wait. The thread that ends a job runs the next one."""

    def __init__(self, width: int, *, waiting_max: int, wait_seconds: float) -> None:
        self._width, self._waiting_max, self._wait_seconds = width, waiting_max, wait_seconds
        self._lock = Lock()
        self._waiting = FairQueue()
        self._running = 0

    def run(self, client: str, job: Job) -> None:
        """Run a job in this thread, or leave it to a thread that runs one already. Raises Full."""
        if not self._enter(client, job):
            return
        next_job: tuple[bool, Job] | None = (False, job)
        while next_job is not None:
            is_late, job = next_job
            job(is_late)
            next_job = self._leave()

    def _enter(self, client: str, job: Job) -> bool:
        with self._lock:
            if self._running < self._width:
                self._running += 1
                return True
            if len(self._waiting) >= self._waiting_max:
                raise Full
            self._waiting.put(client, job)
            return False

    def _leave(self) -> tuple[bool, Job] | None:
        with self._lock:
            if not len(self._waiting):
                self._running -= 1
                return None
            since, job = self._waiting.get()
        return time.monotonic() - since > self._wait_seconds, job


@dataclass(frozen=True, slots=True)
class LaneSize:
    """How many requests of a kind run at once, how many may wait, and how long."""

    width: int
    waiting_max: int = 2_000
    wait_seconds: float = 30.0


# Only one thread of a process runs Python at a time, so that a few are enough for each kind. Writers are few, because
# they wait for each other in the database; passwords are hashed one at a time (app/auth/passwords.py).
LANES: Mapping[str, LaneSize] = {
    "probe": LaneSize(1),
    "read": LaneSize(6),
    "write": LaneSize(2, waiting_max=1_000, wait_seconds=20.0),
    "password": LaneSize(1, waiting_max=200, wait_seconds=20.0),
    "large": LaneSize(2, waiting_max=50),
    "file": LaneSize(2, waiting_max=50),
}
THREADS = sum(size.width for size in LANES.values()) + 1  # one to receive what has to wait


def make_lanes() -> dict[str, Lane]:
    """Return the lanes of a process."""
    return {
        name: Lane(size.width, waiting_max=size.waiting_max, wait_seconds=size.wait_seconds)
        for name, size in LANES.items()
    }


def lane_of(method: str, path: str, length: int) -> str:
    """Return the name of the lane of a request; length: of its body in bytes."""
    if path in PROBES:
        return "probe"
    if method in ("GET", "HEAD"):
        return "read"
    if path.startswith(PASSWORD_PAGES):
        return "password"
    return "large" if length > SMALL_BYTES else "write"
