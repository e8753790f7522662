"""Handing a request over: a page that would take longer than two seconds becomes a task of the worker.

A form is handed over as it was sent (`deferred`). A GET changes nothing, so it leads to a page that offers to prepare
what was asked for (`offered`). In the worker both return None, and the view carries the request out.
"""

from __future__ import annotations

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_login import current_user
from sqlalchemy.orm import Session

from app.background import queue, sent_form
from app.background.queue import Wish
from app.clock import now
from app.extensions import db
from booking.kernel.transaction import in_write_transaction

CARRIED_OUT = "ringbuch.background_login"  # in the WSGI environment of the worker: the id of the login


def is_carried_out() -> bool:
    """Return whether the worker carries the present request out."""
    return CARRIED_OUT in request.environ


def deferred(*, is_long: bool) -> ResponseReturnValue | None:
    """Make the form that was sent a task and return the redirect to it; None where the view shall carry it out."""
    if not is_long or is_carried_out():
        return None
    return started(wish_of_request(sent_form.packed(request)))


def started(wish: Wish) -> ResponseReturnValue:
    """Enter a task and return the redirect to it, or to the list where too many are open."""
    session: Session = db.session()
    try:
        task = in_write_transaction(session, lambda: queue.enqueue(session, wish, now=now()))
    except queue.TooManyTasks:
        return redirect(url_for("tasks.list_tasks", full=1), code=303)
    return redirect(url_for("tasks.show", task_id=task.id), code=303)


def offered(*, is_long: bool) -> ResponseReturnValue | None:
    """Return the redirect to the page that offers to prepare what was asked for; None where the view shall do it."""
    if not is_long or is_carried_out():
        return None
    return redirect(url_for("tasks.offer", address=request.full_path.rstrip("?")), code=303)


def wish_for(endpoint: str, address: str) -> Wish:
    """Return the wish for what a GET of an address of this site answers."""
    return Wish(
        user_id=current_user.id,
        endpoint=endpoint,
        method="GET",
        address=address,
        language=str(get_locale()),
        script_root=request.script_root,
    )


def wish_of_request(body: bytes) -> Wish:
    """Return the wish for what the present request asks for. body: what was sent with it (sent_form.py)."""
    return Wish(
        user_id=current_user.id,
        endpoint=str(request.endpoint),
        method=request.method,
        address=request.full_path.rstrip("?"),
        language=str(get_locale()),
        script_root=request.script_root,
        body=body,
    )
