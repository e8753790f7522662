"""The only clock of the program. The domain packages get the time as an argument."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Flask
from flask.globals import _cv_app


def now() -> datetime:
    """Return the current instant (aware, UTC). Tests set their own clock in app.config["CLOCK"]."""
    context = _cv_app.get(None)
    return now_of(context.app if context is not None else None)


def now_of(app: Flask | None) -> datetime:
    """Return the current instant by the clock of an application, for code that runs before Flask."""
    if app is not None and (clock := app.config.get("CLOCK")):
        return clock()
    return datetime.now(UTC)


def utc_minute(instant: datetime) -> str:
    """Return an instant as the operator reads it, in UTC, the same on every machine of the ring."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
