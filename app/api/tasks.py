"""Endpoints of background tasks: requests that the worker carries out, because they take longer than two seconds."""

from __future__ import annotations

from flask import Response, abort, url_for
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.api.endpoints import Endpoint, reply
from app.api.fields import Instant, ResponseModel
from app.api.problems import Reply
from app.auth import held_rights, permissions
from app.auth.permissions import OWN, Access
from app.background import queue, sent_form
from app.background.deferral import wish_of_request
from app.background.models import DONE, FAILED, RUNNING, WAITING, BackgroundTask
from app.background.tracking import progress_of
from app.clock import now
from app.extensions import db
from app.present import present_login
from booking.errors.schedule_errors import NotFound

RETRY_SECONDS = 2


class Task(ResponseModel):
    """A request that the worker carries out. status_url: of this task, to ask again.

    state: waiting, running, done, or failed (nothing is known of its effect; look before you send it again). percent:
    how far it is, null while that is not known. result_status, result_url: of the response to the request, which is
    kept for three days; null until it is there. It may be a refusal.
    """

    id: int
    state: str = Field(json_schema_extra={"enum": [WAITING, RUNNING, DONE, FAILED]})
    percent: int | None
    created_at: Instant
    ended_at: Instant | None
    status_url: str
    result_status: int | None
    result_url: str | None


@Endpoint("GET", "/tasks/<id:task_id>", access=Access(login=OWN), response=Task, errors=(404,))
def get_task(task_id: int) -> Reply:
    """Get a background task of this login: how far it is, and where its result is."""
    task = _own(task_id)
    return reply(_view(db.session(), task), headers=_retry(task))


@Endpoint(
    "GET",
    "/tasks/<id:task_id>/result",
    access=Access(login=OWN),
    response=Task,
    extra_statuses=(202,),
    errors=(404, 409),
)
def get_task_result(task_id: int) -> Reply | Response:
    """Get the response to the request of a background task, with its status, as if it had come at once.

    202 and the task while it is open; 404 for one that failed, 403 where the login may not send the request any more,
    or not for all that it could when the task was carried out: send it again.
    """
    task = _own(task_id)
    session, parts = db.session(), list[bytes]()
    if task.is_open:
        return reply(_view(session, task), 202, _retry(task))
    if not _has_reply(task):
        raise NotFound(id=task_id)
    access = permissions.access_to(task.endpoint, task.method)
    if not held_rights.are_held(task.rights, present_login(), access):
        abort(403)
    while (part := queue.chunk(session, task_id, len(parts))) is not None:
        parts.append(part)
    response = Response(b"".join(parts), task.status, content_type=task.media_type)
    if task.file_name:
        response.headers.set("Content-Disposition", "attachment", filename=task.file_name)
    return response


def accepted(body: BaseModel | None = None) -> Reply:
    """Make a task of the present request and return 202 with its address. Call inside write_transaction().

    body: what was sent; None for a GET. Raises TooManyTasks.
    """
    session = db.session()
    sent = b"" if body is None else sent_form.packed_json(body.model_dump_json(exclude_unset=True))
    task = queue.enqueue(session, wish_of_request(sent), now=now())
    view = _view(session, task)
    return reply(view, 202, {"Location": view.status_url, **_retry(task)})


def _own(task_id: int) -> BackgroundTask:
    """Return a task of the login. Raises NotFound, also for another's."""
    task, missing = db.session().get(BackgroundTask, task_id), NotFound(id=task_id)
    if task is None:
        raise missing
    permissions.require(user_id=task.user_id, missing=missing)
    return task


def _has_reply(task: BackgroundTask) -> bool:
    """Return whether there is a response for a program; that to a page's request is seen under /tasks."""
    return (task.is_page or task.is_file) and task.endpoint.startswith("api.")


def _retry(task: BackgroundTask) -> dict[str, str]:
    return {"Retry-After": str(RETRY_SECONDS)} if task.is_open else {}


def _view(session: Session, task: BackgroundTask) -> Task:
    done, total = progress_of(session, task) if task.is_open else (0, 0)
    return Task(
        id=task.id,
        state=task.state,
        percent=min(99, 100 * done // total) if total else None,
        created_at=task.created_at,
        ended_at=task.ended_at,
        status_url=url_for("api.get_task", task_id=task.id),
        result_status=task.status if _has_reply(task) else None,
        result_url=url_for("api.get_task_result", task_id=task.id) if _has_reply(task) else None,
    )
