"""The login behind a request: found by its session row, with its roles, in one statement."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_login import UserMixin
from sqlalchemy import ColumnElement, ScalarSelect, String, cast, delete, func, or_, select
from sqlalchemy.orm import Session

from app.auth.models import LoginSession, ManagedWorkshop, User


def hash_of(secret: str) -> str:
    """How a random secret (session, link, token) is stored. Long and random, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Login(UserMixin):
    """Who asks: a frozen picture of a login, taken anew for each request, so that rights withdrawn act at once."""

    id: int
    email: str
    name: str
    member_id: int | None
    is_treasurer: bool
    is_admin: bool
    language: str
    theme: str
    managed_workshop_ids: frozenset[int]
    session_token: str = ""

    def get_id(self) -> str:
        """What the cookie carries: the secret of the session row, never the login's own id."""
        return self.session_token


def open_session(session: Session, user_id: int, *, now: datetime, days: int, device: str = "") -> str:
    """Enter a log-in and return its secret for the cookie. Call inside write_transaction()."""
    token = secrets.token_urlsafe(32)
    session.add(
        LoginSession(
            token_hash=hash_of(token),
            user_id=user_id,
            created_at=now,
            expires_at=now + timedelta(days=days),
            device=device[:200],
        )
    )
    session.flush()
    return token


def close_session(session: Session, token: str) -> None:
    """Log one device out. Call inside write_transaction()."""
    session.execute(delete(LoginSession).where(LoginSession.token_hash == hash_of(token)))


def close_all_sessions(session: Session, user_id: int) -> None:
    """Log a login out everywhere. Call inside write_transaction()."""
    session.execute(delete(LoginSession).where(LoginSession.user_id == user_id))


def by_session_token(session: Session, token: str, *, now: datetime) -> Login | None:
    """The login of a session that has not ended, if it is not disabled."""
    found = (
        LoginSession.token_hash == hash_of(token),
        LoginSession.expires_at > now,
        LoginSession.user_id == User.id,
    )
    return _load(session, found, now=now, token=token)


def by_user_id(session: Session, user_id: int, *, now: datetime) -> Login | None:
    """The login of an id, if it is not disabled: for API tokens and tests."""
    return _load(session, (User.id == user_id,), now=now, token="")


def _load(session: Session, found: tuple[ColumnElement[bool], ...], *, now: datetime, token: str) -> Login | None:
    managed = _managed_workshops(now)
    columns = (
        User.id,
        User.email,
        User.name,
        User.member_id,
        User.is_treasurer,
        User.is_admin,
        User.language,
        User.theme,
        managed.label("managed"),
    )
    row = session.execute(select(*columns).where(*found, User.disabled_at.is_(None))).one_or_none()
    if row is None:
        return None
    workshops = frozenset(int(part) for part in (row.managed or "").split(",") if part)
    return Login(*row[:-1], managed_workshop_ids=workshops, session_token=token)


def _managed_workshops(now: datetime) -> ScalarSelect[str]:
    """A comma-separated list of the workshops a login manages today, deputies by their dates."""
    today = now.date()
    return (
        select(func.aggregate_strings(cast(ManagedWorkshop.workshop_id, String), ","))
        .where(
            ManagedWorkshop.user_id == User.id,
            or_(ManagedWorkshop.valid_from.is_(None), ManagedWorkshop.valid_from <= today),
            or_(ManagedWorkshop.valid_until.is_(None), ManagedWorkshop.valid_until >= today),
        )
        .correlate(User)
        .scalar_subquery()
    )
