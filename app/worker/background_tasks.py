"""Carrying tasks out: the request of a task runs through its view, as the login that sent it, and is kept.

The rights are those that the login has now. A view that finds the database busy is carried out again later; an error
that it answers by a page has that page as its result; any other error ends the task.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from typing import IO, Any

from flask import Flask, Response, current_app, g, get_flashed_messages, request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException
from werkzeug.http import parse_options_header

from app.api.idempotency import HEADER as KEY_HEADER
from app.auth import held_rights, permissions
from app.background import queue, sent_form
from app.background.deferral import CARRIED_OUT
from app.background.models import BackgroundTask
from app.background.queue import CHUNK_BYTES, Result
from app.background.tracking import Tracker, renewed_by_time
from app.clock import now
from app.present import present_login
from booking.kernel import deadlines, progress
from booking.kernel.database_errors import classify_error
from booking.kernel.errors import DomainError, Unavailable
from booking.kernel.transaction import discard, in_write_transaction

HTML, JSON = "text/html", "application/json"


def run_next(session: Session) -> int:
    """Carry the next task out, if one waits and no worker has another; return how many were."""
    if not queue.has_claimable(session, now=now()):
        return 0
    task = in_write_transaction(session, lambda: queue.claim(session, now=now()))
    if task is None:
        return 0
    task_id = task.id
    tracker = Tracker(session, task_id)
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    try:
        with (
            tempfile.TemporaryFile() as file,
            deadlines.extended(deadlines.COPY),
            progress.listening(tracker),
            renewed_by_time(tracker),
        ):
            result = _carry_out(app, task, file)
            in_write_transaction(session, partial(_store, session, task_id, result, file))
    except Exception as error:
        discard(session)
        _end_without_result(session, task_id, error)
        raise
    finally:
        tracker.close()
    return 1


def _store(session: Session, task_id: int, result: Result, file: IO[bytes]) -> None:
    file.seek(0)
    queue.store_result(session, task_id, result, _chunks(file), now=now())


def _end_without_result(session: Session, task_id: int, error: Exception) -> None:
    """Let a task wait for another try where the database was to blame, else end it."""
    is_transient = isinstance(error, Unavailable) or (isinstance(error, DBAPIError) and classify_error(error))
    end = partial(queue.release, session, task_id) if is_transient else partial(queue.fail, session, task_id, now=now())
    in_write_transaction(session, end)


def _carry_out(app: Flask, task: BackgroundTask, file: IO[bytes]) -> Result:
    """Answer the request of a task and write the content of the answer into a file."""
    environ = {CARRIED_OUT: task.user_id, "SCRIPT_NAME": task.script_root}
    sent = sent_form.json_of(task.body)
    # A second worker that carries the task of a program out again gets the reply of the first.
    body = {} if sent is None else {"data": sent, "content_type": JSON, "headers": {KEY_HEADER: _key_of(task)}}
    with app.test_request_context(task.address, method=task.method, environ_overrides=environ, **body):
        if sent is None:
            sent_form.fill(request, task.body)
        g.language, g.csrf_valid = task.language, True  # the page that handed it over has checked the token
        response = _answer(app)
        for chunk in response.iter_encoded():
            file.write(chunk)
        response.close()
        return _result_of(response)


def _key_of(task: BackgroundTask) -> str:
    return f"background-task:{task.id}:{int(task.created_at.timestamp())}"


def _answer(app: Flask) -> Response:
    """Return the response of the view, or the error page of a refusal. Raises everything else."""
    try:
        refused = permissions.check_request()
        if refused is not None:
            return app.make_response(refused)
        view: Any = app.view_functions[str(request.endpoint)]
        return app.make_response(view(**(request.view_args or {})))
    except Unavailable:
        raise
    except (DomainError, HTTPException) as refusal:
        return app.make_response(app.handle_user_exception(refusal))


def _result_of(response: Response) -> Result:
    disposition = response.headers.get("Content-Disposition", "")
    location = response.headers.get("Location", "")
    return Result(
        status=response.status_code,
        location=location,
        media_type=response.mimetype or HTML,
        file_name=_file_name(disposition),
        csrf_token=str(g.get("csrf_token", "")),
        messages=_messages() if location else (),
        rights=tuple(held_rights.rights_of(present_login(), _access())),
    )


def _access() -> permissions.Access:
    return permissions.access_to(request.endpoint, request.method)


def _messages() -> tuple[tuple[str, str], ...]:
    """Return what the view says on the next page, with its categories."""
    flashed: list[Any] = list(get_flashed_messages(with_categories=True))
    return tuple((str(category), str(text)) for category, text in flashed)


def _file_name(disposition: str) -> str:
    """Return the file's name in a header Content-Disposition; "" where it is no attachment."""
    kind, options = parse_options_header(disposition)
    return options.get("filename", "") if kind == "attachment" else ""


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield chunk
