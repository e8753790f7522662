"""Troubles, each logged once and counted: a database that is gone for a minute must not fill the log.

A trouble is known by its kind: the code of a refusal, or the place in the program where an exception arose. It is
logged when it begins, once a minute while it lasts, and when the database answers again.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, g, has_request_context

from app.extensions import db
from app.web.uncounted import is_uncounted
from booking.kernel.errors import Busy, DatabaseUnreachable, Unavailable

QUIET_SECONDS = 60.0  # after so long without it, a trouble is a new one
REPORT_SECONDS = 60.0
RECOVERED_STATUS_MAX = 499
LIBRARIES = "site-packages"

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Trouble:
    """What happens again and again. count: how often since it was last logged."""

    last: float
    reported: float
    count: int = 0
    total: int = 1


@dataclass(slots=True)
class TroubleLog:
    """The troubles of this process."""

    clock: Callable[[], float] = time.monotonic
    _troubles: dict[str, Trouble] = field(default_factory=dict)
    _guard: Any = field(default_factory=threading.Lock)

    def is_to_be_logged(self, kind: str) -> bool:
        """Count a trouble; return whether it begins. While it lasts, log how often it was met."""
        now = self.clock()
        with self._guard:
            known = self._troubles.get(kind)
            if known is None or now - known.last > QUIET_SECONDS:
                self._troubles[kind] = Trouble(now, now)
                return True
            known.last, known.count, known.total = now, known.count + 1, known.total + 1
            is_report_due = now - known.reported > REPORT_SECONDS
            count = known.count
            if is_report_due:
                known.reported, known.count = now, 0
        if is_report_due:
            log.error("%s: %s times more", kind, count)
        return False

    def record(self, refusal: Unavailable, reason: str) -> None:
        """Log and count that the database cannot serve a request, unless nobody sent it."""
        if is_uncounted():
            return
        if has_request_context():
            g.trouble = refusal.code  # for the metrics
        if self.is_to_be_logged(refusal.code):
            level = logging.WARNING if isinstance(refusal, Busy) else logging.ERROR
            log.log(level, "a request cannot be served (%s)%s", refusal.code, f": {reason}" if reason else "")

    def lasts(self, kind: str) -> bool:
        """Return whether a trouble has begun and not ended."""
        return kind in self._troubles

    def end(self, kind: str) -> None:
        """Log that a trouble is over, if there was one."""
        with self._guard:
            ended = self._troubles.pop(kind, None)
        if ended is not None:
            log.warning("%s is over, after %s times", kind, ended.total)


troubles = TroubleLog()


def init_app(app: Flask) -> None:
    """Log each exception once, and the end of a database that was gone."""
    log_exception = app.log_exception

    def log_once(exc_info: Any) -> None:
        if not is_uncounted() and troubles.is_to_be_logged(_place_of(exc_info[1])):
            log_exception(exc_info)

    app.log_exception = log_once  # type: ignore[method-assign]
    app.after_request(_notice_recovery)


def reason_of(refusal: Unavailable) -> str:
    """Return what the database or the driver said, in one line; "" where the program itself refuses."""
    cause: Any = refusal.__cause__
    text = str(getattr(cause, "orig", None) or cause or "").strip()
    return text.splitlines()[0] if text else ""


def _place_of(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if LIBRARIES not in frame.filename] or frames
    return f"{type(error).__name__} at {ours[-1].filename}:{ours[-1].lineno}" if ours else type(error).__name__


def _notice_recovery(response: Response) -> Response:
    kind = DatabaseUnreachable.code
    if troubles.lasts(kind) and response.status_code <= RECOVERED_STATUS_MAX and _has_read():
        troubles.end(kind)
    return response


def _has_read() -> bool:
    return bool(db.session.registry.has() and db.session().in_transaction())
