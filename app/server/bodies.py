"""Bodies of requests: how large, how long, and how many of one network address at once.

A body arrives as slowly as its sender likes. So it is read before anything else is done for the request, against a
deadline, and its sender has a share of what a process reads at the same time. Where there is no room for another, what
is slower than BYTES_PER_SECOND gives way to it, so that many who stand still keep nobody out.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from threading import Lock, Thread
from typing import Any

from werkzeug.exceptions import LengthRequired, RequestEntityTooLarge, RequestTimeout

from app.server.lanes import PASSWORD_PAGES, SMALL_BYTES

API, API_BYTES = "/api/", 64 * 1024
API_UPLOAD = re.compile(r"/api/v1/machines/[0-9]+/damage-reports")  # with a photo; endpoints that are `has_upload`
LOGIN_BYTES = 300_000  # with what was typed before the log-in ended
# 3G uploads faster. EDGE does not (some 15 kB a second): it sends what is small, and of larger bodies what the grace
# makes up for.
GRACE_SECONDS, BYTES_PER_SECOND = 10.0, 32 * 1024
# In which nothing gives way to others: a packet that was lost is sent again after a second, and once more after two.
HURRY_SECONDS = 3.0
# So much more than an upload may have is still received and thrown away; of smaller bodies a quarter. A proxy sends at
# once what it has, and answers 502 where the connection ends meanwhile. nginx lets 9 MB through (deploy/nginx.conf).
EXCESS_BYTES = 1024 * 1024
SMALL_MAX, SMALL_MAX_OF_ONE = 2_048, 1_024
LARGE_BYTES_MAX = 64 * 1024 * 1024  # of all larger bodies under way, as their headers announce them
TICK_SECONDS, IDLE_TICKS = 0.5, 10


class UnreadBody:
    """The body of a request that is answered without it: whoever reads it raises the HTTP error."""

    def __init__(self, error: type[RequestEntityTooLarge] | type[RequestTimeout] | type[LengthRequired]) -> None:
        self._error = error

    def read(self, _size: int = -1) -> bytes:
        """Raise the error."""
        raise self._error

    readline = readlines = readinto = read

    def __iter__(self) -> UnreadBody:
        return self

    def __next__(self) -> bytes:
        raise self._error


@dataclass(frozen=True, slots=True)
class BodyRules:
    """The limits of an application. upload_bytes: of any body; proxies: in front, whose headers name the client."""

    upload_bytes: int
    proxies: int

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> BodyRules:
        """Return the limits that the settings give."""
        return cls(config["MAX_CONTENT_LENGTH"], config["TRUSTED_PROXIES"])

    def limit_of(self, path: str) -> int:
        """Return the largest body that an address accepts, in bytes."""
        if path.startswith(API) and not API_UPLOAD.fullmatch(path):
            return min(API_BYTES, self.upload_bytes)
        return min(LOGIN_BYTES, self.upload_bytes) if path.startswith(PASSWORD_PAGES) else self.upload_bytes

    def client_of(self, peer: str, forwarded: str) -> str:
        """Return the network that a request comes from: an IPv4 address, or the /64 of an IPv6 address."""
        hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
        address = hops[-self.proxies] if 0 < self.proxies <= len(hops) else peer
        try:
            parsed = ip_address(address)
        except ValueError:
            return address
        return address if parsed.version == 4 else str(ip_network((address, 64), strict=False))


def excess_of(limit: int) -> int:
    """Return how much more than its limit is received of a body, and thrown away."""
    return EXCESS_BYTES if limit >= EXCESS_BYTES else limit // 4


def seconds_of(length: int) -> float:
    """Return within how many seconds a body must have arrived."""
    return GRACE_SECONDS + (0.0 if is_small(length) else length / BYTES_PER_SECOND)


def is_small(length: int) -> bool:
    """Return whether a body is counted by number, and not by its bytes."""
    return length <= SMALL_BYTES


def bytes_behind(length: int, received: int, seconds: float) -> float:
    """Return how much of a body lacks after some seconds; zero or less where it arrives fast enough."""
    return min(length, (seconds - HURRY_SECONDS) * BYTES_PER_SECOND) - received


class Admission:
    """What a process reads at the same time; one client gets a part of it."""

    def __init__(
        self, *, small_max: int = SMALL_MAX, small_max_of_one: int = SMALL_MAX_OF_ONE, bytes_max: int = LARGE_BYTES_MAX
    ) -> None:
        self._small_max, self._small_max_of_one, self._bytes_max = small_max, small_max_of_one, bytes_max
        self._lock = Lock()
        self._small: Counter[str] = Counter()
        self._large: Counter[str] = Counter()

    def enter(self, client: str, length: int) -> bool:
        """Return whether the body may be read now; leave() must then follow."""
        with self._lock:
            is_allowed = max(self._shortage(client, length)) <= 0
            if is_allowed:
                self._count_of(length)[client] += self.weight_of(length)
        return is_allowed

    def shortage(self, client: str, length: int) -> tuple[int, int]:
        """Return how much must leave before a body may be read: of its client's, and of all; at most zero: nothing."""
        with self._lock:
            return self._shortage(client, length)

    def leave(self, client: str, length: int) -> None:
        """Count a body no more: it was read, or given up."""
        counts = self._count_of(length)
        with self._lock:
            counts[client] -= self.weight_of(length)
            if counts[client] <= 0:
                del counts[client]

    @staticmethod
    def weight_of(length: int) -> int:
        """Return what a body counts: one if it is small, else its bytes."""
        return 1 if is_small(length) else length

    def _shortage(self, client: str, length: int) -> tuple[int, int]:
        counts, weight = self._count_of(length), self.weight_of(length)
        if is_small(length):
            max_of_one, max_of_all = self._small_max_of_one, self._small_max
        else:  # alone anything that is allowed
            max_of_one, max_of_all = max(length, self._bytes_max // 4), max(length, self._bytes_max)
        return counts[client] + weight - max_of_one, counts.total() + weight - max_of_all

    def _count_of(self, length: int) -> Counter[str]:
        return self._small if is_small(length) else self._large


class Deadlines:
    """Calls back when a time is over. One thread, which runs only while something is awaited."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._awaited: dict[int, tuple[float, Callable[[], None]]] = {}
        self._last_key = 0
        self._is_running = False

    def add(self, seconds: float, callback: Callable[[], None]) -> int:
        """Call back after some seconds unless cancelled; return the key to cancel with."""
        with self._lock:
            self._last_key += 1
            key = self._last_key
            self._awaited[key] = (time.monotonic() + seconds, callback)
            must_start, self._is_running = not self._is_running, True
        if must_start:
            Thread(target=self._watch, name="deadlines", daemon=True).start()
        return key

    def cancel(self, key: int) -> bool:
        """Forget a deadline; return whether it was still to come."""
        with self._lock:
            return self._awaited.pop(key, None) is not None

    def _watch(self) -> None:
        idle_ticks = 0
        while True:
            time.sleep(TICK_SECONDS)
            with self._lock:
                idle_ticks = 0 if self._awaited else idle_ticks + 1
                if idle_ticks > IDLE_TICKS:
                    self._is_running = False
                    return
                instant = time.monotonic()
                over = [key for key, (until, _callback) in self._awaited.items() if until <= instant]
                callbacks = [self._awaited.pop(key)[1] for key in over]
            for callback in callbacks:
                callback()
