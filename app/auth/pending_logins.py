"""Between password and code: who has said the right password in which browser. Nobody is logged in by that."""

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
    """Note a right password and return the secret that only this browser's cookie will know.

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
    """Use it up. Of two who finish at once, one is let in. Call inside write_transaction(). Raises LogInExpired."""
    used = delete(PendingLogin).where(PendingLogin.token_hash == hash_of(secret)).returning(PendingLogin.id)
    if session.execute(used).first() is None:
        raise LogInExpired()
