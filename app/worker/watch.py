"""The watch: a thread of each web process that calls for the worker when something is due (Linux, `ring serve`).

A worker that waits takes as much memory as a web process, so one that has found nothing for a minute ends. The watch
looks for its work by the statements of due.py, one of them regularly, all after a request that changed something, and
asks the supervisor to start it. A look that comes too early or twice does no harm; one that was missed is made up by
the next regular one.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from flask import Flask, Response, request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.extensions import db
from app.server.small_supervisor import CALL
from app.web.schema_difference import fault_of
from app.worker.due import LOOKS, Look
from app.worker.jobs import note_run
from booking.kernel.errors import DatabaseCorrupt, Unavailable
from booking.kernel.transaction import discard

TICK_SECONDS = 5.0  # the shortest interval of a look: an idle machine is woken once for all
REST_SECONDS = 1.0  # between two looks, however many requests change something
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

log = logging.getLogger(__name__)


class Watch:
    """The looks that are due. call: asks for the worker. is_regular: whether it looks without a change, too."""

    def __init__(self, app: Flask, call: Callable[[], None], *, is_regular: bool) -> None:
        self._app, self._call, self._is_regular = app, call, is_regular
        self._changed = threading.Event()
        self._next = {look.job: 0.0 for look in LOOKS}
        self._failed: dict[str, str] = {}  # the looks that fail at present, each logged once, with their error

    def note_response(self, response: Response) -> Response:
        """Note that a request may have changed something."""
        if request.method not in SAFE and response.status_code < 400:
            self._changed.set()
        return response

    def run(self) -> None:
        """Look for ever, in a thread that ends with the process."""
        while True:
            is_changed = self._changed.wait(TICK_SECONDS if self._is_regular else None)
            self._changed.clear()
            self.look(is_changed=is_changed)
            time.sleep(REST_SECONDS)

    def look(self, *, is_changed: bool = False) -> None:
        """Call for the worker if it is needed; if not, note that whatever is due would be done."""
        instant = time.monotonic()
        looks = [look for look in LOOKS if self._is_to_be_made(look, instant, is_changed)]
        # One that the database did not answer was put off: those that wait behind it come first the next time.
        looks.sort(key=lambda look: self._next[look.job])
        with self._app.app_context():
            try:
                if self._is_needed(looks, instant):
                    self._call()
                elif self._is_regular:
                    self._found("note_run", note_run)
            except (DBAPIError, Unavailable):
                discard(db.session())  # requests say so; a worker could do nothing either

    def _is_needed(self, looks: list[Look], instant: float) -> bool:
        """Return whether a look finds work, or fails though the database is there: the others are made all the same."""
        for look in looks:
            before = self._next[look.job]
            self._next[look.job] = instant + look.seconds
            if self._found(look.job, look.has_work):
                self._next[look.job] = before  # the next regular look asks the same again
                return True
        return any(look.job in self._failed for look in looks)

    def _found(self, job: str, look: Callable[[Session], object]) -> bool:
        try:
            found = bool(look(db.session()))
        except Exception as error:
            if _is_away(error):
                raise
            discard(db.session())
            kind = f"{type(error).__name__}: {error}".partition("\n")[0]
            if self._failed.get(job) != kind:
                log.exception("the watch could not do its part of %s, so the worker is called", job)
            self._failed[job] = kind
            return False
        self._failed.pop(job, None)
        return found

    def _is_to_be_made(self, look: Look, instant: float, is_changed: bool) -> bool:
        return (is_changed and look.after_change) or (self._is_regular and instant >= self._next[look.job])


def _is_away(error: Exception) -> bool:
    """Return whether the database serves nobody now; one that is damaged in one place serves the other looks."""
    fault = fault_of(error) if isinstance(error, DBAPIError) else error
    return isinstance(fault, Unavailable) and not isinstance(fault, DatabaseCorrupt)


def begin(app: Flask, supervisor: int, *, is_regular: bool) -> None:
    """Watch in a thread of its own. supervisor: the process that starts the worker when it is called."""
    watch = Watch(app, partial(call, supervisor), is_regular=is_regular)
    app.after_request_funcs.setdefault(None, []).append(watch.note_response)
    threading.Thread(target=watch.run, name="watch", daemon=True).start()


def call(supervisor: int) -> None:
    """Ask the supervisor for the worker, unless it has ended."""
    if os.getppid() == supervisor and CALL is not None:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(supervisor, CALL)
