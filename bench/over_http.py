"""The rows that are measured over HTTP, ring and anchor in turn."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from http.client import HTTPConnection, HTTPResponse
from statistics import median
from urllib.parse import urlencode

from bench.clients import Call, Run, UnexpectedResponse, run
from bench.filling import MACHINES, PASSWORD, FilledRing

JSON = {"Content-Type": "application/json"}


class Wishes:
    """Reservations that never overlap: one hour each, on one machine after another, after the filled weeks."""

    def __init__(self, filled: FilledRing) -> None:
        self._filled = filled
        self._numbers = itertools.count()
        self._begin = filled.monday + timedelta(days=30)

    def call(self, client: int, _number: int) -> Call:
        """Return the request of the next reservation, by one of the members."""
        number = next(self._numbers)
        token = self._filled.api_tokens[client % len(self._filled.api_tokens)]
        start = self._begin + timedelta(hours=number // MACHINES)
        return reserve_call(self._filled.machine_ids[number % MACHINES], start, token)


def reserve_call(machine_id: int, start: datetime, token: str) -> Call:
    """Return the request POST /api/v1/reservations for one hour."""
    wish = {
        "machine_id": machine_id,
        "starts_at": start.isoformat(),
        "ends_at": (start + timedelta(hours=1)).isoformat(),
        "purpose": "bench",
    }
    return "POST", "/api/v1/reservations", json.dumps(wish).encode(), {**JSON, "Authorization": f"Bearer {token}"}


def same(method: str, path: str, headers: Mapping[str, str] | None = None) -> Callable[[int, int], Call]:
    """Return a function that makes the same request every time."""
    return lambda _client, _number: (method, path, None, headers or {})


def alternate(rounds: int, ring: Callable[[], Run], anchor: Callable[[], Run]) -> tuple[list[Run], list[Run]]:
    """Warm up, then measure ring and anchor alternately."""
    ring(), anchor()
    pairs = [(ring(), anchor()) for _round in range(rounds)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def p50_ratio(rings: list[Run], anchors: list[Run]) -> float:
    """Return the median over the rounds of the ratio of the p50s."""
    return median(a.at(0.5) / b.at(0.5) for a, b in zip(rings, anchors, strict=True))


def creations(ring: int, anchor: int, filled: FilledRing, rounds: int) -> dict[str, float]:
    """Measure rows 1 to 3."""
    wishes = Wishes(filled)
    note = same("POST", "/insert")
    alone = alternate(
        rounds,
        lambda: run(ring, 1, 300, wishes.call, {201}),
        lambda: run(anchor, 1, 300, note, {201}),
    )
    crowd = alternate(
        rounds,
        lambda: run(ring, 32, 40, wishes.call, {201}),
        lambda: run(anchor, 32, 40, note, {201}),
    )
    eight = [run(ring, 8, 120, wishes.call, {201}) for _round in range(rounds)]
    return {
        "1": p50_ratio(*alone),
        "2": median(a.throughput / b.throughput for a, b in zip(*crowd, strict=True)),
        "3a": median(one.at(0.99) / one.at(0.5) for one in eight),
        "3b": median(one.at(0.99) / one.at(0.5) for one in crowd[0]),
        "3c": median(one.at(0.99) for one in crowd[0]) * 1_000,
    }


def races(ring: int, filled: FilledRing, count: int = 20) -> dict[str, float]:
    """Measure row 4: the highest number of winners in a race; every other response must be a 409."""
    worst, slowest = 1, 0.0
    for number in range(count):
        start = filled.monday + timedelta(days=4_000, hours=2 * number)
        outcome = run(
            ring,
            64,
            1,
            lambda client, _number, start=start: reserve_call(
                filled.machine_ids[0], start, filled.api_tokens[client % len(filled.api_tokens)]
            ),
            {201, 409},
        )
        winners = outcome.statuses.count(201)
        worst, slowest = max(worst, winners) if winners else 0, max(slowest, *outcome.latencies)
        if winners != 1:
            raise UnexpectedResponse(f"Race {number} had {winners} winners; nothing is printed.")
    return {"4": worst, "4 slowest response, ms": slowest * 1_000}


def feed_rows(ring: int, anchor: int, filled: FilledRing, rounds: int) -> dict[str, float]:
    """Measure rows 7 to 9 as a calendar client. Row 9 is the first fetch of each other member's feed."""
    hello = same("GET", "/hello")
    address = filled.feed_path
    run(ring, 8, 2, same("GET", address), {200})
    firsts = [run(ring, 1, 1, same("GET", other), {200}).at(0.5) for other in filled.feed_paths[1:]]
    etag = _header(ring, address, "ETag")
    unchanged = alternate(
        rounds,
        lambda: run(ring, 1, 500, same("GET", address, {"If-None-Match": etag}), {304}),
        lambda: run(anchor, 1, 500, hello, {200}),
    )
    changed, bare = [], []
    for number in range(rounds * 4):
        start = filled.monday + timedelta(days=5_000, hours=number)
        run(ring, 1, 1, lambda _c, _n, s=start: reserve_call(filled.machine_ids[1], s, filled.api_tokens[0]), {201})
        changed.append(run(ring, 1, 1, same("GET", address, {"If-None-Match": etag}), {200}).at(0.5))
        bare.append(run(anchor, 1, 1, hello, {200}).at(0.5))
    return {"7": p50_ratio(*unchanged), "8": median(changed) / median(bare), "9": median(firsts) * 1_000}


