"""Processor time of the hottest paths, in one process beside the anchor's, and where it goes: `python -m bench.paths`.

Every request is a call of the WSGI application, so that neither a server nor a client is counted. Ring and anchor are
asked in turn; the fastest tenth of each counts, because other programs only ever make a request slower.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import io
import itertools
import os
import pstats
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder

from app import create_app
from app.extensions import db
from bench.clients import UnexpectedResponse
from bench.crowd import TOKEN
from bench.filling import MACHINES, MEMBERS, FilledRing, fill
from bench.in_process import client_of
from bench.load import Load
from bench.over_http import reserve_call
from bench.serving import postgresql

RESERVATIONS = 10_000
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Referer": "http://127.0.0.1:8000/reservations/new"}
GERMAN = {"Accept-Language": "de"}
NAMES = ("hand", "create", "feed", "first")

Ask = Callable[[], None]


class Answer(NamedTuple):
    """The status, headers and body of a response."""

    status: int
    headers: dict[str, str]
    body: bytes


def main() -> None:
    """Print a row for each path, and with --profile what its time is spent in."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="ringbuch-paths-") as folder, ExitStack() as servers:
        filled = fill(Path(folder), RESERVATIONS)
        overrides = {"BASE_URL": "http://127.0.0.1:8000", "API_LIMIT": "1000000 per minute"}
        if options.postgresql:
            overrides["DATABASE_URL"] = servers.enter_context(postgresql(Path(folder), filled.database))
        app = create_app(overrides, instance_path=filled.instance)
        anchor = _anchor(Path(folder))
        for name in options.paths:
            ring, bare, bare_name = _pair(name, app, anchor, filled)
            _print_row(name, bare_name, *(_least(times) for times in _spent((ring, bare), options.rounds)))
            if options.profile:
                _print_profile(ring, options.rounds)
        with app.app_context():
            db.engine.dispose()


def _anchor(folder: Path) -> Flask:
    os.environ["ANCHOR_DATABASE"] = str(folder / "anchor.sqlite")
    from bench import anchor

    return anchor.create_app()


def _pair(name: str, app: Flask, anchor: Flask, filled: FilledRing) -> tuple[Ask, Ask, str]:
    """Return a path of the ring, that of the anchor beside it, and the latter's name."""
    asks = {"hand": _hand, "create": _create, "feed": _feed, "first": _first}
    method, path, status = {
        "hand": ("POST", "/insert", 201),
        "create": ("POST", "/insert", 201),
        "feed": ("GET", "/hello", 200),
        "first": ("GET", "/page", 200),
    }[name]
    return asks[name](app, filled), _same(anchor, method, path, status), path


def _hand(app: Flask, filled: FilledRing) -> Ask:
    """Return a form that is refused, because the span is taken, each time by the next member."""
    start = (filled.monday + timedelta(days=30)).replace(tzinfo=None)
    forms = []
    for number in range(MEMBERS):
        client = client_of(app, f"m{number}@bench.example")
        found = TOKEN.search(client.get("/reservations/new", headers=GERMAN).text)
        assert found is not None
        cookies = _cookies(client)
        body = urlencode(Load._fields(start, found.group(1))).encode()
        forms.append(_environ("POST", "/reservations/new", body, {**FORM, **cookies}))
    first = _call(app, *forms[0])
    if first.status != 303:
        raise UnexpectedResponse(f"The first hand was answered {first.status}; nothing is printed.")
    turn = itertools.cycle(forms[1:])
    return lambda: _expect(_call(app, *next(turn)), 409)


