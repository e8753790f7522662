"""How far a task is, from the worker to the page, and that its worker lives, to other workers.

On SQLite by a file beside the database (progress_files.py), on PostgreSQL in the task's own row, by a transaction of
its own. The claim is renewed by time and not by progress: a task may compute for minutes without a report.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.background import progress_files, queue
from app.background.models import BackgroundTask
from app.background.progress_files import engine_of, progress_file
from app.clock import now
from booking.kernel.errors import Unavailable
from booking.kernel.transaction import in_write_transaction

SHOWN_EVERY_SECONDS = 0.5
RENEWED_EVERY_SECONDS = queue.LEASE.total_seconds() / 6

log = logging.getLogger(__name__)


class Tracker:
    """Passes the progress of one task on, not more often than a page asks for it, and renews the claim."""

    def __init__(self, session: Session, task_id: int) -> None:
        """session: of the task, which may hold the write lock."""
        self._task_id = task_id
        self._engine = engine_of(session)
        self._file = progress_file(self._engine, task_id)
        self._shown_at = 0.0
        self._progress = 0, 0
        if self._file is not None:
            self._store()

    def __call__(self, done: int, total: int) -> None:
        """Report how much is done; a total of 0 is not known."""
        self._progress = done, total
        moment = time.monotonic()
        if moment - self._shown_at >= SHOWN_EVERY_SECONDS:
            self._shown_at = moment
            self._store()

    def renew(self) -> None:
        """Record that the worker lives. Called from a thread of its own; what fails is tried again the next time."""
        if self._file is None:
            self._store()
        else:
            progress_files.renew(self._file, now=now())

    def _store(self) -> None:
        if self._file is not None:
            progress_files.write_progress(self._file, *self._progress, now=now())
            return
        with Session(self._engine) as own:
            try:
                in_write_transaction(own, partial(queue.renew, own, self._task_id, *self._progress, now=now()))
            except (Unavailable, DBAPIError) as error:
                log.info("task %s: its claim could not be renewed: %s", self._task_id, error)

    def close(self) -> None:
        """Remove what was written for the page."""
        if self._file is not None:
            progress_files.remove(self._file)


@contextmanager
def renewed_by_time(tracker: Tracker, every_seconds: float = RENEWED_EVERY_SECONDS) -> Iterator[None]:
    """Renew the claim of a task until the end of the with-block, whatever the task does."""
    ended = threading.Event()
    thread = threading.Thread(target=renew_until, args=(tracker, partial(ended.wait, every_seconds)), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def renew_until(tracker: Tracker, has_ended: Callable[[], bool]) -> None:
    """Renew the claim of a task after each wait. has_ended: waits, and returns whether the task has ended."""
    while not has_ended():
        tracker.renew()


def progress_of(session: Session, task: BackgroundTask) -> tuple[int, int]:
    """Return how much of a task is done, and the total; 0 for one that is not known."""
    file = progress_file(engine_of(session), task.id)
    shown = progress_files.read_progress(file) if file is not None else None
    return (task.done_steps, task.total_steps) if shown is None else shown
