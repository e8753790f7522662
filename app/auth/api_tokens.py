"""API tokens with which a program acts for a login. Stored hashed, shown once, revocable."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.auth.events import ApiTokenMade, ApiTokenRevoked
from app.auth.models import ApiToken
from booking.errors import NotFound
from booking.kernel.events import Actor, record
from booking.kernel.tokens import hash_of, new_token

PREFIX = "ring_"  # so that scanners for leaked secrets can know it
TOKENS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class TokenCard:
    """A token as its owner sees it; never its secret."""

    id: int
    label: str
    is_read_only: bool
    created_at: datetime


def create(session: Session, user_id: int, *, label: str, is_read_only: bool, by: Actor, now: datetime) -> str:
    """Create a token and return its secret, to be shown once. Call inside write_transaction()."""
    secret = PREFIX + new_token()
    token = ApiToken(
        token_hash=hash_of(secret), user_id=user_id, label=label, is_read_only=is_read_only, created_at=now
    )
    session.add(token)
    session.flush()
    record(session, ApiTokenMade(user_id, token.id, is_read_only), by=by, at=now)
    return secret


def revoke(session: Session, token_id: int, *, by: Actor, now: datetime) -> None:
    """Revoke a token. Call inside write_transaction(). Raises NotFound."""
    token = session.get(ApiToken, token_id, with_for_update=True)
    if token is None:
        raise NotFound(id=token_id)
    if token.revoked_at is None:
        token.revoked_at = now
        record(session, ApiTokenRevoked(token.user_id, token_id), by=by, at=now)


def owner_id(session: Session, token_id: int) -> int:
    """Return the id of the login that a token acts for. Raises NotFound."""
    user_id = session.scalar(select(ApiToken.user_id).where(ApiToken.id == token_id))
    if user_id is None:
        raise NotFound(id=token_id)
    return user_id


def tokens_of(session: Session, user_id: int) -> list[TokenCard]:
    """Return the tokens of a login that are not revoked, the newest first."""
    rows = session.execute(
        select(ApiToken.id, ApiToken.label, ApiToken.is_read_only, ApiToken.created_at)
        .where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
        .order_by(ApiToken.id.desc())
        .limit(TOKENS_SHOWN)
    )
    return [TokenCard(*row) for row in rows]
