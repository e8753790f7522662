"""What goes on working without a log-in: tokens of programs and calendar subscriptions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.auth import api_tokens
from booking.kernel.events import Actor
from calendars import tokens


def end_all(session: Session, user_id: int, *, by: Actor, now: datetime) -> None:
    """End all tokens and calendar subscriptions of a login, for good. Call inside write_transaction()."""
    api_tokens.revoke_all(session, user_id, by=by, now=now)
    tokens.revoke_all(session, user_id, by=by, now=now)