def _create(app: Flask, filled: FilledRing) -> Ask:
    """Return a reservation by the API, each time of another span and by the next member."""
    environs = []
    for token in filled.api_tokens:
        _method, path, body, headers = reserve_call(filled.machine_ids[0], filled.monday, token)
        assert body is not None
        environs.append(_environ("POST", path, body, headers)[0])
    numbers, begin = itertools.count(), filled.monday + timedelta(days=60)

    def ask() -> None:
        number = next(numbers)
        start = begin + timedelta(hours=number // MACHINES)
        *_rest, body, _headers = reserve_call(filled.machine_ids[number % MACHINES], start, "")
        assert body is not None
        environ = environs[number % MEMBERS] | {"CONTENT_LENGTH": str(len(body))}
        _expect(_call(app, environ, body), 201)

    return ask


def _feed(app: Flask, filled: FilledRing) -> Ask:
    """Return a fetch of a member's feed that has not changed."""
    tag = _send(app, "GET", filled.feed_path).headers["ETag"]
    return _same(app, "GET", filled.feed_path, 304, {"If-None-Match": tag})


def _first(app: Flask, _filled: FilledRing) -> Ask:
    """Return the first page of a member after the log-in."""
    return _same(app, "GET", "/today", 200, _cookies(client_of(app, "m0@bench.example")))


def _cookies(client: FlaskClient) -> dict[str, str]:
    cookies = "; ".join(f"{one.key}={one.value}" for one in client._cookies.values())  # type: ignore[union-attr]
    return {"Cookie": cookies, **GERMAN}


def _same(app: Flask, method: str, path: str, status: int, headers: Mapping[str, str] | None = None) -> Ask:
    built = _environ(method, path, b"", headers or {})
    return lambda: _expect(_call(app, *built), status)


def _send(app: Flask, method: str, path: str, *, headers: Mapping[str, str] | None = None) -> Answer:
    return _call(app, *_environ(method, path, b"", headers or {}))


def _environ(method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[dict[str, Any], bytes]:
    builder = EnvironBuilder(path, "http://127.0.0.1:8000", method=method, headers=dict(headers), data=body or None)
    return builder.get_environ(), body


def _call(app: Flask, environ: dict[str, Any], body: bytes) -> Answer:
    answered: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], _info: Any = None) -> Callable[[bytes], object]:
        answered.extend((status, headers))
        return answered.append

    result = app.wsgi_app(environ | {"wsgi.input": io.BytesIO(body)}, start_response)
    try:
        whole = b"".join(result)
    finally:
        if hasattr(result, "close"):
            result.close()
    return Answer(int(answered[0][:3]), dict(answered[1]), whole)


def _expect(answer: Answer, status: int) -> None:
    if answer.status != status:
        raise UnexpectedResponse(f"Status {answer.status} instead of {status}; nothing is printed.")


def _spent(asks: tuple[Ask, Ask], rounds: int) -> list[list[float]]:
    """Return the milliseconds of processor time of each request; ring and anchor are asked in turn."""
    spent: list[list[float]] = [[], []]
    for ask in asks:
        for _time in range(20):
            ask()
    with _without_collector():
        for _round in range(rounds):
            for ask, times in zip(asks, spent, strict=True):
                begin = time.process_time_ns()
                ask()
                times.append((time.process_time_ns() - begin) / 1e6)
    return spent


@contextmanager
def _without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _least(times: list[float]) -> float:
    return mean(sorted(times)[: max(1, len(times) // 10)])


def _print_row(name: str, bare_name: str, ring: float, bare: float) -> None:
    print(f"| {name} | {ring:.3f} ms | {bare_name} {bare:.3f} ms | {ring / bare:.2f} x |", flush=True)


def _print_profile(ask: Ask, rounds: int) -> None:
    """Print the share of each library and of each room of the ring, of its processor time."""
    profile = cProfile.Profile(time.process_time)
    with _without_collector():
        profile.enable()
        for _round in range(rounds):
            ask()
        profile.disable()
    by_owner: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    stats: Mapping[tuple[str, int, str], Any] = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    for (file, _line, function), (_primitive, count, own, _whole, _callers) in stats.items():
        owner = _owner(file, function)
        by_owner[owner] += own
        calls[owner] += count
    total = sum(by_owner.values())
    for owner, seconds in by_owner.most_common(24):
        print(f"    {100 * seconds / total:5.1f} %  {calls[owner] / rounds:7.1f} calls  {owner}")


def _owner(file: str, function: str) -> str:
    """Return what a function belongs to: a library, a room of the ring, or the built-in functions."""
    if file == "~":
        for owner in ("sqlite3", "psycopg", "hashlib", "_hmac"):
            if owner in function:
                return f"({owner})"
        return "(built-in)"
    parts = Path(file).parts
    if "site-packages" in parts:
        return parts[parts.index("site-packages") + 1]
    if file.startswith("<"):
        return "compiled templates" if "template" in file else "generated methods"
    if Path(file).is_relative_to(Path(__file__).resolve().parent.parent):
        inside = Path(file).relative_to(Path(__file__).resolve().parent.parent).parts
        return "templates" if file.endswith(".html") else "/".join(inside[: 2 if inside[0] == "app" else 1])
    return "standard library"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.paths", description=__doc__)
    parser.add_argument("paths", nargs="*", default=NAMES, help=", ".join(NAMES))
    parser.add_argument("--rounds", type=int, default=400)
    parser.add_argument("--profile", action="store_true", help="also where the time of the ring's path goes")
    parser.add_argument("--postgresql", action="store_true", help="the ring on a PostgreSQL server of its own")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
