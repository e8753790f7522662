"""Rest: a web process that is hardly asked gives back memory that only speed needs (Linux).

After an hour's use it holds free what its largest pages took, and a connection to SQLite for each thread that ever
read at the same time, each with the schema and pages of its own. Who comes next opens another, in 5 ms.
"""

from __future__ import annotations

import ctypes
import threading
from contextlib import ExitStack, closing, suppress
from time import sleep
from typing import Any

from flask import Flask, Response
from sqlalchemy import QueuePool
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from app.extensions import db

MINUTE = 60.0
FEW_REQUESTS = 30  # in a minute: probes and calendars ask at night as well


class Rest:
    """Gives memory back once after each busy time."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._requests, self._is_rested = 0, False
        self._trim = _trim_of_the_c_library()

    def note_response(self, response: Response) -> Response:
        """Count a request; roughly, because threads count without a lock."""
        self._requests += 1
        return response

    def run(self) -> None:
        """Look every minute, in a thread that ends with the process."""
        while True:
            sleep(MINUTE)
            self.look()

    def look(self) -> None:
        """Give free blocks back after a busy minute, and connections too after the first minute with few requests."""
        count, self._requests = self._requests, 0
        if count > FEW_REQUESTS:
            self._is_rested = False
            self._trim_heap()
        elif not self._is_rested:
            self._is_rested = True
            self._give_back()

    def _give_back(self) -> None:
        with self._app.app_context(), suppress(DBAPIError, NoConnectionFree):
            close_idle_connections(db.engine)
        self._trim_heap()

    def _trim_heap(self) -> None:
        """Give free blocks of the C library back to the system: some milliseconds, in which threads may wait for it."""
        if self._trim is not None:
            self._trim(0)


def begin(app: Flask) -> None:
    """Rest in a thread of its own."""
    rest = Rest(app)
    app.after_request_funcs.setdefault(None, []).append(rest.note_response)
    threading.Thread(target=rest.run, name="rest", daemon=True).start()


def close_idle_connections(engine: Any) -> None:
    """Close all idle connections to SQLite but one, which can still read when the disk is full, and empty its cache.

    Those to a server stay: opening one costs more there, and it has statements prepared.
    """
    if engine.dialect.name != "sqlite" or not isinstance(engine.pool, QueuePool):
        return
    with ExitStack() as held:
        idle = [held.enter_context(closing(engine.raw_connection())) for _number in range(engine.pool.checkedin())]
        for number, connection in enumerate(idle):
            if number:
                connection.invalidate()
            else:
                connection.execute("PRAGMA shrink_memory")


def _trim_of_the_c_library() -> Any:
    with suppress(OSError, AttributeError):  # another C library than glibc
        return ctypes.CDLL(None).malloc_trim
    return None
