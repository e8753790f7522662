"""The small file beside a SQLite database that tells how far a task is, and when its worker was last known to live.

A task that imports holds the only write lock for as long as it writes, so that nothing about it can be stored
meanwhile. All processes of such a ring share the folder. On PostgreSQL both are in the task's own row.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session


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


def write_progress(file: Path, done: int, total: int, *, now: datetime) -> None:
    """Replace the file in one step, so that nobody reads half of it."""
    with suppress(OSError):  # a full disk: the bar stands still
        unfinished = _unfinished(file)
        unfinished.write_text(f"{done} {total}")
        _set_time(unfinished, now)
        unfinished.replace(file)


def remove(file: Path) -> None:
    """Remove the file, and what a full disk left of a newer one."""
    for each in (file, _unfinished(file)):
        each.unlink(missing_ok=True)


def read_progress(file: Path) -> tuple[int, int] | None:
    """Return how much is done, and the total; None where nothing is known."""
    try:
        done, total = map(int, file.read_text().split())
    except (OSError, ValueError):
        return None
    return done, total


def renew(file: Path, *, now: datetime) -> None:
    """Record that the worker lives. Needs no room on the disk, also where a full one left the file unwritten."""
    with suppress(OSError):
        file.touch()
        _set_time(file, now)


def renewed_at(file: Path) -> datetime | None:
    """Return when the worker was last known to live; None where nothing is known."""
    try:
        return datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except OSError:
        return None


def _unfinished(file: Path) -> Path:
    return file.with_name(file.name + ".new")


def _set_time(file: Path, now: datetime) -> None:
    os.utime(file, (now.timestamp(), now.timestamp()))
