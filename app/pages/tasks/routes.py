"""/tasks: what the worker carries out for the login, with a bar, and the results for some days."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response, abort, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf.csrf import generate_csrf

from app.auth import held_rights, permissions
from app.auth.permissions import OWN_LOGIN
from app.background import queue
from app.background.deferral import started, wish_for
from app.background.models import BackgroundTask
from app.clock import now
from app.extensions import db
from app.pages.declaration import PAGES, POST, MenuEntry, page
from app.pages.tasks import bp
from app.pages.tasks.labels import LABELS
from app.pages.tasks.presenter import endpoint_of, view_of
from app.present import present_login
from app.web.paging import page_number
from app.web.redirects import safe_next

PER_PAGE = 20
# Whose page became a task may see it: members prepare files of their own.
MENU = MenuEntry(_l("Background tasks"), 99, icon="hourglass-split", roles=("treasurer", "admin"))


@page(bp, "", access=OWN_LOGIN, menu=MENU)
def list_tasks() -> ResponseReturnValue:
    """List the login's tasks, the newest first. ?full=1: another one was refused because too many are open."""
    session, moment = db.session(), now()
    found = queue.tasks_of(session, current_user.id, limit=PER_PAGE + 1, offset=(page_number() - 1) * PER_PAGE)
    return render_template(
        "tasks/list.html",
        tasks=[view_of(session, task, now=moment) for task in found[:PER_PAGE]],
        page=page_number(),
        has_next=len(found) > PER_PAGE,
        is_full="full" in request.args,
        open_max=queue.OPEN_MAX,
    )


@page(bp, "/new", access=OWN_LOGIN)
def offer() -> ResponseReturnValue:
    """Offer to prepare what takes too long for a page: ?address= of the page that would answer it."""
    address = safe_next(request.args.get("address"))
    endpoint = _startable(address)
    if endpoint is None:
        return redirect(url_for(".list_tasks"), code=303)
    return render_template("tasks/offer.html", label=LABELS[endpoint], address=address)


@page(bp, "/new", methods=POST, access=OWN_LOGIN, endpoint="start")
def start() -> ResponseReturnValue:
    """Make a task of what was offered."""
    address = safe_next(request.form.get("address"))
    endpoint = _startable(address)
    if endpoint is None:
        return redirect(url_for(".list_tasks"), code=303)
    return started(wish_for(endpoint, address))


@page(bp, "/<int:task_id>", access=OWN_LOGIN)
def show(task_id: int) -> ResponseReturnValue:
    """Show how far a task is; its result once it is done."""
    task = _task(task_id)
    if task.is_page and _may_be_seen(task):
        return redirect(url_for(".result", task_id=task.id), code=303)
    return render_template(
        "tasks/show.html",
        task=view_of(db.session(), task, now=now()),
        is_guarded=_is_guarded(task),
        may_be_seen=_may_be_seen(task),
    )


@page(bp, "/<int:task_id>/result", access=OWN_LOGIN)
def result(task_id: int) -> ResponseReturnValue:
    """Return the file or the page that a task has made, if the login may still see it."""
    task = _task(task_id)
    if not permissions.scopes_of(present_login(), permissions.access_to(task.endpoint, task.method)):
        abort(403)
    if not (task.is_file or task.is_page) or _is_guarded(task):
        return redirect(url_for(".show", task_id=task.id), code=303)
    return _result(task)


@page(bp, "/<int:task_id>/result", methods=POST, access=OWN_LOGIN, endpoint="guarded_result", needs_confirmation=True)
def guarded_result(task_id: int) -> ResponseReturnValue:
    """Return the file of a task whose page asks for the password once more."""
    task = _task(task_id)
    return _result(task) if _is_guarded(task) else redirect(url_for(".show", task_id=task.id), code=303)


def _result(task: BackgroundTask) -> ResponseReturnValue:
    if not _may_be_seen(task):
        return redirect(url_for(".show", task_id=task.id), code=303)
    if task.is_file:
        response = Response(stream_with_context(_chunks(task.id)), task.status, mimetype=task.media_type)
        response.headers.set("Content-Disposition", "attachment", filename=task.file_name)
        response.content_length = task.bytes
        return response
    html = b"".join(_chunks(task.id)).decode()
    if task.csrf_token:
        html = html.replace(task.csrf_token, generate_csrf())
    return Response(html, task.status, mimetype=task.media_type)


def _task(task_id: int) -> BackgroundTask:
    """Return a task of the login. Aborts with 404 for another's."""
    task = db.session().get(BackgroundTask, task_id)
    if task is None:
        abort(404)
    permissions.require(user_id=task.user_id)
    return task


def _may_be_seen(task: BackgroundTask) -> bool:
    """Return whether the login still has every right by which the result was made."""
    access = permissions.access_to(task.endpoint, task.method)
    return held_rights.are_held(task.rights, present_login(), access)


def _is_guarded(task: BackgroundTask) -> bool:
    """Return whether the result is a file for which its page asks for the password once more."""
    page_of_task = PAGES.get(task.endpoint)  # None of a call
    return task.is_file and page_of_task is not None and page_of_task.needs_confirmation


def _startable(address: str) -> str | None:
    """Return the page behind an address that may become a task; None for any other. Aborts with 403."""
    endpoint = endpoint_of(address)
    if endpoint is not None and not permissions.may(endpoint):
        abort(403)
    return endpoint


def _chunks(task_id: int) -> Iterator[bytes]:
    number = 0
    while (chunk := queue.chunk(db.session(), task_id, number)) is not None:
        yield chunk
        number += 1
