"""A second try for reads whose database connection was lost: the server was restarted, or another one took over.

Nothing was stored by a GET or HEAD, so it is carried out once more on a new connection before anybody is told.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flask import request
from sqlalchemy.exc import DBAPIError

from booking.kernel.database_errors import is_connection_lost

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

METHODS = ("GET", "HEAD")
LOST = "ringbuch.connection_lost"  # in the WSGI environment: what the error handlers found
FIRST_TRY_SECONDS_MAX = 2.0  # who has waited for long gets the answer that there is


def note(error: DBAPIError) -> None:
    """Record the error of the current request, for a second try if its connection was lost."""
    if is_connection_lost(error):
        request.environ[LOST] = True


class HeldStart:
    """The status and the headers of a response, held back until it is decided that it is sent."""

    def __init__(self) -> None:
        self.arguments: tuple[Any, ...] = ()

    def __call__(self, *arguments: Any) -> Callable[[bytes], object]:
        """Record what the application passes to start_response()."""
        self.arguments = arguments
        return _refuse_to_write


class ReadRetryMiddleware:
    """WSGI around the application: repeats a read once if its connection to the database was lost."""

    def __init__(self, inside: WSGIApplication) -> None:
        self._inside = inside

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        if environ["REQUEST_METHOD"] not in METHODS:
            return self._inside(environ, start_response)
        started, held, before = time.monotonic(), HeldStart(), dict(environ)
        body = self._inside(environ, held)
        if environ.get(LOST) and time.monotonic() - started < FIRST_TRY_SECONDS_MAX:
            getattr(body, "close", lambda: None)()
            return self._inside(before, start_response)
        start_response(*held.arguments)
        return body


def _refuse_to_write(_data: bytes) -> object:
    raise RuntimeError("responses are iterated; nothing writes")
