"""How far a task is, from the worker to the page.

On SQLite in a small file beside the database: a task that imports holds the only write lock for as long as it writes,
and web and worker share the machine. On PostgreSQL in the task's own row, by a transaction of its own.
"""

from __future__ import annotations

import time
from contextlib import suppress
from functools import partial
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.background import queue
from app.background.models import BackgroundTask
from app.clock import now
from booking.kernel.errors import Unavailable
from booking.kernel.transaction import in_write_transaction, is_writing

SHOWN_EVERY_SECONDS = 0.5
RENEWED_EVERY_SECONDS = 20.0


class Tracker:
    """Passes the progress of one task on, not more often than a page asks for it, and renews the claim."""

    def __init__(self, session: Session, task_id: int) -> None:
        """session: of the task, which may hold the write lock."""
        self._session, self._task_id = session, task_id
        self._engine = engine_of(session)
        self._file = progress_file(self._engine, task_id)
        self._shown_at, self._renewed_at = 0.0, time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """Report how much is done; a total of 0 is not known."""
        moment = time.monotonic()
        if moment - self._shown_at < SHOWN_EVERY_SECONDS:
            return
        self._shown_at = moment
        if self._file is None:
            self._store(done, total)
            return
        write_progress(self._file, done, total)
        if moment - self._renewed_at >= RENEWED_EVERY_SECONDS and not is_writing(self._session):
            self._renewed_at = moment
            self._store(done, total)

    def _store(self, done: int, total: int) -> None:
        with Session(self._engine) as own, suppress(Unavailable):  # the next report stores it
            in_write_transaction(own, partial(queue.renew, own, self._task_id, done, total, now=now()))

    def close(self) -> None:
        """Remove what was written for the page."""
        if self._file is not None:
            self._file.unlink(missing_ok=True)


def progress_of(session: Session, task: BackgroundTask) -> tuple[int, int]:
    """Return how much of a task is done, and the total; 0 for one that is not known."""
    file = progress_file(engine_of(session), task.id)
    if file is not None:
        with suppress(OSError, ValueError):
            done, total = map(int, file.read_text().split())
            return done, total
    return task.done_steps, task.total_steps


def engine_of(session: Session) -> Engine:
    """Return the engine of a session."""
    engine = session.get_bind()
    assert isinstance(engine, Engine)
    return engine


def progress_file(engine: Engine, task_id: int) -> Path | None:
    """Return the file of a task's progress; None for PostgreSQL."""
    if engine.dialect.name != "sqlite" or not engine.url.database or engine.url.database == ":memory:":
        return None
    database = Path(engine.url.database)
    return database.with_name(f"{database.name}.progress-{task_id}")


def write_progress(file: Path, done: int, total: int) -> None:
    """Replace the file in one step, so that nobody reads half of it."""
    with suppress(OSError):  # a full disk: the bar stands still
        unfinished = file.with_name(file.name + ".new")
        unfinished.write_text(f"{done} {total}")
        unfinished.replace(file)
