"""A TCP proxy between a program and a PostgreSQL server, which a test can cut, silence and restore."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

from tests.ports import free_port

CHUNK = 65_536


class TcpProxy:
    """Forwards every connection to its own port to the server, until it is cut."""

    def __init__(self, connect: Callable[[], socket.socket]) -> None:
        self._connect, self._lock, self._forwarding = connect, Lock(), Event()
        self._ends: list[socket.socket] = []
        self._threads: list[Thread] = []
        self._traps: dict[bytes, str] = {}
        self._cut_at_answer: set[socket.socket] = set()  # ends at the server
        self._forwarding.set()
        self.port = free_port()  # stays reserved while the proxy is cut
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._listen()

    def cut(self) -> None:
        """Close every open connection and refuse new ones."""
        _shut(self._listener)
        self._listener.close()
        with self._lock:
            ends, self._ends = self._ends, []
        for end in ends:
            _shut(end)

    def silence(self) -> None:
        """Accept connections and data, and never answer."""
        self._forwarding.clear()

    def cut_before(self, request: bytes) -> None:
        """Close the next connection that sends a request, before the server has it."""
        self._traps = {request: "cut before"}

    def cut_after(self, request: bytes) -> None:
        """Close the next connection that sends a request, once the server has carried it out."""
        self._traps = {request: "cut after"}

    def swallow(self, request: bytes) -> None:
        """Never forward a request, and leave its connection open, from now on."""
        self._traps = {request: "swallow"}

    def restore(self) -> None:
        """Forward again, at the same address."""
        self._traps = {}
        if self._listener.fileno() < 0:
            self._listener = socket.create_server(("127.0.0.1", self.port))
            self._listen()
        self._forwarding.set()

    def close(self) -> None:
        """Cut the proxy and join its threads."""
        self._forwarding.set()
        self.cut()
        for thread in self._threads:
            thread.join()

    def _listen(self) -> None:
        self._start(self._serve, self._listener)

    def _start(self, work: Callable[..., None], *arguments: Any) -> None:
        thread = Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _serve(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _address = listener.accept()
                far = self._connect()
                with self._lock:
                    self._ends += [near, far]
                self._start(self._forward, near, far, self._is_trapped)
                self._start(self._forward, far, near, self._is_cut)

    def _is_cut(self, _chunk: bytes, far: socket.socket, near: socket.socket) -> bool:
        """Return whether an answer reaches nobody: the server has done what it was asked, and the connection ends."""
        if far in self._cut_at_answer:
            _shut(near)
        return far in self._cut_at_answer

    def _is_trapped(self, chunk: bytes, _near: socket.socket, far: socket.socket) -> bool:
        """Return whether a request is not to be forwarded."""
        action = next((how for request, how in self._traps.items() if request in chunk), "")
        if action == "cut before":
            self._traps = {}
            _shut(far)
        elif action == "cut after":
            self._traps = {}
            self._cut_at_answer.add(far)
        return action in ("cut before", "swallow")

    def _forward(
        self,
        source: socket.socket,
        target: socket.socket,
        is_dropped: Callable[[bytes, socket.socket, socket.socket], bool],
    ) -> None:
        with suppress(OSError):
            while chunk := source.recv(CHUNK):
                self._forwarding.wait()
                if not is_dropped(chunk, source, target):
                    target.sendall(chunk)
        _shut(target)
        source.close()


def _shut(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxied(database_url: str) -> Iterator[tuple[TcpProxy, str]]:
    """Yield a proxy to the server of a DATABASE_URL, and the DATABASE_URL that leads through it."""
    parts = urlsplit(database_url)
    folder = parse_qs(parts.query).get("host", [""])[0]

    def connect() -> socket.socket:
        if not folder:
            return socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 5432))
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(f"{folder}/.s.PGSQL.5432")
        return connection

    proxy = TcpProxy(connect)
    user = parts.netloc.rpartition("@")[0]
    try:
        yield proxy, urlunsplit(("postgresql", f"{user}@127.0.0.1:{proxy.port}", parts.path, "", ""))
    finally:
        proxy.close()
