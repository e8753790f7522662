"""Attackers and heavy users of many kinds at once, from one address: what bench/honest_member.py puts beside it.

Each client asks, waits for the answer, rests, and asks again, so that the load is bounded by their number. They run in
a process of their own, because their work would else be counted as the honest member's waiting.
"""

from __future__ import annotations

import asyncio
import base64
import io
import itertools
import json
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.connection import Connection

from PIL import Image

from bench.crowd import ANSWER_SECONDS, Client, token_in

DEMO_PASSWORD = "ringbuch-demo"
STAFF = {"admin": "rita", "treasurer": "karl", "manager": "wanda", "member": "anna"}
SEEN: Counter[tuple[str, str]] = Counter()
CUT, SILENT = "cut", "no answer"
SPAN_SECONDS = 5.0  # the hands all ask for one span, and for the next one after this time
ROWS = 3_000  # of an import
PAGES = ("/today", "/plan", "/reservations", "/machines", "/plan?view=day", "/account")
SEARCHES = (
    "/search?q=Huber",
    "/search?q=%25%25%25",
    "/machines?q=saw",
    "/machines?free=1",
    "/plan?date=2031-01-01",
    "/reservations?when=past&of=workshop&page=3",
    "/admin/events?type=record_changed",
)
FILES = (
    "/costs/slips/file.xlsx",
    "/costs/charges/file.csv",
    "/costs/ledger/file.xlsx",
    "/costs/balances/file.csv",
    "/admin/members/file.xlsx",
    "/admin/events/file.csv",
    "/usage/days/file.xlsx",
    "/costs/exports/figures/file.db",
)
ODD_ADDRESSES = (
    "/machines/x%00",
    "/%ff%fe",
    "/reservations/999999999999999999999999",
    "/plan?date=0000-00-00",
    "/plan?date=9999-12-31",
    "/feeds/guessed.ics",
    "/plan/wall/guessed",
    "/static/../../etc/passwd",
    "/search?q=" + "%F0%9F%92%A5" * 500,
    "/api/v1/machines/free?minutes=-1",
    "/api/v1/reservations?limit=100000",
    "/" + "a/" * 1_500,
)


@dataclass(frozen=True, slots=True)
class Target:
    """What the attackers know of the ring."""

    port: int
    monday: datetime
    machine_ids: tuple[int, ...]
    api_tokens: tuple[str, ...]
    feed_paths: tuple[str, ...]


def attack(target: Target, seconds: float, rest_seconds: float, report: Connection) -> None:
    """Put every kind of load on the ring for this time, then send how often each kind met each answer."""
    asyncio.run(_Attack(target, time.monotonic() + seconds, rest_seconds).run())
    report.send(SEEN)


