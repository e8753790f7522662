"""The bridge between granian and the program: bodies are read by granian, requests run in lanes.

granian's own bridge to WSGI gives a thread to each request and lets it wait for the body without a deadline. This one
uses granian's asynchronous interface (RSGI): the body of a request is received while no thread waits for it, can be
given up, and a large answer is sent from a file, so that a slow reader holds no thread either. What runs Python are
the threads of granian; there is no event loop between them and the program, which would cost 0.2 ms of a request.

granian_worker.py connects it to granian.
"""

from __future__ import annotations

import contextvars
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from http import HTTPStatus
from io import BytesIO
from logging import getLogger
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import LengthRequired, RequestEntityTooLarge, RequestTimeout

from app.server.bodies import Admission, BodyRules, Deadlines, UnreadBody, excess_of, seconds_of
from app.server.environment import environ_of
from app.server.fair_shares import FairShare
from app.server.lanes import IS_LATE, Full, lane_of, make_lanes
from app.server.refusals import BUSY, TOO_MANY, UNREACHABLE, refusal
from booking.kernel.database_errors import is_unserved

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

IN_MEMORY_BYTES = 1024 * 1024  # a larger answer is sent from a file
FILE_OPENED_SECONDS = 30.0  # granian opens it at once
CLOSE = ("Connection", "close")

logger = getLogger(__name__)
_context = contextvars.Context()


class Request:
    """One request: what granian received, whose it is, and which lane it takes."""

    __slots__ = (
        "body_bytes",
        "client",
        "deadline",
        "environ",
        "future",
        "is_chunked",
        "is_given_up",
        "lane",
        "limit",
        "parts",
        "protocol",
    )

    def __init__(self, scope: Any, protocol: Any, rules: BodyRules) -> None:
        self.protocol, self.environ = protocol, environ_of(scope)
        environ = self.environ
        path, peer = environ["PATH_INFO"], environ["REMOTE_ADDR"]
        self.client = rules.client_of(peer, environ.get("HTTP_X_FORWARDED_FOR", ""))
        self.is_chunked = "HTTP_TRANSFER_ENCODING" in environ
        self.limit = rules.limit_of(path)
        self.body_bytes = self.limit if self.is_chunked else int(environ.get("CONTENT_LENGTH") or 0)
        self.lane = lane_of(environ["REQUEST_METHOD"], path, self.body_bytes)
        self.parts = bytearray()  # of a chunked body
        self.deadline, self.is_given_up = 0, False
        self.future: Any = None  # what is awaited of the body

    @property
    def is_too_large(self) -> bool:
        """Whether more is announced than may be sent."""
        return self.body_bytes > self.limit

    @property
    def is_thrown_away(self) -> bool:
        """Whether it is received nevertheless, so that the sender reads the answer."""
        return self.is_too_large and self.body_bytes - self.limit <= excess_of(self.limit)

    def end(self) -> None:
        """Let go of the connection: granian closes it where the body was not read."""
        self.protocol = self.future = None


