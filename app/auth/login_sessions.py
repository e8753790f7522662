"""Sessions: created at log-in, listed as devices, ended one by one or all at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, insert, or_, select
from sqlalchemy.orm import Session

from app.auth.events import SessionsEnded
from app.auth.models import LoginSession, PendingLogin
from booking.kernel.events import Actor, record
from booking.kernel.orm import table_of
from booking.kernel.prepared import PreparedStatement
from booking.kernel.tokens import hash_of, new_token

DEVICES_SHOWN = 50
SESSIONS_MAX = 1_000  # of one login: many use that of a demo at once


def open_session(session: Session, user_id: int, *, now: datetime, days: int, device: str = "") -> str:
    """Enter a log-in and return its secret for the cookie; the oldest beyond 1,000 of this login end.

    Call inside write_transaction().
    """
    token = new_token()
    session.flush()
    connection = session.connection()
    _DELETE_ENDED.run(connection, {"owner": user_id, "now": now, "kept": SESSIONS_MAX - 1})
    entered = {"token_hash": hash_of(token), "user_id": user_id, "created_at": now}
    _INSERT.run(connection, {**entered, "expires_at": now + timedelta(days=days), "device": device[:200]})
    return token


def close_session(session: Session, token: str) -> None:
    """Log one device out. Call inside write_transaction()."""
    session.execute(delete(LoginSession).where(LoginSession.token_hash == hash_of(token)))


def close_all_sessions(session: Session, user_id: int, *, but_token: str = "") -> None:
    """Log a login out everywhere, except on the device of one secret; pending log-ins end too.

    Call inside write_transaction().
    """
    session.execute(delete(PendingLogin).where(PendingLogin.user_id == user_id))
    session.execute(
        delete(LoginSession).where(LoginSession.user_id == user_id, LoginSession.token_hash != hash_of(but_token))
    )


def owner_of_session(session: Session, session_id: int) -> int | None:
    """Return the id of the login of a session; None where there is no such session."""
    return session.scalar(select(LoginSession.user_id).where(LoginSession.id == session_id))


def end_device(session: Session, session_id: int, *, by: Actor, now: datetime) -> None:
    """Log another device out, by the owner of the login. Call inside write_transaction()."""
    ended = delete(LoginSession).where(LoginSession.id == session_id).returning(LoginSession.user_id)
    user_id = session.scalar(ended)
    if user_id is not None:
        record(session, SessionsEnded(user_id), by=by, at=now)


def end_all_devices(session: Session, user_id: int, *, now: datetime) -> None:
    """Log a login out everywhere, by its owner. Call inside write_transaction()."""
    close_all_sessions(session, user_id)
    record(session, SessionsEnded(user_id, is_all=True), by=Actor(user_id=user_id), at=now)


@dataclass(frozen=True, slots=True)
class Device:
    """A device on which a login is logged in."""

    session_id: int
    device: str
    since: datetime
    until: datetime
    is_this: bool


def devices_of(session: Session, user_id: int, *, token: str, now: datetime) -> list[Device]:
    """Return the devices of a login, the latest first. token: marks the current device."""
    rows = session.execute(
        select(
            LoginSession.id,
            LoginSession.device,
            LoginSession.created_at,
            LoginSession.expires_at,
            LoginSession.token_hash,
        )
        .where(LoginSession.user_id == user_id, LoginSession.expires_at > now)
        .order_by(LoginSession.created_at.desc(), LoginSession.id.desc())
        .limit(DEVICES_SHOWN)
    )
    this = hash_of(token)
    return [Device(row.id, row.device, row.created_at, row.expires_at, is_this=row.token_hash == this) for row in rows]


_OWN = LoginSession.user_id == bindparam("owner")
_NEWEST_BEYOND = (
    select(LoginSession.id).where(_OWN).order_by(LoginSession.id.desc()).offset(bindparam("kept")).limit(1)
).scalar_subquery()
_DELETE_ENDED = PreparedStatement(
    delete(LoginSession).where(
        _OWN, or_(LoginSession.expires_at <= bindparam("now"), LoginSession.id <= _NEWEST_BEYOND)
    )
)
_INSERT = PreparedStatement(insert(table_of(LoginSession)))
