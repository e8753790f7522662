"""Row 18: the week of 200 machines as a page against the anchor's page of 200 rows.

`python -m bench.wide_week` asks both by test clients, in processor time, without a server. `--http` asks the whole ring
and the anchor's server in turn, as `python -m bench` does for its row, and adds the processor time of both servers.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.billing_ring import make_app
from bench.clients import Call, Run, run
from bench.filling import FilledRing, fill
from bench.in_process import client_of, get, median_ms
from bench.over_http import log_in, same
from bench.serving import children, processor_seconds, serving, whole_ring

RESERVATIONS, MACHINES, ROUNDS = 10_000, 200, 20
SECONDS_TO_SETTLE = 10  # until the worker has delivered what the filling left, so that it does not ask for its turn
PAGES_AT_ONCE = 25  # of either, in turn


def measure(filled: FilledRing, folder: Path) -> tuple[float, float]:
    """Return milliseconds of processor time of the week's page and of the anchor's, by test clients."""
    os.environ["ANCHOR_DATABASE"] = str(folder / "anchor.sqlite")
    from bench import anchor

    bare = anchor.create_app().test_client()
    member = client_of(make_app(filled.instance), "m0@bench.example")
    address = _address(filled)
    week, page = median_ms([lambda: get(member, address), lambda: get(bare, "/page")], ROUNDS)
    return week, page


@dataclass(slots=True)
class Server:
    """A server that is asked for one page: its port, its processes that answer, and what was measured of each turn."""

    port: int
    processes: list[int]
    call: Call
    runs: list[Run]
    seconds: list[float]

    def ask(self) -> None:
        """Ask for some pages, one after another; note how long each took, and the processor time of one."""
        before = self._used()
        self.runs.append(run(self.port, 1, PAGES_AT_ONCE, lambda *_which: self.call, {200}))
        self.seconds.append((self._used() - before) / PAGES_AT_ONCE)

    def _used(self) -> float:
        return sum(processor_seconds(one) for one in self.processes)


@contextmanager
def _servers(filled: FilledRing, folder: Path) -> Iterator[tuple[Server, Server]]:
    """Run the ring and the anchor; yield both, warmed up."""
    others = set(children(os.getpid()))
    with serving("bench.anchor_wsgi:app", {"ANCHOR_DATABASE": str(folder / "bare.sqlite")}, "/hello") as port:
        processes = sorted({*children(os.getpid())} - others)
        bare = Server(port, processes, same("GET", "/page")(0, 0), [], [])
        with whole_ring({**os.environ, "RINGBUCH_INSTANCE": str(filled.instance)}) as (pid, port_of_ring):
            time.sleep(SECONDS_TO_SETTLE)
            *web, _worker = sorted(children(pid))
            cookie = {"Cookie": log_in(port_of_ring)}
            ring = Server(port_of_ring, web, same("GET", _address(filled), cookie)(0, 0), [], [])
            for server in (ring, bare):
                run(server.port, 2, PAGES_AT_ONCE, lambda *_which, call=server.call: call, {200})
            yield ring, bare


def measure_over_http(filled: FilledRing, folder: Path, rounds: int) -> str:
    """Return the figures of ring and anchor, asked in turn."""
    with _servers(filled, folder) as servers:
        for _round in range(rounds):
            for server in servers:
                server.ask()
        ring, bare = servers
    by_clock = median(a.at(0.5) / b.at(0.5) for a, b in zip(ring.runs, bare.runs, strict=True))
    used = median(ring.seconds) / median(bare.seconds)
    week, page = (median(one.at(0.5) for one in server.runs) * 1e3 for server in servers)
    week_used, page_used = (median(server.seconds) * 1e3 for server in servers)
    return (
        f"over HTTP: week p50 {week:.1f} ms, anchor's page {page:.1f} ms, {by_clock:.1f} x (goal 10, stretch 5);"
        f" processor time {week_used:.1f} and {page_used:.1f} ms, {used:.1f} x; {ring.runs[-1].bytes_read / 1e3:.0f} kB"
    )


def _address(filled: FilledRing) -> str:
    return f"/plan?view=week&date={filled.monday:%Y-%m-%d}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.wide_week", description=__doc__)
    parser.add_argument("--http", action="store_true", help="also over HTTP, ring and anchor in turn")
    parser.add_argument("--rounds", type=int, default=8, help="of the measurement over HTTP")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ringbuch-bench-") as name:
        folder = Path(name)
        filled = fill(folder / "ring", RESERVATIONS, MACHINES)
        week, page = measure(filled, folder)
        sys.stdout.write(f"week {week:.1f} ms, anchor's page {page:.1f} ms, {week / page:.1f} x (goal 10, stretch 5)\n")
        if options.http:
            sys.stdout.write(f"{measure_over_http(filled, folder, options.rounds)}\n")


if __name__ == "__main__":
    main()