class Bridge:
    """Receives requests from granian's threads, and answers each exactly once."""

    def __init__(
        self, app: WSGIApplication, rules: BodyRules, call_later: Callable[..., object], share: FairShare
    ) -> None:
        self._app, self._rules, self._call_later, self._share = app, rules, call_later, share
        self._lanes, self._admission, self._deadlines = make_lanes(), Admission(), Deadlines()

    def receive(self, watcher: Any) -> None:
        """Take a request from granian. Raises nothing: granian does not survive an exception here."""
        protocol = watcher.proto
        try:
            request = Request(watcher.scope, protocol, self._rules)
            if request.body_bytes:
                self._receive_body(request)
            else:
                self._enqueue(request, BytesIO())
        except Exception:
            logger.exception("a request could not be received")
            protocol.response_empty(HTTPStatus.INTERNAL_SERVER_ERROR, [CLOSE])

    def _receive_body(self, request: Request) -> None:
        if request.is_chunked and "urlencoded" in request.environ.get("CONTENT_TYPE", "urlencoded"):
            # Such a form has no visible end: one that was cut off would be carried out in part.
            self._enqueue(request, UnreadBody(LengthRequired))
        elif request.is_too_large and not request.is_thrown_away:
            self._enqueue(request, UnreadBody(RequestEntityTooLarge))
        elif not self._admission.enter(request.client, request.body_bytes):
            self._refuse(request, TOO_MANY)
        elif request.is_chunked or request.is_too_large:
            aiter(request.protocol)
            self._await_part(request, request.protocol.__anext__())
        else:
            self._await_part(request, request.protocol())

    def _await_part(self, request: Request, future: Any) -> None:
        if not request.deadline:
            seconds = seconds_of(request.body_bytes)
            request.deadline = self._deadlines.add(seconds, partial(self._give_up, request))
        request.future = future
        future.add_done_callback(partial(self._received, request), context=_context)

    def _give_up(self, request: Request) -> None:
        request.is_given_up = True
        request.future.cancel()
        self._admission.leave(request.client, request.body_bytes)
        self._enqueue(request, UnreadBody(RequestTimeout))

    def _received(self, request: Request, future: Any) -> None:
        if request.is_given_up:
            return
        try:
            part: bytes = future.result()
        except Exception:  # noqa: BLE001 - of granian: the client has gone
            part = b""
        if part and self._goes_on(request, part):
            self._await_part(request, request.protocol.__anext__())
            return
        if self._deadlines.cancel(request.deadline):
            self._admission.leave(request.client, request.body_bytes)
            self._enqueue(request, self._body_of(request, part))

    @staticmethod
    def _goes_on(request: Request, part: bytes) -> bool:
        """Return whether another part is to be received after this one."""
        if request.is_chunked:
            request.parts += part
            return len(request.parts) <= request.limit
        return request.is_too_large

    def _body_of(self, request: Request, part: bytes) -> BytesIO | UnreadBody:
        if request.is_too_large:
            return UnreadBody(RequestEntityTooLarge)
        if not request.is_chunked:
            return BytesIO(part)
        if len(request.parts) > request.limit:
            return UnreadBody(RequestEntityTooLarge)
        del request.environ["HTTP_TRANSFER_ENCODING"]
        request.environ["CONTENT_LENGTH"] = str(len(request.parts))
        return BytesIO(request.parts)

    def _enqueue(self, request: Request, body: BytesIO | UnreadBody) -> None:
        request.environ["wsgi.input"] = body
        self._share.begin()
        try:
            self._lanes[request.lane].run(request.client, partial(self._answer, request))
        except Full:
            self._share.end()
            self._refuse(request, BUSY)

    def _answer(self, request: Request, is_late: bool) -> None:
        request.environ[IS_LATE] = is_late
        try:
            self._run(request)
        except Exception as error:  # noqa: BLE001 - whatever the program raises while its answer is read
            self._fail(request, error)

    def _run(self, request: Request) -> None:
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Callable[[bytes], None]:
            started[:] = int(status[:3]), headers
            return _no_write

        try:
            parts = self._app(request.environ, start_response)
            chunks, size, iterator = _begun(parts)
        finally:
            is_sent_on = self._share.end()
        status, headers = started
        if is_sent_on or isinstance(request.environ["wsgi.input"], UnreadBody):
            headers = [*headers, CLOSE]
        if size > IN_MEMORY_BYTES:
            send = partial(self._send_file, request, status, headers, chunks, iterator, parts)
            try:
                self._lanes["file"].run(request.client, send)
            except Full:
                _close(parts)
                self._refuse(request, BUSY)
            return
        _close(parts)
        request.protocol.response_bytes(status, headers, chunks[0] if len(chunks) == 1 else b"".join(chunks))
        request.end()

    def _send_file(
        self,
        request: Request,
        status: int,
        headers: Any,
        chunks: list[bytes],
        rest: Iterable[bytes],
        parts: Any,
        _: bool,
    ) -> None:
        """Write an answer to a file, as fast as it is made, and leave it to granian to send."""
        try:
            with tempfile.NamedTemporaryFile(prefix="ringbuch-", delete=False) as file:
                self._call_later(FILE_OPENED_SECONDS, _unlink, file.name)
                file.writelines(chunks)
                file.writelines(rest)
                size = file.tell()
            named = [(name, value) for name, value in headers if name.lower() != "content-length"]
            request.protocol.response_file(status, [*named, ("Content-Length", str(size))], file.name)
            request.end()
        except Exception as error:  # noqa: BLE001 - whatever the program raises while its answer is read
            self._fail(request, error)
        finally:
            _close(parts)

    def _fail(self, request: Request, error: Exception) -> None:
        """Answer that the answer could not be made. Nothing of it was sent: it is read to its end first."""
        if is_unserved(error):  # a file whose rows are read while it is made
            logger.error("a file could not be made: %s", str(getattr(error, "orig", error)).partition("\n")[0])
            self._refuse(request, UNREACHABLE)
            return
        logger.error("a request could not be answered", exc_info=error)
        request.protocol.response_empty(HTTPStatus.INTERNAL_SERVER_ERROR, [CLOSE])
        request.end()

    def _refuse(self, request: Request, code: str) -> None:
        """Answer without the program, which has too much to do or no database."""
        answer = refusal(request.environ, code)
        request.protocol.response_bytes(answer.status, answer.headers, answer.body)
        request.end()


def _begun(parts: Any) -> tuple[list[bytes], int, Iterator[bytes]]:
    """Return an answer as far as it is kept in memory, its bytes so far, and the rest."""
    chunks, size, iterator = [], 0, iter(parts)
    try:
        for chunk in iterator:
            chunks.append(chunk)
            size += len(chunk)
            if size > IN_MEMORY_BYTES:
                break
    except Exception:
        _close(parts)
        raise
    return chunks, size, iterator


def _unlink(path: str) -> None:
    Path(path).unlink(missing_ok=True)


def _close(parts: Any) -> None:
    if hasattr(parts, "close"):
        parts.close()


def _no_write(_data: bytes) -> None:
    raise NotImplementedError("the write() of WSGI")
