"""Many clients at once, each an asynchronous HTTP connection: cheap enough to share two cores with what it measures."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

ANSWER_SECONDS = 60.0
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: its status, headers in lower case, body, and how long it took."""

    status: int
    headers: dict[str, list[str]]
    body: bytes
    seconds: float


@dataclass(slots=True)
class Client:
    """A browser or program: an address of its own, cookies, a connection kept open."""

    port: int
    address: str = "127.0.0.1"
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""
    _streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> Answer:
        """Ask for a page."""
        return await self.send("GET", path)

    async def post_form(self, path: str, fields: Mapping[str, str], came_from: str = "") -> Answer:
        """Send a form as a browser does."""
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Referer": f"http://127.0.0.1:{self.port}{came_from or path}",
        }
        return await self.send("POST", path, urlencode(fields).encode(), headers)

    async def send(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """Send a request and return the whole answer."""
        begin = time.perf_counter()
        named = {"Host": f"127.0.0.1:{self.port}", "Accept-Language": "de", **(headers or {})}
        if self.cookies:
            named["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if self.token:
            named["Authorization"] = f"Bearer {self.token}"
        if body:
            named["Content-Length"] = str(len(body))
        head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        async with asyncio.timeout(ANSWER_SECONDS):
            reader, writer = await self._connection()
            writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
            answer = await _read(reader, begin)
        self._keep(answer)
        return answer

    async def log_in(self, email: str, password: str) -> Answer:
        """Log in through the page and return the answer to the form."""
        page = await self.get("/login")
        fields = {"csrf_token": token_in(page), "email": email, "password": password}
        return await self.post_form("/login", fields)

    def close(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is not None and self._streams[0].at_eof():  # the server closed it while nothing was asked
            self.close()
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(self.address, 0))
        return self._streams

    def _keep(self, answer: Answer) -> None:
        for cookie in answer.headers.get("set-cookie", ()):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        if "close" in answer.headers.get("connection", ()):
            self.close()


def token_in(page: Answer) -> str:
    """Return the CSRF token of a page. Raises SystemExit where it has none."""
    found = TOKEN.search(page.body.decode())
    if found is None:
        raise SystemExit(f"A page without a form (status {page.status}); nothing is printed.")
    return found.group(1)


async def _read(reader: asyncio.StreamReader, begin: float) -> Answer:
    status = int((await reader.readline()).split()[1])
    headers: dict[str, list[str]] = {}
    while (line := await reader.readline()) not in (b"\r\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        headers.setdefault(name.lower(), []).append(value.strip())
    body = await reader.readexactly(int(headers.get("content-length", ["0"])[0]))
    return Answer(status, headers, body, time.perf_counter() - begin)


def at(quantile: float, seconds: list[float]) -> float:
    """Return the duration at this quantile."""
    ordered = sorted(seconds)
    return ordered[min(int(len(ordered) * quantile), len(ordered) - 1)]
