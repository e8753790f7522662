"""The only clock of the program. Everything below app/ is told the time."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import current_app, has_app_context


def now() -> datetime:
    """The present instant (aware, UTC). Tests put their own clock into app.config["CLOCK"]."""
    if has_app_context() and (clock := current_app.config.get("CLOCK")):
        return clock()
    return datetime.now(UTC)
