"""Processor time of Monday's visit: of each request by a test client, and of whole visits over HTTP. Run by hand.

python -m bench.visit [--rounds 20] [--http] [--postgresql]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from app.extensions import db
from bench.filling import MEMBERS, PASSWORD, FilledRing, fill
from bench.load import BROWSERS, DAYS_EACH, PAGES, Load
from bench.serving import WEB_PROCESSES, children, postgresql, processor_seconds, server_seconds, whole_ring

GERMAN = {"Accept-Language": "de"}
SECONDS_TO_SETTLE = 5  # until the worker runs, too
FORM = "/reservations/new"


def main() -> None:
    """Print the table of the test client, and that of the servers where it is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--reservations", type=int, default=10_000)
    parser.add_argument("--http", action="store_true", help="also visits one after another and fifty at once")
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL server of its own, timed as well")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ringbuch-visit-") as folder, ExitStack() as servers:
        filled, address = fill(Path(folder), options.reservations), ""
        server: Callable[[], float] = float
        if options.postgresql:
            address = servers.enter_context(postgresql(Path(folder), filled.database))
            server = partial(server_seconds, Path(folder))
        if options.http:
            _print_over_http(filled, address, server)
        _print_by_test_client(filled, address, server, options.rounds)


def _print_by_test_client(filled: FilledRing, address: str, server: Callable[[], float], rounds: int) -> None:
    overrides = {"BASE_URL": "http://127.0.0.1:8000", "LOGIN_LIMIT": "100000 per minute"}
    app = create_app(overrides | ({"DATABASE_URL": address} if address else {}), instance_path=filled.instance)
    visits = [Visit(app, filled, server, number).times_ms() for number in range(rounds)]
    print("| request | least, ms | median, ms | database server, median |\n|---|---|---|---|")
    for name in visits[0]:
        times, of_server = zip(*(visit[name] for visit in visits), strict=True)
        print(f"| {name} | {min(times):.2f} | {median(times):.2f} | {median(of_server):.2f} |")
    whole = [sum(own for own, _of_server in visit.values()) for visit in visits]
    whole_of_server = median(sum(of_server for _own, of_server in visit.values()) for visit in visits)
    print(f"| the whole visit | {min(whole):.1f} | {median(whole):.1f} | {whole_of_server:.1f} |", flush=True)
    with app.app_context():
        db.engine.dispose()


class Visit:
    """A visit by a test client: the requests of `bench.load monday`, each with its processor time."""

    def __init__(self, app: Flask, filled: FilledRing, server: Callable[[], float], number: int) -> None:
        self._client: FlaskClient = app.test_client()
        self._server = server
        self._number = number
        self._wish = Load(0, 0, filled, 30 + DAYS_EACH)
        self._times: dict[str, tuple[float, float]] = {}

    def times_ms(self) -> dict[str, tuple[float, float]]:
        """Make the visit; return of each request the processor time here and of the database's server, milliseconds."""
        page = self._ask("GET", "/login", 200)
        fields = {"csrf_token": _token(page), "email": f"m{self._number % MEMBERS}@bench.example", "password": PASSWORD}
        self._ask("POST", "/login", 303, fields)
        for path in (*PAGES, FORM):
            page = self._ask("GET", path, 200)
        wish = self._wish.wish_fields(self._number, _token(page))
        self._ask("POST", FORM, 303, wish)
        self._ask("GET", "/today", 200, name="GET /today at the end")
        return self._times

    def _ask(self, method: str, path: str, status: int, fields: dict[str, str] | None = None, name: str = "") -> str:
        headers = GERMAN | ({"Referer": f"http://localhost{path}"} if fields else {})
        begin, of_server = time.process_time(), self._server()
        response: TestResponse = self._client.open(path, method=method, data=fields, headers=headers)
        text = response.get_data(as_text=True)
        own = (time.process_time() - begin) * 1e3
        self._times[name or f"{method} {path}"] = own, (self._server() - of_server) * 1e3
        if response.status_code != status:
            raise SystemExit(f"{method} {path}: status {response.status_code} instead of {status}; nothing is printed.")
        return text


def _token(page: str) -> str:
    return page.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]


def _print_over_http(filled: FilledRing, address: str, server: Callable[[], float]) -> None:
    environment = {"RINGBUCH_INSTANCE": str(filled.instance), "RINGBUCH_LOGIN_LIMIT": "100000 per minute"}
    environment |= {"RINGBUCH_DATABASE_URL": address} if address else {}
    print("| fifty visits | by the clock | web processes | worker | database server |\n|---|---|---|---|---|")
    ways = (("one after another", 1), ("all at once", BROWSERS))
    with whole_ring({**os.environ, **environment}) as (pid, port):
        time.sleep(SECONDS_TO_SETTLE)
        for turn, (name, at_once) in enumerate((*ways, *ways)):
            load = Load(pid, port, filled, 30 + DAYS_EACH * (turn + 2))
            before, of_server, begin = _seconds_of(pid), server(), time.perf_counter()
            asyncio.run(_visits(load, at_once))
            seconds = time.perf_counter() - begin
            spent = {child: after - before.get(child, 0) for child, after in _seconds_of(pid).items()}
            web = sum(spent.pop(child) for child in sorted(before)[:WEB_PROCESSES])
            used = f"{web:.2f} s | {sum(spent.values()):.2f} s | {server() - of_server:.2f} s"
            print(f"| {name} | {seconds:.2f} s | {used} |", flush=True)


async def _visits(load: Load, at_once: int) -> None:
    for first in range(0, BROWSERS, at_once):
        await asyncio.gather(*(load.visit(first + number) for number in range(at_once)))


def _seconds_of(pid: int) -> dict[int, float]:
    return {child: processor_seconds(child) for child in children(pid)}


if __name__ == "__main__":
    main()
