"""Bodies under other servers: WSGI middleware that reads them before the program runs.

The server that the program brings (granian_bridge.py) reads bodies without a thread. Under gunicorn, granian's own
WSGI or waitress a thread waits for them. There only some threads of a process may wait for bodies, and one client's
take half of these at most. gunicorn's socket is shut at the deadline, earlier where another body waits for its seat.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from threading import Condition
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import LengthRequired, RequestEntityTooLarge, RequestTimeout

from app.server.bodies import BodyRules, Deadlines, UnreadBody, bytes_behind, seconds_of
from app.server.refusals import BUSY, refusal

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

THREADS_VARIABLE = "RINGBUCH_SERVER_THREADS"  # set by gunicorn.conf.py
USUAL_THREADS = 8
SEAT_SECONDS = 1.0  # a thread waits for a seat: most bodies are read by then, and a slow one may give way
CHUNK_BYTES = 1024  # counted when it is there as a whole, so that a slow body lacks less than this in the count


@dataclass(eq=False, slots=True)
class Seat:
    """A thread that waits for a body.

    length: of the body, the largest possible where it is unknown; connection: None where it cannot be shut;
    received: bytes so far.
    """

    client: str
    length: int
    connection: socket.socket | None = None
    began: float = field(default_factory=time.monotonic)
    received: int = 0
    is_shut: bool = False


class Seats:
    """The threads of a process that may wait for bodies."""

    def __init__(self, threads: int) -> None:
        self._count = max(1, threads // 2)
        self._count_of_one = max(1, self._count // 2)
        self._taken: list[Seat] = []
        self._freed = Condition()

    def take(self, client: str, length: int, connection: socket.socket | None = None) -> Seat | None:
        """Return a seat, or None; free() must follow.

        A body that was sent at once is read in a millisecond, so a seat is worth a short wait. What arrives too slowly
        gives way: of the same client where it has its share, else the slowest. That is what lacks the largest part of
        itself: a large body that is nearly there lacks more bytes than a tiny one that stands still.
        """
        until = time.monotonic() + SEAT_SECONDS
        with self._freed:
            while not self._has_room(client):
                remaining = until - time.monotonic()
                if remaining <= 0:
                    return None
                self._shut_slowest(client)
                self._freed.wait(min(remaining, 0.1))
            seat = Seat(client, length, connection)
            self._taken.append(seat)
        return seat

    def free(self, seat: Seat) -> None:
        """Give a seat back."""
        with self._freed:
            self._taken.remove(seat)
            self._freed.notify_all()

    def _has_room(self, client: str) -> bool:
        return len(self._taken) < self._count and len(self._of(client)) < self._count_of_one

    def _of(self, client: str) -> list[Seat]:
        return [seat for seat in self._taken if seat.client == client]

    def _shut_slowest(self, client: str) -> None:
        own, moment = self._of(client), time.monotonic()
        among = own if len(own) >= self._count_of_one else self._taken
        if any(seat.is_shut for seat in among):
            return  # its thread is about to free it
        behind = [
            (bytes_behind(seat.length, seat.received, moment - seat.began) / max(seat.length, 1), seat)
            for seat in among
            if seat.connection
        ]
        most, slowest = max(behind, key=lambda pair: pair[0], default=(0.0, None))
        if slowest is not None and most > 0:
            slowest.is_shut = True
            _shut(slowest.connection)


class BodyGuard:
    """WSGI in front of the program: no request reaches it before its body is there."""

    def __init__(self, inside: WSGIApplication, rules: BodyRules) -> None:
        self._inside, self._rules = inside, rules
        self._seats = Seats(int(os.environ.get(THREADS_VARIABLE, USUAL_THREADS)))
        self._deadlines = Deadlines()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Read the body, if any, and run the program."""
        is_chunked = "HTTP_TRANSFER_ENCODING" in environ
        length = _length_of(environ)
        if isinstance(environ["wsgi.input"], (BytesIO, UnreadBody)) or not (length or is_chunked):
            return self._inside(environ, start_response)
        limit = self._rules.limit_of(environ.get("PATH_INFO", ""))
        if is_chunked and "urlencoded" in environ.get("CONTENT_TYPE", "urlencoded"):
            environ["wsgi.input"] = UnreadBody(LengthRequired)
        elif length > limit:
            environ["wsgi.input"] = UnreadBody(RequestEntityTooLarge)
        elif not self._read(environ, length, limit, is_chunked):
            _shut(environ.get("gunicorn.socket"))
            return _refuse(environ, start_response)
        if isinstance(environ["wsgi.input"], UnreadBody):
            _shut(environ.get("gunicorn.socket"))  # else gunicorn waits for the rest, to throw it away
            return self._inside(environ, _closing(start_response) if _may_close(environ) else start_response)
        return self._inside(environ, start_response)

    def _read(self, environ: WSGIEnvironment, length: int, limit: int, is_chunked: bool) -> bool:
        client = self._rules.client_of(environ.get("REMOTE_ADDR", ""), environ.get("HTTP_X_FORWARDED_FOR", ""))
        connection = environ.get("gunicorn.socket")
        length_max = limit if is_chunked else length
        seat = self._seats.take(client, length_max, connection)
        if seat is None:
            return False
        seconds = seconds_of(length_max)
        key = self._deadlines.add(seconds, partial(_shut, connection)) if connection is not None else None
        try:
            body = _read_up_to(environ["wsgi.input"], limit + 1 if is_chunked else length, seat)
        except OSError:
            body = b""
        finally:
            self._seats.free(seat)
        is_in_time = (key is None or self._deadlines.cancel(key)) and not seat.is_shut
        environ["wsgi.input"] = _input_of(body, length, limit, is_chunked and is_in_time)
        if is_chunked and is_in_time:
            del environ["HTTP_TRANSFER_ENCODING"]
            environ["CONTENT_LENGTH"] = str(len(body))
        return True


def _length_of(environ: WSGIEnvironment) -> int:
    text = environ.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isascii() and text.isdigit() else 0


def _input_of(body: bytes, length: int, limit: int, is_whole: bool) -> BytesIO | UnreadBody:
    if len(body) > limit:
        return UnreadBody(RequestEntityTooLarge)
    return BytesIO(body) if is_whole or len(body) == length else UnreadBody(RequestTimeout)


def _read_up_to(source: Any, size: int, seat: Seat) -> bytes:
    chunks = []
    while size > 0 and (chunk := source.read(min(size, CHUNK_BYTES))):
        chunks.append(chunk)
        size -= len(chunk)
        seat.received += len(chunk)
    return b"".join(chunks)


def _shut(connection: socket.socket | None) -> None:
    """End what the thread waits for; the answer can still be sent."""
    if connection is not None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RD)


def _may_close(environ: WSGIEnvironment) -> bool:
    """Return whether the program may end the connection: waitress refuses an answer that says so, as PEP 3333 does."""
    return environ.get("SERVER_SOFTWARE") != "waitress"


def _closing(start_response: StartResponse) -> StartResponse:
    def start(status: str, headers: list[tuple[str, str]], error: Any = None) -> Callable[[bytes], object]:
        return start_response(status, [*headers, ("Connection", "close")], error)

    return start


def _refuse(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    answer = refusal(environ, BUSY)
    headers = [(name, text) for name, text in answer.headers if name != "Connection" or _may_close(environ)]
    start_response("503 Service Unavailable", headers)
    return [answer.body]
