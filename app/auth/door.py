"""The door: from an e-mail address and a password to a session, telling strangers nothing.

Whether an address is known, the same steps are taken and the same words said: count the attempt, check one
hash, write. Hashing happens between the two write transactions, never inside one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Row, func, select, update
from sqlalchemy.orm import Session

from app.auth import accounts, attempts, letters, logins, one_use_links, passwords
from app.auth.errors import WrongCredentials
from app.auth.events import PasswordLinkSent
from app.auth.models import User
from booking.kernel.events import Actor, record
from booking.kernel.transaction import in_write_transaction


@dataclass(frozen=True, slots=True)
class Knock:
    """Somebody at the door: what they typed and what they came with."""

    email: str
    password: str
    device: str = ""
    old_session: str = ""  # the secret of the session they had before; it ends


def log_in(session: Session, knock: Knock, *, now: datetime, days: int) -> str:
    """Open a session and return its secret for the cookie. Opens its own write transactions.

    Raises WrongCredentials (unknown, wrong, disabled: never said which), TooManyAttempts.
    """
    email = accounts.normal_email(knock.email)
    in_write_transaction(session, lambda: attempts.begin(session, attempts.LOGIN, email, now=now))
    user = _user(session, email)
    kept = user.password_hash if user is not None else None
    session.rollback()  # hold no snapshot while hashing
    if not passwords.fits(knock.password, kept) or user is None or user.disabled_at is not None:
        raise WrongCredentials()
    renewed = passwords.hash_of(knock.password) if passwords.needs_new_hash(str(kept)) else None
    return in_write_transaction(session, lambda: _enter(session, user.id, email, knock, renewed, now, days))


def confirm(session: Session, user_id: int, password: str, *, now: datetime) -> None:
    """Ask for the password again before something grave. Raises WrongCredentials, TooManyAttempts."""
    email = session.scalar(select(User.email).where(User.id == user_id)) or ""
    in_write_transaction(session, lambda: attempts.begin(session, attempts.LOGIN, email, now=now))
    user = _user(session, email)
    session.rollback()
    if not passwords.fits(password, user.password_hash if user is not None else None):
        raise WrongCredentials()
    in_write_transaction(session, lambda: attempts.forget(session, attempts.LOGIN, email))


def ask_new_password(session: Session, email: str, *, now: datetime, minutes: int) -> None:
    """Send a link for a new password, if a login has this address. Opens its own write transaction.

    Raises TooManyAttempts, for known and unknown addresses alike.
    """
    email = accounts.normal_email(email)
    in_write_transaction(session, lambda: _send_link(session, email, now, minutes))


def _send_link(session: Session, email: str, now: datetime, minutes: int) -> None:
    attempts.begin(session, attempts.PASSWORD, email, now=now)
    user = _user(session, email)
    is_known = user is not None and user.disabled_at is None
    # An unknown address takes the same steps for anybody's login and takes them back, so that time tells nothing.
    anybody = session.scalar(select(func.min(User.id)))
    user_id = user.id if user is not None else anybody
    if user_id is None:
        return
    with session.begin_nested() as steps:
        valid_for = timedelta(minutes=minutes)
        link = one_use_links.make(session, user_id, one_use_links.PASSWORD, now=now, valid_for=valid_for)
        letters.write_password_link(session, user_id, link, now=now, minutes=minutes)
        record(session, PasswordLinkSent(user_id), by=Actor(user_id=user_id), at=now)
        if not is_known:
            steps.rollback()


def _enter(
    session: Session, user_id: int, email: str, knock: Knock, renewed: str | None, now: datetime, days: int
) -> str:
    attempts.forget(session, attempts.LOGIN, email)
    if renewed is not None:
        session.execute(update(User).where(User.id == user_id).values(password_hash=renewed))
    if knock.old_session:
        logins.close_session(session, knock.old_session)
    if session.scalar(select(User.disabled_at).where(User.id == user_id)) is not None:
        raise WrongCredentials()
    return logins.open_session(session, user_id, now=now, days=days, device=knock.device)


def _user(session: Session, email: str) -> Row[int, str | None, datetime | None] | None:
    return session.execute(
        select(User.id, User.password_hash, User.disabled_at).where(User.email == email)
    ).one_or_none()