def page_rows(ring: int, anchor: int, filled: FilledRing, rounds: int) -> dict[str, float]:
    """Measure rows 6 and 11: the week as a page and the first page of a logged-in member."""
    cookie = {"Cookie": log_in(ring)}
    week = filled.monday.date().isoformat()
    plan = alternate(
        rounds,
        lambda: run(ring, 1, 15, same("GET", f"/plan?view=week&date={week}", cookie), {200}),
        lambda: run(anchor, 1, 100, same("GET", "/page"), {200}),
    )
    today = alternate(
        rounds,
        lambda: run(ring, 1, 100, same("GET", "/today", cookie), {200}),
        lambda: run(anchor, 1, 100, same("GET", "/page"), {200}),
    )
    return {"6a": p50_ratio(*plan), "6b": plan[0][0].bytes_read / 1_000, "11": p50_ratio(*today)}


def some_work(ring: int, filled: FilledRing) -> None:
    """Run the requests of a busy hour: reservations, pages, feeds."""
    cookie = {"Cookie": log_in(ring)}
    run(ring, 16, 20, Wishes(filled).call, {201})
    for path in ("/plan?view=week", "/today", "/reservations", "/machines"):
        run(ring, 4, 10, same("GET", path, cookie), {200})
    run(ring, 2, 5, same("GET", filled.feed_path), {200})


def log_in(port: int) -> str:
    """Log a member in; return the cookies."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/login")
    response = connection.getresponse()
    page, cookie = response.read().decode(), _cookies(response)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    if token is None:
        raise UnexpectedResponse("The log-in form has no CSRF token; nothing is printed.")
    form = urlencode({"email": "m0@bench.example", "password": PASSWORD, "csrf_token": token[1]})
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
    connection.request("POST", "/login", form, headers)
    response = connection.getresponse()
    response.read()
    if response.status != 303:
        raise UnexpectedResponse(f"The log-in answered {response.status}; nothing is printed.")
    return _cookies(response)


def _cookies(response: HTTPResponse) -> str:
    """Return what a browser sends back: the session, and after a log-in the known device."""
    return "; ".join(cookie.split(";", 1)[0] for cookie in response.headers.get_all("Set-Cookie") or ())


def _header(port: int, path: str, name: str) -> str:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    response = connection.getresponse()
    response.read()
    return response.getheader(name) or ""
