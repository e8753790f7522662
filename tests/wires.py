"""A wire between a program and a PostgreSQL server, which a test can cut, silence and mend."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Lock, Thread
from urllib.parse import parse_qs, urlsplit, urlunsplit

from tests.ports import free_port

CHUNK = 65_536


class Wire:
    """Carries every connection of an address of its own to the server, until it is cut."""

    def __init__(self, connect: Callable[[], socket.socket]) -> None:
        self._connect, self._lock, self._carrying = connect, Lock(), Event()
        self._ends: list[socket.socket] = []
        self._threads: list[Thread] = []
        self._carrying.set()
        self.port = free_port()  # which nobody takes while the wire is cut
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._listen()

    def cut(self) -> None:
        """Nobody is there any more: what was open is closed, what is tried is refused."""
        _shut(self._listener)
        self._listener.close()
        with self._lock:
            ends, self._ends = self._ends, []
        for end in ends:
            _shut(end)

    def silence(self) -> None:
        """Somebody takes every connection and every word, and never answers."""
        self._carrying.clear()

    def mend(self) -> None:
        """All is as before, at the same address."""
        if self._listener.fileno() < 0:
            self._listener = socket.create_server(("127.0.0.1", self.port))
            self._listen()
        self._carrying.set()

    def close(self) -> None:
        """The end of the test."""
        self._carrying.set()
        self.cut()
        for thread in self._threads:
            thread.join()

    def _listen(self) -> None:
        self._start(self._serve, self._listener)

    def _start(self, work: Callable[..., None], *arguments: socket.socket) -> None:
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
                self._start(self._carry, near, far)
                self._start(self._carry, far, near)

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while words := source.recv(CHUNK):
                self._carrying.wait()
                target.sendall(words)
        _shut(target)
        source.close()


def _shut(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


@contextmanager
def wired(database_url: str) -> Iterator[tuple[Wire, str]]:
    """A wire to the server of a DATABASE_URL, and the DATABASE_URL that leads over it."""
    parts = urlsplit(database_url)
    folder = parse_qs(parts.query).get("host", [""])[0]

    def connect() -> socket.socket:
        if not folder:
            return socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 5432))
        line = socket.socket(socket.AF_UNIX)
        line.connect(f"{folder}/.s.PGSQL.5432")
        return line

    wire = Wire(connect)
    user = parts.netloc.rpartition("@")[0]
    try:
        yield wire, urlunsplit(("postgresql", f"{user}@127.0.0.1:{wire.port}", parts.path, "", ""))
    finally:
        wire.close()
