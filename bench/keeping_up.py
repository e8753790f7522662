"""Whether the worker keeps up: thirty changes a second beside readers who keep both cores busy. Run by hand.

python -m bench.keeping_up --seconds 600. Prints how long the oldest event waits for its mail, each tenth of the
time, and ends with 1 if it ever waited longer than a minute, or if an event is left after the last change. --ring
uses one that is there, such as the large one of bench.desks (--keep).
--postgresql: on a PostgreSQL server of its own, with the rows of that ring.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from bench.crowd import Client, at
from bench.filling import MEMBERS, FilledRing, add_to, fill
from bench.load import Load, ms
from bench.serving import postgresql, processor_seconds, whole_ring
from bench.vitals import Watch

CHANGES_A_SECOND, READERS = 30, 3
LAG_SECONDS_MAX, DRAIN_SECONDS_MAX = 60.0, 60.0
PAGES = ("/today", "/plan", "/reservations", "/machines")


class Pace:
    """The changes, the readers beside them, and what the worker has left."""

    def __init__(self, pid: int, port: int, filled: FilledRing, seconds: float, address: str = "") -> None:
        self._pid, self._port, self._filled, self._seconds = pid, port, filled, seconds
        self._load = Load(pid, port, filled, first_day=30)
        self._ring = Watch(pid, filled.database, address)
        self._lags: list[float] = []
        self._page_seconds: list[float] = []
        self._statuses: Counter[int] = Counter()

    async def run(self) -> bool:
        """Put the load on the ring; return whether the worker kept up."""
        sessions = [await self._load.session(number) for number in range(READERS)]
        end = time.monotonic() + self._seconds
        readers = [asyncio.create_task(self._read(one, end)) for one in sessions]
        print("| after | oldest event waits | changes answered | processor time |\n|---|---|---|---|", flush=True)
        await asyncio.gather(self._change(end), self._watch(end), *readers)
        drained = await self._drain()
        print(
            f"\nat most {max(self._lags):.1f} s; none left {drained:.1f} s after the last change; changes "
            f"{dict(self._statuses)}; pages {len(self._page_seconds)}, p95 {ms(at(0.95, self._page_seconds))}"
        )
        kept_up = max(self._lags) <= LAG_SECONDS_MAX and drained <= DRAIN_SECONDS_MAX
        return kept_up and set(self._statuses) == {201}

    async def _change(self, end: float) -> None:
        """Start thirty changes a second, whether the ones before are answered or not."""
        writers = [Client(self._port, token=self._filled.api_tokens[n % MEMBERS]) for n in range(CHANGES_A_SECOND * 4)]
        free, running, number = list(writers), set(), 0
        begin = time.monotonic()
        while time.monotonic() < end:
            await asyncio.sleep(max(0.0, begin + number / CHANGES_A_SECOND - time.monotonic()))
            if free:
                task = asyncio.create_task(self._reserve(free.pop(), number, free))
                running.add(task)
                task.add_done_callback(running.discard)
            else:
                self._statuses[0] += 1  # the ring itself does not keep up
            number += 1
        await asyncio.gather(*running)

    async def _reserve(self, writer: Client, number: int, free: list[Client]) -> None:
        answer = await self._load.reserve(writer, number)
        self._statuses[answer.status] += 1
        free.append(writer)

    async def _read(self, reader: Client, end: float) -> None:
        number = 0
        while time.monotonic() < end:
            self._page_seconds.append((await reader.get(PAGES[number % len(PAGES)])).seconds)
            number += 1

    async def _watch(self, end: float) -> None:
        begin, shown = time.monotonic(), 0
        while time.monotonic() < end:
            await asyncio.sleep(1)
            self._lags.append(self._ring.oldest_seconds())
            passed = time.monotonic() - begin
            if passed >= (shown + 1) * self._seconds / 10:
                shown += 1
                recent = max(self._lags[-max(1, int(self._seconds / 10)) :])
                used = processor_seconds(self._pid)
                print(f"| {passed:.0f} s | {recent:.1f} s | {self._statuses[201]} | {used:.0f} s |", flush=True)

    async def _drain(self) -> float:
        begin = time.monotonic()
        while self._ring.oldest_seconds() and time.monotonic() - begin < DRAIN_SECONDS_MAX:
            await asyncio.sleep(0.5)
        return time.monotonic() - begin


def main() -> None:
    """Run the load and end with 1 if the worker did not keep up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument(
        "--ring", type=Path, help="a copy of an instance folder, to which machines and logins are added"
    )
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL server of its own")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ringbuch-pace-") as folder, ExitStack() as servers:
        filled = add_to(options.ring) if options.ring else fill(Path(folder), 10_000)
        environment = {"RINGBUCH_LOGIN_LIMIT": "100000 per minute", "RINGBUCH_API_LIMIT": "1000000 per minute"}
        environment["RINGBUCH_INSTANCE"] = str(filled.instance)
        address = servers.enter_context(postgresql(Path(folder), filled.database)) if options.postgresql else ""
        if address:
            environment["RINGBUCH_DATABASE_URL"] = address
        pid, port = servers.enter_context(whole_ring({**os.environ, **environment}))
        kept_up = asyncio.run(Pace(pid, port, filled, options.seconds, address).run())
    sys.exit(0 if kept_up else 1)


if __name__ == "__main__":
    main()
