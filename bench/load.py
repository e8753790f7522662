"""Load: slow clients, writers beside readers, a thousand hands, Monday morning. Run by hand: python -m bench.load.

Each scenario prints one line of a table. Answers are checked; an unexpected one ends the run.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import socket
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from bench.crowd import Answer, Client, at, token_in
from bench.filling import MACHINES, MEMBERS, PASSWORD, FilledRing, fill
from bench.serving import postgresql, processor_seconds, server_seconds, settle, whole_ring

SCENARIOS = ("slow", "api", "form", "hands", "monday")
SECONDS = 12.0
DAYS_EACH = 400  # of one scenario: 50 machines, an hour each
WRITERS, READERS, HANDS, BROWSERS, SLOW = 300, 50, 1_000, 50, 60
PAGES = ("/today", "/plan", "/reservations", "/machines")


def main() -> None:
    """Run the scenarios that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenarios", nargs="*", default=SCENARIOS, help=", ".join(SCENARIOS))
    parser.add_argument("--reservations", type=int, default=10_000)
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL server of its own")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ringbuch-load-") as folder:
        filled = fill(Path(folder), options.reservations)
        environment = {"RINGBUCH_INSTANCE": str(filled.instance), "RINGBUCH_LOGIN_LIMIT": "100000 per minute"}
        with ExitStack() as servers:
            if options.postgresql:
                address = servers.enter_context(postgresql(Path(folder), filled.database))
                environment["RINGBUCH_DATABASE_URL"] = address
            pid, port = servers.enter_context(whole_ring({**os.environ, **environment}))
            settle(pid)
            for turn, name in enumerate(options.scenarios):
                before = server_seconds(Path(folder)) if options.postgresql else 0.0
                result, used = asyncio.run(Load(pid, port, filled, 30 + DAYS_EACH * turn).run(name))
                times = f"{used:.1f} s of processor time"
                if options.postgresql:
                    times += f", {server_seconds(Path(folder)) - before:.1f} s of the database's server"
                print(f"| {name} | {result} | {times} |", flush=True)


