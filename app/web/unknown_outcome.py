"""Requests whose commit was not confirmed: what the page says from then on, and where to look.

When such a page cannot be rendered, because the database does not answer either, the error page must not say that
nothing was stored.
"""

from __future__ import annotations

from flask import Flask, Response, g, request
from flask.globals import request_ctx
from werkzeug.exceptions import HTTPException

from booking.kernel.errors import OutcomeUnknown

UNAVAILABLE = 503
DESK = "/today"
NEW = "new"  # the last part of the addresses of forms that enter something


def init_app(app: Flask) -> None:
    """Say in each such answer when to try again."""
    app.after_request(_add_retry_after)


def note(error: OutcomeUnknown) -> None:
    """Record that the outcome of the current request is unknown."""
    g.unknown_outcome = error


def noted() -> OutcomeUnknown | None:
    """Return the error that was recorded for the current request."""
    found: OutcomeUnknown | None = g.get("unknown_outcome")
    return found


def place_to_look() -> str:
    """Return the page that shows whether the change was stored: of a record its own, else the nearest one above."""
    parts = request.path.strip("/").split("/")
    longest = len(parts) if parts[-1].isdecimal() else len(parts) - 1
    paths = ("/" + "/".join(parts[:length]) for length in range(longest, 0, -1) if NEW not in parts[:length])
    return next((path for path in paths if _is_page(path)), DESK)


def _is_page(path: str) -> bool:
    adapter = request_ctx.url_adapter
    try:
        return adapter is not None and bool(adapter.match(path, method="GET"))
    except HTTPException:
        return False


def _add_retry_after(response: Response) -> Response:
    error = noted()
    if error is not None and response.status_code == UNAVAILABLE:
        response.headers.setdefault("Retry-After", str(error.facts["retry_after_seconds"]))
    return response
