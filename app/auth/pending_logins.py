"""Pending log-ins: the password was right, the code is pending. They give no access."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.auth.errors import LogInExpired
from app.auth.logins import CLOCKS_DIFFER
from app.auth.models import PendingLogin, User
from booking.kernel.tokens import hash_of, new_token

VALID_FOR = timedelta(minutes=5)


def begin(session: Session, user_id: int, *, now: datetime) -> str:
    """Enter a pending log-in and return its secret for the cookie.

    Call inside write_transaction().
    """
    session.execute(delete(PendingLogin).where(PendingLogin.user_id == user_id, PendingLogin.expires_at <= now))
    secret = new_token()
    session.add(PendingLogin(token_hash=hash_of(secret), user_id=user_id, expires_at=now + VALID_FOR))
    session.flush()
    return secret


def owner_of(session: Session, secret: str, *, now: datetime) -> int:
    """Return the id of the login whose second step is pending. Raises LogInExpired."""
    user_id = session.scalar(
        select(PendingLogin.user_id)
        .join(User, User.id == PendingLogin.user_id)
        .where(
            PendingLogin.token_hash == hash_of(secret),
            PendingLogin.expires_at > now,
            PendingLogin.expires_at <= now + VALID_FOR + CLOCKS_DIFFER,
            User.disabled_at.is_(None),
        )
    )
    if user_id is None:
        raise LogInExpired()
    return user_id


def finish(session: Session, secret: str) -> None:
    """Delete a pending log-in; of two concurrent requests one succeeds. Raises LogInExpired.

    Call inside write_transaction().
    """
    used = delete(PendingLogin).where(PendingLogin.token_hash == hash_of(secret)).returning(PendingLogin.id)
    if session.execute(used).first() is None:
        raise LogInExpired()
