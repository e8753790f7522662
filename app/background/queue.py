"""The queue of tasks: entered by pages, claimed by one worker at a time, in order.

A worker renews its claim by time, as long as it lives (tracking.py); a claim that was not renewed is void, so that a
task survives a restart. What a task changes must be safe to carry out twice: the worker may die between the change and
its mark.
The functions that write flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, delete, func, insert, select, update
from sqlalchemy.orm import Session

from app.background.models import DONE, FAILED, RUNNING, WAITING, BackgroundTask, ResultChunk
from app.background.progress_files import engine_of, progress_file, renewed_at
from booking.kernel.errors import DomainError

LEASE = timedelta(minutes=2)
ATTEMPTS_MAX = 3
KEPT_FOR = timedelta(days=3)
OPEN_MAX, KEPT_MAX = 5, 20  # of each login
CHUNK_BYTES = 256 * 1024
CLAIMS_LOCK = (7_464, 3)  # PostgreSQL's advisory lock of claim()


class TooManyTasks(DomainError):
    """The login has as many open tasks as it may have. facts: limit."""

    code = "too_many_tasks"


@dataclass(frozen=True, slots=True)
class Wish:
    """The request of a task: see BackgroundTask."""

    user_id: int
    endpoint: str
    method: str
    address: str
    language: str
    script_root: str = ""
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Result:
    """The response to the request of a task: see BackgroundTask."""

    status: int
    location: str = ""
    media_type: str = ""
    file_name: str = ""
    csrf_token: str = ""
    messages: tuple[tuple[str, str], ...] = ()
    rights: tuple[str, ...] = ()


def enqueue(session: Session, wish: Wish, *, now: datetime) -> BackgroundTask:
    """Enter a task; an open one with the same request is returned instead. Raises TooManyTasks."""
    own = list(session.scalars(open_tasks().where(BackgroundTask.user_id == wish.user_id)))
    for task in own:
        if (task.method, task.address, task.body) == (wish.method, wish.address, wish.body):
            return task
    if len(own) >= OPEN_MAX:
        raise TooManyTasks(limit=OPEN_MAX)
    _delete_beyond(session, wish.user_id)
    task = BackgroundTask(
        user_id=wish.user_id,
        endpoint=wish.endpoint,
        method=wish.method,
        address=wish.address,
        language=wish.language,
        script_root=wish.script_root,
        body=wish.body,
        state=WAITING,
        messages=[],
        created_at=now,
    )
    session.add(task)
    session.flush()
    return task


def open_tasks() -> Select[BackgroundTask]:
    """Select the tasks that are still to be carried out, the oldest first."""
    return select(BackgroundTask).where(BackgroundTask.ended_at.is_(None)).order_by(BackgroundTask.id)


def has_claimable(session: Session, *, now: datetime) -> bool:
    """Return whether claim() would find something. Only reads."""
    return _next_free(session, now) is not None


def claim(session: Session, *, now: datetime) -> BackgroundTask | None:
    """Return the next task, claimed for this process; None while another one is carried out or none waits.

    One that was begun too often and never ended fails here: carried out once more, it would probably stop the worker
    again.
    """
    task = _locked(session, _next_free(session, now)) if _claims_alone(session) else None
    if task is None:
        return None
    task.attempts += 1
    if task.attempts > ATTEMPTS_MAX:
        task.state, task.ended_at, task.body = FAILED, now, b""
        session.flush()
        return None
    task.state, task.holder, task.renewed_at = RUNNING, holder(), now
    task.started_at = task.started_at or now
    task.done_steps = task.total_steps = 0
    session.flush()
    return task


def renew(session: Session, task_id: int, done: int, total: int, *, now: datetime) -> None:
    """Store how far a task is, and that its worker lives."""
    held = _held(task_id)
    session.execute(update(BackgroundTask).where(*held).values(done_steps=done, total_steps=total, renewed_at=now))


def release(session: Session, task_id: int) -> None:
    """Let a task be carried out again: the database was busy or unreachable."""
    session.execute(update(BackgroundTask).where(*_held(task_id)).values(state=WAITING, holder=""))


def fail(session: Session, task_id: int, *, now: datetime) -> None:
    """End a task without a result."""
    values = {"state": FAILED, "ended_at": now, "body": b""}
    session.execute(update(BackgroundTask).where(*_held(task_id)).values(values))


def store_result(session: Session, task_id: int, result: Result, content: Iterable[bytes], *, now: datetime) -> None:
    """End a task with its result."""
    held = select(BackgroundTask.id).where(*_held(task_id)).with_for_update()
    if session.scalar(held) is None:
        return  # another worker has taken the task over
    size = 0
    for number, content_of_chunk in enumerate(content):
        session.execute(insert(ResultChunk).values(task_id=task_id, number=number, content=content_of_chunk))
        size += len(content_of_chunk)
    values = {
        "state": DONE,
        "ended_at": now,
        "body": b"",
        "bytes": size,
        "status": result.status,
        "location": result.location,
        "media_type": result.media_type,
        "file_name": result.file_name,
        "csrf_token": result.csrf_token,
        "messages": list(result.messages),
        "rights": list(result.rights),
    }
    session.execute(update(BackgroundTask).where(*_held(task_id)).values(values))


def chunk(session: Session, task_id: int, number: int) -> bytes | None:
    """Return a part of the result of a task; None beyond its end."""
    return session.scalar(
        select(ResultChunk.content).where(ResultChunk.task_id == task_id, ResultChunk.number == number)
    )


def delete_old(session: Session, *, now: datetime) -> None:
    """Delete the tasks that ended some days ago, with their results."""
    session.execute(delete(BackgroundTask).where(BackgroundTask.ended_at <= now - KEPT_FOR))


def waiting_before(session: Session, task: BackgroundTask) -> int:
    """Return how many tasks are carried out before one that waits."""
    earlier = (BackgroundTask.ended_at.is_(None), BackgroundTask.id < task.id)
    return session.scalar(select(func.count()).select_from(BackgroundTask).where(*earlier)) or 0


def tasks_of(session: Session, user_id: int, *, limit: int, offset: int) -> Sequence[BackgroundTask]:
    """Return the tasks of a login, the newest first."""
    own = select(BackgroundTask).where(BackgroundTask.user_id == user_id).order_by(BackgroundTask.id.desc())
    return session.scalars(own.limit(limit).offset(offset)).all()


def holder() -> str:
    """Return the name of this process."""
    return f"{socket.gethostname()}:{os.getpid()}"


def _next_free(session: Session, now: datetime) -> BackgroundTask | None:
    """Return the oldest open task, if nobody carries one out."""
    fresh = open_tasks().execution_options(populate_existing=True)
    oldest = session.scalars(fresh.limit(1)).first()
    if oldest is None:
        return None
    running = session.scalars(fresh.where(BackgroundTask.state == RUNNING)).all()
    return None if any(_is_held(session, task, now) for task in running) else oldest


def _claims_alone(session: Session) -> bool:
    """Return whether no other transaction claims a task, and see to it that none does until this one ends.

    The rows alone do not protect the order: those that one claim has locked are not all that another could take.
    """
    if session.get_bind().dialect.name == "sqlite":
        return True  # this transaction is the only writer
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(*CLAIMS_LOCK))))


def _locked(session: Session, task: BackgroundTask | None) -> BackgroundTask | None:
    """Return a task with its row locked; None for none, and for one whose worker is just storing its end."""
    if task is None:
        return None
    wanted = open_tasks().where(BackgroundTask.id == task.id).with_for_update(skip_locked=True)
    return session.scalars(wanted.execution_options(populate_existing=True)).first()


def _is_held(session: Session, task: BackgroundTask, now: datetime) -> bool:
    file = progress_file(engine_of(session), task.id)
    renewed = [task.renewed_at, None if file is None else renewed_at(file)]
    if not any(at is not None and at > now - LEASE for at in renewed):
        return False
    return not _has_died(task.holder)


def _has_died(name: str) -> bool:
    """Return whether the process of a claim is known to be gone.

    That is one of this machine without a process, and this process itself, which claims only when it has nothing to do:
    the name is that of an earlier process. On Windows a signal of 0 would end the other one.
    """
    if name == holder():
        return True
    host, _colon, number = name.rpartition(":")
    if host != socket.gethostname() or sys.platform == "win32" or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _held(task_id: int) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for a task that this process carries out."""
    return BackgroundTask.id == task_id, BackgroundTask.state == RUNNING, BackgroundTask.holder == holder()


def _delete_beyond(session: Session, user_id: int) -> None:
    """Delete the oldest ended tasks of a login, so that at most KEPT_MAX remain."""
    ended = (BackgroundTask.user_id == user_id, BackgroundTask.ended_at.is_not(None))
    last = select(BackgroundTask.id).where(*ended).order_by(BackgroundTask.id.desc()).limit(1).offset(KEPT_MAX - 2)
    oldest_kept = session.scalar(last)
    if oldest_kept is not None:
        session.execute(delete(BackgroundTask).where(*ended, BackgroundTask.id < oldest_kept))
