"""One-use links sent by mail: invitation (days), new password (an hour). Stored hashed; their mails encrypted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.auth.errors import LinkNotValid
from app.auth.logins import CLOCKS_DIFFER
from app.auth.models import OneUseToken, User
from app.mail.leasing import withdraw_mails
from booking.kernel.tokens import hash_of, new_token

INVITATION, PASSWORD = "invitation", "password"


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link just created: its row, and the secret that only the mail contains."""

    id: int
    secret: str
    mail_key: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class LinkOwner:
    """The recipient of a link."""

    user_id: int
    email: str
    name: str


def create(session: Session, user_id: int, purpose: str, *, now: datetime, valid_for: timedelta) -> NewLink:
    """Create a link; older ones of the same purpose stop working. Call inside write_transaction()."""
    revoke(session, user_id, purpose, now=now)
    return add(session, user_id, purpose, now=now, valid_for=valid_for)


def add(session: Session, user_id: int, purpose: str, *, now: datetime, valid_for: timedelta) -> NewLink:
    """Create a link beside older ones. Call inside write_transaction()."""
    secret = new_token()
    link = OneUseToken(
        token_hash=hash_of(secret),
        user_id=user_id,
        purpose=purpose,
        created_at=now,
        expires_at=now + valid_for,
    )
    session.add(link)
    session.flush()
    return NewLink(link.id, secret, _mail_key(purpose, link.id), link.expires_at)


def revoke(session: Session, user_id: int, purpose: str, *, now: datetime) -> None:
    """End a login's links of a purpose; mails that were not sent yet are deleted. Call inside write_transaction()."""
    ended = session.scalars(
        update(OneUseToken)
        .where(OneUseToken.user_id == user_id, OneUseToken.purpose == purpose, OneUseToken.used_at.is_(None))
        .values(used_at=now)
        .returning(OneUseToken.id)
        .execution_options(synchronize_session=False)
    ).all()
    withdraw_mails(session, [_mail_key(purpose, link_id) for link_id in ended])


def owner_of(session: Session, secret: str, purpose: str, *, now: datetime) -> LinkOwner:
    """Return the owner of a valid link. Raises LinkNotValid."""
    row = session.execute(
        select(User.id, User.email, User.name)
        .join(OneUseToken, OneUseToken.user_id == User.id)
        .where(
            OneUseToken.token_hash == hash_of(secret),
            OneUseToken.purpose == purpose,
            OneUseToken.used_at.is_(None),
            OneUseToken.expires_at > now,
            OneUseToken.created_at <= now + CLOCKS_DIFFER,
            User.disabled_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        raise LinkNotValid()
    return LinkOwner(*row)


def redeem(session: Session, secret: str, purpose: str, *, now: datetime) -> LinkOwner:
    """Redeem a link; of two clicks at once one succeeds. Raises LinkNotValid. Call inside write_transaction()."""
    owner = owner_of(session, secret, purpose, now=now)
    used = session.execute(
        update(OneUseToken)
        .where(OneUseToken.token_hash == hash_of(secret), OneUseToken.used_at.is_(None))
        .values(used_at=now)
        .returning(OneUseToken.id)
        .execution_options(synchronize_session=False)
    )
    row = used.first()
    if row is None:
        raise LinkNotValid()
    withdraw_mails(session, [_mail_key(purpose, row.id)])
    return owner


def _mail_key(purpose: str, link_id: int) -> str:
    return f"{purpose}:{link_id}"