class Load:
    """A scenario on one ring. first_day: from today; each scenario has days of its own."""

    def __init__(self, pid: int, port: int, filled: FilledRing, first_day: int) -> None:
        self._pid, self._port, self._filled, self._first_day = pid, port, filled, first_day
        self._numbers = itertools.count()

    async def run(self, name: str) -> tuple[str, float]:
        """Run a scenario; return its result, and the ring's processor time after all members have logged in."""
        sessions = [await self.session(number) for number in range(MEMBERS)]
        scenario: Callable[[Sequence[Client]], Awaitable[str]] = getattr(self, f"_{name}")
        before = processor_seconds(self._pid)
        return await scenario(sessions), processor_seconds(self._pid) - before

    async def session(self, number: int, address: str = "127.0.0.1") -> Client:
        """Return a browser in which a member has logged in."""
        client = Client(self._port, address)
        answer = await client.log_in(f"m{number % MEMBERS}@bench.example", PASSWORD)
        expect(answer, 303)
        return client

    def _copies(self, sessions: Sequence[Client], count: int) -> list[Client]:
        return [Client(self._port, cookies=dict(sessions[n % MEMBERS].cookies)) for n in range(count)]

    async def _slow(self, sessions: Sequence[Client]) -> str:
        quiet = [(await sessions[0].get("/today")).seconds for _n in range(60)]
        with slow_bodies(self._port, SLOW):
            await asyncio.sleep(1)
            busy = [(await sessions[0].get("/today")).seconds for _n in range(60)]
            begin = time.perf_counter()
            await self.session(1, "127.0.0.3")
            log_in = time.perf_counter() - begin
        return f"p95 quiet {ms(at(0.95, quiet))}, beside {SLOW} slow bodies {ms(at(0.95, busy))}; log-in {ms(log_in)}"

    async def _api(self, sessions: Sequence[Client]) -> str:
        writers = [Client(self._port, token=self._filled.api_tokens[n % MEMBERS]) for n in range(WRITERS)]
        return await self._beside(sessions, [self._reserve_by_api(writer) for writer in writers])

    async def _form(self, sessions: Sequence[Client]) -> str:
        tokens = [token_in(await session.get("/reservations/new")) for session in sessions]
        writers = self._copies(sessions, WRITERS)
        jobs = [self._reserve_by_form(writer, tokens[n % MEMBERS]) for n, writer in enumerate(writers)]
        return await self._beside(sessions, jobs)

    async def _beside(self, sessions: Sequence[Client], writers: Sequence[Callable[[], Awaitable[Answer]]]) -> str:
        """Let writers and readers ask again and again, and return how long both waited."""
        end = time.perf_counter() + SECONDS
        wrote: list[Answer] = []
        read: list[Answer] = []

        async def repeat(call: Callable[[], Awaitable[Answer]], answers: list[Answer]) -> None:
            while time.perf_counter() < end:
                answers.append(await call())

        def page_of(reader: Client, turn: Iterator[str]) -> Callable[[], Awaitable[Answer]]:
            return lambda: reader.get(next(turn))

        readers = [page_of(one, itertools.cycle(PAGES)) for one in self._copies(sessions, READERS)]
        await asyncio.gather(*(repeat(call, wrote) for call in writers), *(repeat(call, read) for call in readers))
        for answer in read:
            expect(answer, 200)
        statuses = Counter(answer.status for answer in wrote)
        if set(statuses) - {201, 303, 409, 503}:
            raise SystemExit(f"Unexpected statuses {statuses}; nothing is printed.")
        return (
            f"readers p95 {ms(at(0.95, [one.seconds for one in read]))} ({len(read) / SECONDS:.0f}/s), writers p95 "
            f"{ms(at(0.95, [one.seconds for one in wrote]))} ({len(wrote) / SECONDS:.0f}/s), {dict(statuses)}"
        )

    async def _hands(self, sessions: Sequence[Client]) -> str:
        """Send one form a thousand times at the same moment."""
        start = self._wish(0)
        wishes = [self._fields(start, token_in(await session.get("/reservations/new"))) for session in sessions]
        clients = self._copies(sessions, HANDS)
        begin = time.perf_counter()
        answers = await asyncio.gather(
            *(one.post_form("/reservations/new", wishes[n % MEMBERS]) for n, one in enumerate(clients))
        )
        seconds = time.perf_counter() - begin
        statuses = Counter(answer.status for answer in answers)
        if statuses[303] != 1 or set(statuses) - {303, 409, 503}:
            raise SystemExit(f"Unexpected statuses {statuses}; nothing is printed.")
        return f"all answered in {seconds:.1f} s, {dict(statuses)}"

    async def _monday(self, _sessions: Sequence[Client]) -> str:
        """Let fifty browsers come at the same moment: log in, look at pages, reserve."""
        visits = await asyncio.gather(*(self.visit(number) for number in range(BROWSERS)))
        slowest = at(0.95, list(itertools.chain.from_iterable(pages for _total, pages in visits)))
        return f"whole visit p95 {ms(at(0.95, [total for total, _pages in visits]))}, one page p95 {ms(slowest)}"

    async def visit(self, number: int) -> tuple[float, list[float]]:
        """Log in, look at the pages, reserve; return the seconds of the visit and of its pages."""
        begin = time.perf_counter()
        client = await self.session(number)
        pages = []
        for path in (*PAGES, "/reservations/new"):
            answer = await client.get(path)
            expect(answer, 200)
            pages.append(answer.seconds)
        sent = await client.post_form("/reservations/new", self.wish_fields(number, token_in(answer)))
        expect(sent, 303)
        expect(await client.get("/today"), 200)
        client.close()
        return time.perf_counter() - begin, pages

    async def reserve(self, writer: Client, number: int) -> Answer:
        """Reserve an hour by the API, another machine or hour for each number."""
        start = self._wish(number // MACHINES)
        body = {"machine_id": self._filled.machine_ids[number % MACHINES], "starts_at": start.isoformat() + "Z"}
        body["ends_at"] = (start + timedelta(hours=1)).isoformat() + "Z"
        headers = {"Content-Type": "application/json"}
        return await writer.send("POST", "/api/v1/reservations", json.dumps(body).encode(), headers)

    def _reserve_by_api(self, writer: Client) -> Callable[[], Awaitable[Answer]]:
        return lambda: self.reserve(writer, next(self._numbers))

    def _reserve_by_form(self, writer: Client, token: str) -> Callable[[], Awaitable[Answer]]:
        def call() -> Awaitable[Answer]:
            number = next(self._numbers)
            fields = self._fields(self._wish(number // MACHINES), token, machine=number)
            return writer.post_form("/reservations/new", fields)

        return call

    def wish_fields(self, number: int, token: str) -> dict[str, str]:
        """Return the form of the visit of this number."""
        return self._fields(self._wish(number), token, machine=number)

    def _wish(self, number: int) -> datetime:
        return (self._filled.monday + timedelta(days=self._first_day, hours=number)).replace(tzinfo=None)

    @staticmethod
    def _fields(start: datetime, token: str, machine: int = 0) -> dict[str, str]:
        return {
            "csrf_token": token,
            "machine": f"m-{machine % MACHINES}",
            "date": start.strftime("%Y-%m-%d"),
            "time": start.strftime("%H:%M"),
            "until": "length",
            "hours": "1",
            "minutes": "0",
            "places": "1",
            "purpose": "",
        }


@contextmanager
def slow_bodies(port: int, count: int) -> Iterator[None]:
    """Hold connections from another address that announce a body and send seven bytes of it."""
    head = b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    held = []
    for number in range(count):
        held.append(socket.create_connection(("127.0.0.1", port), source_address=("127.0.0.2", 0)))
        length = (290_000, 60_000)[number % 2]
        held[-1].sendall(head + f"Content-Length: {length}\r\n\r\nabcdefg".encode())
    try:
        yield
    finally:
        for one in held:
            one.close()


def expect(answer: Answer, status: int) -> None:
    """Raise SystemExit for another status."""
    if answer.status != status:
        raise SystemExit(f"Status {answer.status} instead of {status}; nothing is printed.")


def ms(seconds: float) -> str:
    """Return a duration for the table."""
    return f"{seconds * 1_000:.0f} ms"


if __name__ == "__main__":
    main()
