"""A task as a page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app, request, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from app.background import queue
from app.background.models import DONE, FAILED, RUNNING, WAITING, BackgroundTask
from app.background.tracking import progress_of
from app.pages.tasks.labels import LABELS

STARTS_LATE = timedelta(seconds=30)  # a worker that runs would have begun by then
PER_CENT_UNTIL_KNOWN = 10
LOOKS = {WAITING: "waiting", RUNNING: "in_use", DONE: "done", FAILED: "rejected"}


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task. look: a state of the design. percent, seconds_left: None while they are not known.

    before: how many tasks are carried out first. is_late: it waits although no other is carried out. way_back: the
    page from which it can be started again.
    """

    id: int
    label: str
    state: str
    look: str
    is_open: bool
    is_file: bool
    is_page: bool
    created_at: datetime
    ended_at: datetime | None
    kept_until: datetime | None
    percent: int | None
    seconds_left: int | None
    before: int
    is_late: bool
    file_name: str
    kilobytes: int
    location: str
    messages: tuple[tuple[str, str], ...]
    way_back: str


def view_of(session: Session, task: BackgroundTask, *, now: datetime) -> TaskView:
    """Return a task with its progress."""
    done, total = progress_of(session, task) if task.state == RUNNING else (0, 0)
    before = queue.waiting_before(session, task) if task.state == WAITING else 0
    return TaskView(
        id=task.id,
        label=str(LABELS.get(task.endpoint, task.endpoint)),
        state=task.state,
        look=LOOKS[task.state],
        is_open=task.is_open,
        is_file=task.is_file,
        is_page=task.is_page,
        created_at=task.created_at,
        ended_at=task.ended_at,
        kept_until=task.ended_at + queue.KEPT_FOR if task.ended_at else None,
        percent=min(99, 100 * done // total) if total else None,
        seconds_left=_seconds_left(task, done, total, now),
        before=before,
        is_late=task.state == WAITING and not before and now - task.created_at > STARTS_LATE,
        file_name=task.file_name,
        kilobytes=-(-task.bytes // 1000),
        location=task.location,
        messages=tuple((str(category), str(text)) for category, text in task.messages),
        way_back=_way_back(task),
    )


def _seconds_left(task: BackgroundTask, done: int, total: int, now: datetime) -> int | None:
    """Return how long a task will probably take; None at its beginning, which tells little."""
    if task.started_at is None or not total or 100 * done < PER_CENT_UNTIL_KNOWN * total:
        return None
    elapsed = (now - task.started_at).total_seconds()
    return max(1, round(elapsed * (total - done) / done))


def endpoint_of(address: str) -> str | None:
    """Return the page behind the address of a GET on this site; None for none that may become a task."""
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None
    try:
        endpoint, _arguments = adapter.match(address.partition("?")[0], method="GET")
    except (HTTPException, RequestRedirect):
        return None
    return endpoint if endpoint in LABELS else None


def _way_back(task: BackgroundTask) -> str:
    """Return the address of the task's request, or the one above it where that is only sent to."""
    path = task.address.partition("?")[0]
    if task.endpoint.startswith("api."):
        return url_for("tasks.list_tasks")
    if task.method == "GET":
        return url_for("tasks.offer", address=task.address)
    return f"{task.script_root}{path if endpoint_of(path) else path.rpartition('/')[0]}"
