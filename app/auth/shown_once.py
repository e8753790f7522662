"""Secrets that a page shows once after they were made (token, recovery codes, calendar address).

They wait for that page with the session, encrypted, and not in the cookie: a copy of a cookie could be read again.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.auth.models import LoginSession, ShownOnce
from app.extensions import secret_box
from booking.kernel.encryption import CannotDecrypt
from booking.kernel.tokens import hash_of
from booking.kernel.transaction import in_write_transaction

VALID_FOR = timedelta(minutes=15)
TOKEN, RECOVERY_CODES, FEED, WALL_SCREEN = "token", "recovery_codes", "feed", "wall_screen"


def put(session: Session, session_token: str, kind: str, value: Any, *, now: datetime) -> None:
    """Store what the next page of a session shows; an earlier secret is dropped. Call inside write_transaction()."""
    session_id = session.scalar(select(LoginSession.id).where(LoginSession.token_hash == hash_of(session_token)))
    if session_id is None:
        return  # logged out meanwhile: nobody sees the page
    session.execute(delete(ShownOnce).where(ShownOnce.session_id == session_id))
    secret = secret_box().encrypt(json.dumps(value), _purpose(session_id, kind))
    session.add(ShownOnce(session_id=session_id, kind=kind, secret=secret, made_at=now))
    session.flush()


def take(session: Session, session_token: str, kind: str, *, now: datetime) -> Any:
    """Return what put() stored, once; None for nothing. Opens its own write transaction where there is something."""
    wanted = (LoginSession.token_hash == hash_of(session_token), ShownOnce.kind == kind)
    found = session.scalars(
        select(ShownOnce).join(LoginSession, LoginSession.id == ShownOnce.session_id).where(*wanted)
    ).one_or_none()
    if found is None:
        return None
    session_id, secret, made_at = found.session_id, found.secret, found.made_at
    in_write_transaction(session, lambda: session.execute(delete(ShownOnce).where(ShownOnce.session_id == session_id)))
    if not made_at <= now < made_at + VALID_FOR:
        return None
    try:
        return json.loads(secret_box().decrypt(secret, _purpose(session_id, kind)))
    except CannotDecrypt:
        return None


def delete_old(session: Session, *, now: datetime) -> None:
    """Delete what no page has shown. Call inside write_transaction()."""
    session.execute(delete(ShownOnce).where(ShownOnce.made_at < now - VALID_FOR))


def _purpose(session_id: int, kind: str) -> str:
    return f"shown once {session_id} {kind}"
