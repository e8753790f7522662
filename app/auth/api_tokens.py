"""API tokens with which a program acts for a login. Stored hashed, shown once, revocable, valid for a year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from app.auth import mails, memberships
from app.auth.events import ApiTokenMade, ApiTokenRevoked
from app.auth.models import ApiToken, User
from booking.errors.schedule_errors import NotFound
from booking.kernel.events import Actor, record
from booking.kernel.tokens import hash_of, new_token

PREFIX = "ring_"  # so that scanners for leaked secrets can know it
TOKENS_SHOWN = 100
VALID_FOR = timedelta(days=365)
WARNED_BEFORE = timedelta(days=14)
USE_NOTED_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class TokenCard:
    """A token as its owner sees it; never its secret."""

    id: int
    label: str
    is_read_only: bool
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


def create(session: Session, user_id: int, *, label: str, is_read_only: bool, by: Actor, now: datetime) -> str:
    """Create a token, mail its owner and return its secret, to be shown once. Call inside write_transaction()."""
    secret = PREFIX + new_token()
    token = ApiToken(
        token_hash=hash_of(secret),
        user_id=user_id,
        label=label,
        is_read_only=is_read_only,
        created_at=now,
        expires_at=now + VALID_FOR,
    )
    session.add(token)
    session.flush()
    record(session, ApiTokenMade(user_id, token.id, is_read_only), by=by, at=now)
    mails.queue_token_created(session, user_id, token.id, label, now=now)
    return secret


def revoke(session: Session, token_id: int, *, by: Actor, now: datetime) -> None:
    """Revoke a token. Call inside write_transaction(). Raises NotFound."""
    token = session.get(ApiToken, token_id, with_for_update=True)
    if token is None:
        raise NotFound(id=token_id)
    if token.revoked_at is None:
        token.revoked_at = now
        record(session, ApiTokenRevoked(token.user_id, token_id), by=by, at=now)


def revoke_all(session: Session, user_id: int, *, by: Actor, now: datetime) -> None:
    """Revoke all tokens of a login. Call inside write_transaction()."""
    held = select(ApiToken.id).where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
    for token_id in session.scalars(held.order_by(ApiToken.id)).all():
        revoke(session, token_id, by=by, now=now)


def note_use(session: Session, secret: str, *, now: datetime) -> None:
    """Store that a token is in use, once an hour. Call inside write_transaction()."""
    is_due = or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at <= now - USE_NOTED_EVERY)
    noted = update(ApiToken).where(ApiToken.token_hash == hash_of(secret), is_due).values(last_used_at=now)
    session.execute(noted.execution_options(synchronize_session=False))


def warn_of_ends(session: Session, *, now: datetime) -> int:
    """Queue a mail to the owner of each token that ends within 14 days, once. Return how many tokens there are.

    Call inside write_transaction().
    """
    can_be_used = User.disabled_at.is_(None), ~memberships.has_left(), ApiToken.revoked_at.is_(None)
    ends_soon = ApiToken.expires_at > now, ApiToken.expires_at <= now + WARNED_BEFORE
    columns = (ApiToken.user_id, ApiToken.id, ApiToken.label, ApiToken.expires_at)
    wanted = select(*columns).join(User, User.id == ApiToken.user_id).where(*can_be_used, *ends_soon)
    found = session.execute(wanted.order_by(ApiToken.id), {"today": memberships.ring_day(now)}).all()
    for user_id, token_id, label, expires_at in found:
        last_day = memberships.ring_day(expires_at)
        mails.queue_token_ends(session, user_id, token_id, label, last_day, now=now)
    return len(found)


def owner_id(session: Session, token_id: int) -> int:
    """Return the id of the login that a token acts for. Raises NotFound."""
    user_id = session.scalar(select(ApiToken.user_id).where(ApiToken.id == token_id))
    if user_id is None:
        raise NotFound(id=token_id)
    return user_id


def tokens_of(session: Session, user_id: int) -> list[TokenCard]:
    """Return the tokens of a login that are not revoked, the newest first; those that have ended too."""
    columns = (ApiToken.id, ApiToken.label, ApiToken.is_read_only, ApiToken.created_at)
    rows = session.execute(
        select(*columns, ApiToken.expires_at, ApiToken.last_used_at)
        .where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
        .order_by(ApiToken.id.desc())
        .limit(TOKENS_SHOWN)
    )
    return [TokenCard(*row) for row in rows]
