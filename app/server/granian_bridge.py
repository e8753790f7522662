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
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from http import HTTPStatus
from io import BytesIO
from logging import getLogger
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import LengthRequired, RequestEntityTooLarge, RequestTimeout

from app.server.bodies import Admission, BodyRules, Deadlines, UnreadBody, bytes_behind, is_small, seconds_of
from app.server.fair_shares import FairShare
from app.server.lanes import IS_LATE, Full, make_lanes
from app.server.received_request import Request
from app.server.refusals import BUSY, TOO_MANY, UNREACHABLE, refusal
from booking.kernel.database_errors import is_unserved

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

IN_MEMORY_BYTES = 1024 * 1024  # a larger answer is sent from a file
FILE_OPENED_SECONDS = 30.0  # granian opens it at once
CLOSE = ("Connection", "close")

logger = getLogger(__name__)
_context = contextvars.Context()


class Bridge:
    """Receives requests from granian's threads, and answers each exactly once."""

    def __init__(
        self, app: WSGIApplication, rules: BodyRules, call_later: Callable[..., object], share: FairShare
    ) -> None:
        self._app, self._rules, self._call_later, self._share = app, rules, call_later, share
        self._lanes, self._admission, self._deadlines = make_lanes(), Admission(), Deadlines()
        self._arriving: dict[int, Request] = {}  # in parts, by the key of its deadline

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
        elif not self._enter(request):
            self._refuse(request, TOO_MANY)
        elif request.comes_in_parts:
            aiter(request.protocol)
            self._await_part(request, request.protocol.__anext__())
        else:
            self._await_part(request, request.protocol())

    def _enter(self, request: Request) -> bool:
        """Return whether a body may be received. What arrives too slowly gives way where that makes room for it."""
        while not self._admission.enter(request.client, request.body_bytes):
            giving_way = self._giving_way_to(request)
            if giving_way is None:
                return False
            for slow in giving_way:
                self._arriving.pop(slow.deadline, None)
                if self._deadlines.cancel(slow.deadline):
                    self._give_up(slow)
        return True

    def _giving_way_to(self, request: Request) -> list[Request] | None:
        """Return the slowest that leave room enough: of the same client where it has its share. None: no help."""
        lacking_of_one, lacking = self._admission.shortage(request.client, request.body_bytes)
        slow = self._slow_ones(is_small(request.body_bytes))
        own = self._first_of([one for one in slow if one.client == request.client], lacking_of_one)
        if own is None:
            return None
        lacking -= sum(self._admission.weight_of(one.body_bytes) for one in own)
        others = self._first_of([one for one in slow if lacking > 0 and one not in own], lacking)
        return None if others is None else own + others

    def _slow_ones(self, are_small: bool) -> list[Request]:
        """Return what arrives too slowly of the small or of the larger bodies, the slowest first."""
        moment, behind = time.monotonic(), []
        for one in list(self._arriving.values()):
            missing = bytes_behind(one.body_bytes, one.received, moment - one.began)
            if missing > 0 and is_small(one.body_bytes) == are_small:
                behind.append((missing, one))
        behind.sort(key=lambda pair: pair[0], reverse=True)
        return [one for _missing, one in behind]

    def _first_of(self, bodies: list[Request], lacking: int) -> list[Request] | None:
        """Return as many of the bodies as weigh what is lacking; None where all of them do not."""
        taken = []
        for one in bodies:
            if lacking <= 0:
                break
            taken.append(one)
            lacking -= self._admission.weight_of(one.body_bytes)
        return taken if lacking <= 0 else None

    def _await_part(self, request: Request, future: Any) -> None:
        request.future = future
        if not request.deadline:
            seconds, request.began = seconds_of(request.body_bytes), time.monotonic()
            request.deadline = self._deadlines.add(seconds, partial(self._give_up, request))
            if request.comes_in_parts:
                self._arriving[request.deadline] = request
        future.add_done_callback(partial(self._received, request), context=_context)

    def _give_up(self, request: Request) -> None:
        self._arriving.pop(request.deadline, None)
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
        protocol = request.protocol
        if part and self._goes_on(request, part):
            if protocol is not None:  # else it was given up in this moment
                self._await_part(request, protocol.__anext__())
            return
        self._arriving.pop(request.deadline, None)
        if self._deadlines.cancel(request.deadline):
            self._admission.leave(request.client, request.body_bytes)
            self._enqueue(request, self._body_of(request, part))

    @staticmethod
    def _goes_on(request: Request, part: bytes) -> bool:
        """Return whether another part is to be received after this one."""
        if not request.comes_in_parts:
            return False
        request.received += len(part)
        if request.is_too_large:
            return True
        request.parts += part
        return request.received <= request.limit

    def _body_of(self, request: Request, part: bytes) -> BytesIO | UnreadBody:
        if request.is_too_large:
            return UnreadBody(RequestEntityTooLarge)
        if not request.comes_in_parts:
            return BytesIO(part)
        if request.received > request.limit:
            return UnreadBody(RequestEntityTooLarge)
        if not request.is_chunked:
            is_whole = request.received == request.body_bytes
            return _taken(request) if is_whole else UnreadBody(RequestTimeout)
        del request.environ["HTTP_TRANSFER_ENCODING"]
        request.environ["CONTENT_LENGTH"] = str(request.received)
        return _taken(request)

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


def _taken(request: Request) -> BytesIO:
    """Return a body that was received in parts, which are kept once only."""
    body, request.parts = BytesIO(request.parts), bytearray()
    return body


def _unlink(path: str) -> None:
    Path(path).unlink(missing_ok=True)


def _close(parts: Any) -> None:
    if hasattr(parts, "close"):
        parts.close()


def _no_write(_data: bytes) -> None:
    raise NotImplementedError("the write() of WSGI")