class _Attack:
    def __init__(self, target: Target, end: float, rest_seconds: float) -> None:
        self._target, self._end, self._rest_seconds = target, end, rest_seconds
        self._numbers, self._random = itertools.count(), random.Random(1)
        self._photo = _photo()
        self._table = "number,name\n" + "".join(f"X-{n:05},Person {n}\n" for n in range(ROWS))

    async def run(self) -> None:
        """Log the heavy users in, and let everybody begin."""
        staff = {role: await self._log_in(name) for role, name in STAFF.items()}
        many: list[tuple[str, int, Callable[[Client], Awaitable[str]], Callable[[], Client]]] = [
            ("one span", 40, self._ask_for_the_span, self._program),
            ("writers", 8, self._reserve_and_cancel, self._program),
            ("readers", 12, self._read, lambda: self._copy(staff["member"])),
            ("searches", 4, self._search, lambda: self._copy(staff["admin"])),
            ("files", 4, self._export, lambda: self._copy(staff["admin"])),
            ("feeds", 6, self._read_feed, self._stranger),
            ("log-in guesses", 8, self._guess, self._stranger),
            ("pictures", 3, self._send_photo, self._program),
            ("imports", 2, self._preview_import, lambda: self._copy(staff["admin"])),
            ("odd bodies", 6, self._send_odd_body, self._program),
            ("odd addresses", 4, self._ask_oddly, self._stranger),
        ]
        clients = [self._repeat(kind, ask, make()) for kind, count, ask, make in many for _n in range(count)]
        slow = [self._drip("slow bodies", _slow_body(number)) for number in range(60)]
        slow += [self._drip("slow headers", b"GET /today HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ") for _n in range(30)]
        await asyncio.gather(*clients, *slow)

    async def _repeat(self, kind: str, ask: Callable[[Client], Awaitable[str]], client: Client) -> None:
        while time.monotonic() < self._end:
            try:
                SEEN[kind, await ask(client)] += 1
            except TimeoutError:
                SEEN[kind, SILENT] += 1
                client.close()
            except (OSError, EOFError, IndexError):  # the server ended the connection; IndexError: before a status
                SEEN[kind, CUT] += 1
                client.close()
            await asyncio.sleep(self._rest_seconds * self._random.uniform(0.5, 1.5))

    async def _drip(self, kind: str, beginning: bytes) -> None:
        """Send a request that never ends, a letter each half a second, again and again."""
        while time.monotonic() < self._end:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self._target.port)
                writer.write(beginning)
                answer = asyncio.create_task(reader.readline())
                while not answer.done() and time.monotonic() < self._end:
                    await asyncio.wait([answer], timeout=0.5)
                    writer.write(b"a")
                status = (await answer).split()[1:2] if answer.done() else []
                SEEN[kind, status[0].decode() if status else CUT] += 1
                answer.cancel()
                writer.close()
            except OSError:
                SEEN[kind, CUT] += 1

    async def _log_in(self, name: str) -> Client:
        client = self._stranger()
        await client.log_in(f"{name}@demo.example", DEMO_PASSWORD)
        return client

    def _stranger(self) -> Client:
        return Client(self._target.port)

    def _copy(self, client: Client) -> Client:
        return Client(self._target.port, cookies=dict(client.cookies))

    def _program(self) -> Client:
        # The first member of the bench is the honest one.
        return Client(self._target.port, token=self._random.choice(self._target.api_tokens[1:]))

    async def _ask_for_the_span(self, client: Client) -> str:
        hours = int((time.monotonic() - self._end) // SPAN_SECONDS)
        return await self._reserve(client, self._target.machine_ids[0], 20_000 + hours)

    async def _reserve_and_cancel(self, client: Client) -> str:
        number = next(self._numbers)
        machine = self._target.machine_ids[1 + number % (len(self._target.machine_ids) - 1)]
        answer = await client.send("POST", "/api/v1/reservations", self._wish(machine, 24_000 + number // 7), JSON)
        if answer.status == 201 and number % 2:
            made = json.loads(answer.body)["id"]
            answer = await client.send("POST", f"/api/v1/reservations/{made}/cancel", b"{}", JSON)
        return str(answer.status)

    async def _reserve(self, client: Client, machine_id: int, hour: int) -> str:
        return str((await client.send("POST", "/api/v1/reservations", self._wish(machine_id, hour), JSON)).status)

    def _wish(self, machine_id: int, hour: int) -> bytes:
        start = self._target.monday + timedelta(hours=hour)
        times = {"starts_at": start.isoformat(), "ends_at": (start + timedelta(hours=1)).isoformat()}
        return json.dumps({"machine_id": machine_id, **times}).encode()

    async def _read(self, client: Client) -> str:
        return str((await client.get(self._random.choice(PAGES))).status)

    async def _search(self, client: Client) -> str:
        return str((await client.get(self._random.choice(SEARCHES))).status)

    async def _export(self, client: Client) -> str:
        return str((await client.get(self._random.choice(FILES))).status)

    async def _read_feed(self, client: Client) -> str:
        return str((await client.get(self._random.choice(self._target.feed_paths[1:]))).status)

    async def _guess(self, client: Client) -> str:
        """Try a wrong password, every second time for the honest member."""
        number = self._random.choice((0, self._random.randrange(1, 13)))
        return str((await client.log_in(f"m{number}@bench.example", "wrong-and-wrong-again")).status)

    async def _send_photo(self, client: Client) -> str:
        path = f"/api/v1/machines/{self._random.choice(self._target.machine_ids)}/damage-reports"
        body = json.dumps({"text": "A picture of twelve megapixels.", "photo": self._photo}).encode()
        return str((await client.send("POST", path, body, JSON)).status)

    async def _preview_import(self, client: Client) -> str:
        token = token_in(await client.get("/admin/import/members"))
        return str((await client.post_form("/admin/import/members", {"csrf_token": token, "text": self._table})).status)

    async def _send_odd_body(self, client: Client) -> str:
        names = {f"unknown-{n}": n for n in range(3_000)}
        body = self._random.choice(
            (
                json.dumps(names).encode(),
                b"[" * 20_000,
                b'{"machine_id": "\\u0000", "starts_at": "' + b"9" * 4_300 + b'"}',
                self._random.randbytes(30_000),
                b"{" + b" " * 200_000 + b"}",
            )
        )
        return str((await client.send("POST", "/api/v1/reservations", body, JSON)).status)

    async def _ask_oddly(self, client: Client) -> str:
        return str((await client.get(self._random.choice(ODD_ADDRESSES))).status)


JSON = {"Content-Type": "application/json"}


def _slow_body(number: int) -> bytes:
    path, length = (("/login", 290_000), ("/login", 60_000), ("/api/v1/reservations", 60_000))[number % 3]
    kind = "application/json" if "api" in path else "application/x-www-form-urlencoded"
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
    return head.encode() + b"abcdefg"


def _photo() -> str:
    """Return a JPEG of twelve megapixels in base64."""
    picture = Image.effect_noise((500, 375), 60).resize((4_000, 3_000))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=60)
    return base64.b64encode(file.getvalue()).decode()


assert ANSWER_SECONDS >= 60  # a client that gives up earlier would hide a ring that does not answer
