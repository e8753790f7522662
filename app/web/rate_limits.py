"""Limits on how often a login may ask: settings API_LIMIT and EXPORT_LIMIT, counted by each web process.

A counter per login and limit, in memory: an honest program never meets one, and a program that runs wild is slowed
down before it takes the processor from everybody. Who has no login is counted by network address (IPv6: /64).
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from threading import Lock

from flask import Flask, request
from limits import parse
from werkzeug.exceptions import TooManyRequests

from app.present import present_app, present_login
from booking.kernel.networks import subscriber_of

API, EXPORTS = "API_LIMIT", "EXPORT_LIMIT"
EXTENSION = "ringbuch_rate_limits"
KEYS_MAX = 10_000  # counters of one limit
ADDRESS = "from "  # begins the keys of those without a login


@dataclass
class RateLimit:
    """A number of requests within a time that begins with the first of them. seconds: that time."""

    amount: int
    seconds: int
    counters: dict[str, tuple[float, int]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def count(self, key: str, moment: float) -> int:
        """Count a request and return 0; beyond the limit return in how many seconds to try again."""
        with self.lock:
            ends, used = self.counters.get(key, (0.0, 0))
            if ends <= moment:
                self._make_room(moment)
                ends, used = moment + self.seconds, 0
            if used >= self.amount:
                return math.ceil(ends - moment)
            self.counters[key] = (ends, used + 1)
            return 0

    def _make_room(self, moment: float) -> None:
        """Drop the counters whose time is over, then those of addresses, so that no flood of them frees a login."""
        for is_kept in (lambda _key, ends: ends > moment, lambda key, _ends: not key.startswith(ADDRESS)):
            if len(self.counters) >= KEYS_MAX:
                self.counters = {key: each for key, each in self.counters.items() if is_kept(key, each[0])}
        if len(self.counters) >= KEYS_MAX:
            self.counters.clear()


def init_app(app: Flask) -> None:
    """Read the limits from the settings."""
    items = {name: parse(app.config[name]) for name in (API, EXPORTS)}
    app.extensions[EXTENSION] = {name: RateLimit(item.amount, item.get_expiry()) for name, item in items.items()}


def count(name: str) -> None:
    """Count the present request. Raises TooManyRequests (429, with Retry-After) beyond the limit."""
    app = present_app()
    if not app.config["RATELIMIT_ENABLED"]:
        return
    login = present_login()
    key = str(login.id) if login.is_authenticated else f"{ADDRESS}{subscriber_of(request.remote_addr)}"
    if wait := app.extensions[EXTENSION][name].count(key, time.monotonic()):
        raise TooManyRequests(retry_after=wait)
