"""The login behind a request: found by its session row, with its roles, in one statement."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask_login import UserMixin
from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    SQLColumnExpression,
    String,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Session

from app.auth.models import ApiToken, LoginSession, ManagedWorkshop, User
from booking.models import Workshop

DEVICES_SHOWN = 50


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
    is_program: bool = False  # asks by an API token, not by a browser's cookie
    is_read_only: bool = False

    def get_id(self) -> str:
        """What the cookie carries: the secret of the session row, never the login's own id."""
        return self.session_token


def open_session(session: Session, user_id: int, *, now: datetime, days: int, device: str = "") -> str:
    """Enter a log-in and return its secret for the cookie. Call inside write_transaction()."""
    token = secrets.token_urlsafe(32)
    session.execute(delete(LoginSession).where(LoginSession.user_id == user_id, LoginSession.expires_at <= now))
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


def close_all_sessions(session: Session, user_id: int, *, but_token: str = "") -> None:
    """Log a login out everywhere, but for the device of one secret. Call inside write_transaction()."""
    session.execute(
        delete(LoginSession).where(LoginSession.user_id == user_id, LoginSession.token_hash != hash_of(but_token))
    )


def owner_of_session(session: Session, session_id: int) -> int | None:
    """The login that is logged in by a session; None where there is no such session."""
    return session.scalar(select(LoginSession.user_id).where(LoginSession.id == session_id))


def close_session_by_id(session: Session, session_id: int) -> None:
    """Log another device out. Call inside write_transaction()."""
    session.execute(delete(LoginSession).where(LoginSession.id == session_id))


@dataclass(frozen=True, slots=True)
class Device:
    """A place where a login is logged in."""

    session_id: int
    device: str
    since: datetime
    is_this: bool


def devices_of(session: Session, user_id: int, *, token: str, now: datetime) -> list[Device]:
    """Where a login is logged in, the latest first; `token` tells which device asks."""
    rows = session.execute(
        select(LoginSession.id, LoginSession.device, LoginSession.created_at, LoginSession.token_hash)
        .where(LoginSession.user_id == user_id, LoginSession.expires_at > now)
        .order_by(LoginSession.created_at.desc(), LoginSession.id.desc())
        .limit(DEVICES_SHOWN)
    )
    return [Device(row.id, row.device, row.created_at, is_this=row.token_hash == hash_of(token)) for row in rows]


def by_session_token(session: Session, token: str, *, now: datetime) -> Login | None:
    """The login of a session that has not ended, if it is not disabled."""
    found = (
        LoginSession.token_hash == hash_of(token),
        LoginSession.expires_at > now,
        LoginSession.user_id == User.id,
    )
    return _load(session, found, now=now, token=token)


def by_api_token(session: Session, token: str, *, now: datetime) -> Login | None:
    """The login for which a program acts, if neither the token was revoked nor the login disabled."""
    found = (
        ApiToken.token_hash == hash_of(token),
        ApiToken.revoked_at.is_(None),
        ApiToken.user_id == User.id,
    )
    return _load(session, found, now=now, token="", is_read_only=ApiToken.is_read_only)


def by_user_id(session: Session, user_id: int, *, now: datetime) -> Login | None:
    """The login of an id, if it is not disabled: for tests and the terminal."""
    return _load(session, (User.id == user_id,), now=now, token="")


def _load(
    session: Session,
    found: tuple[ColumnElement[bool], ...],
    *,
    now: datetime,
    token: str,
    is_read_only: SQLColumnExpression[bool] | None = None,
) -> Login | None:
    """is_read_only: the column of an API token, where a program asks."""
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
        literal(False) if is_read_only is None else is_read_only,
    )
    row = session.execute(select(*columns).where(*found, User.disabled_at.is_(None))).one_or_none()
    if row is None:
        return None
    texts = (row.managed or "").split(",") if row.managed else ()
    workshops = frozenset(today for text in texts if (today := _manages_today(text, now)) is not None)
    *who, _managed, read_only = row
    return Login(
        *who,
        managed_workshop_ids=workshops,
        session_token=token,
        is_program=is_read_only is not None,
        is_read_only=bool(read_only),
    )


def _managed_workshops(now: datetime) -> ScalarSelect[str]:
    """The workshops a login manages, one text "id|zone|from|until" each, separated by commas.

    Deputies whose days lie more than a day away are left out here; which day it is at the workshop is
    decided in Python (`_manages_today`), so that one statement serves both databases.
    """
    today = now.date()
    parts = (ManagedWorkshop.workshop_id, Workshop.timezone, ManagedWorkshop.valid_from, ManagedWorkshop.valid_until)
    texts = [func.coalesce(cast(part, String), "") for part in parts]
    one = texts[0] + "|" + texts[1] + "|" + texts[2] + "|" + texts[3]
    return (
        select(func.aggregate_strings(one, ","))
        .join(Workshop, Workshop.id == ManagedWorkshop.workshop_id)
        .where(
            ManagedWorkshop.user_id == User.id,
            or_(ManagedWorkshop.valid_from.is_(None), ManagedWorkshop.valid_from <= today + timedelta(days=1)),
            or_(ManagedWorkshop.valid_until.is_(None), ManagedWorkshop.valid_until >= today - timedelta(days=1)),
        )
        .correlate(User)
        .scalar_subquery()
    )


def _manages_today(text: str, now: datetime) -> int | None:
    """The workshop of one text of `_managed_workshops`, if it is managed on the workshop's own day of `now`."""
    workshop_id, zone, valid_from, valid_until = text.split("|")
    if valid_from or valid_until:
        today = now.astimezone(ZoneInfo(zone)).date().isoformat()
        if today < valid_from or (valid_until and today > valid_until):
            return None
    return int(workshop_id)
