"""Sessions on a shared computer: they end with the browser, and after half an hour without use.

When such a session was used last stands in its signed cookie, so that reading a page writes nothing to the database.
"""

from __future__ import annotations

from datetime import timedelta

from flask import session as cookie

from app.clock import now

IDLE_MINUTES = 30
DAYS = 1  # the longest, however much it is used
USED_AT = "shared_used_at"
NOTED_EVERY = timedelta(minutes=1)


def begin() -> None:
    """Mark the session that starts now."""
    cookie.permanent = False
    cookie[USED_AT] = int(now().timestamp())


def is_shared() -> bool:
    """Return whether the present session is on a shared computer."""
    return USED_AT in cookie


def has_ended() -> bool:
    """Return whether the present session was not used for half an hour; else note that it is used now."""
    if not is_shared():
        return False
    moment, used_at = int(now().timestamp()), cookie[USED_AT]
    if abs(moment - used_at) > IDLE_MINUTES * 60:
        return True
    if abs(moment - used_at) >= NOTED_EVERY.total_seconds():
        cookie[USED_AT] = moment
    return False
