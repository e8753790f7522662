"""The only clock of the program. Everything below app/ is told the time."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Flask, current_app, has_app_context


def now() -> datetime:
    """The present instant (aware, UTC). Tests put their own clock into app.config["CLOCK"]."""
    return now_of(current_app if has_app_context() else None)


def now_of(app: Flask | None) -> datetime:
    """The present instant by the clock of an application, for what runs before Flask does."""
    if app is not None and (clock := app.config.get("CLOCK")):
        return clock()
    return datetime.now(UTC)
