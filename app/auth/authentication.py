"""Authentication: from e-mail address and password (and a code) to a session, without user enumeration.

Known and unknown addresses take the same steps and get the same answer: check the pause, verify one hash, write.
Hashing never happens inside a write transaction.

A log-in writes once, because log-ins wait one behind another in each process and for one another in the database: its
count for LOGIN_LIMIT goes with its session, or with its failure. These commits wait for no disk. What a power cut takes
of them is a session, so that somebody logs in again, or a few counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Row, bindparam, func, select, update
from sqlalchemy.orm import Session

from app.auth import (
    accounts,
    attempts,
    login_sessions,
    mails,
    one_time_codes,
    one_use_links,
    passwords,
    pending_logins,
    second_factor,
    security_log,
)
from app.auth.attempts import Source
from app.auth.errors import PasswordReplaced, WrongCode, WrongCredentials
from app.auth.events import PasswordLinkSent
from app.auth.login_rate import RateCounter
from app.auth.models import SecondFactor, User
from app.auth.origins import Origin
from booking.email_addresses import normalize_email
from booking.kernel.events import Actor, record
from booking.kernel.prepared import PreparedStatement
from booking.kernel.transaction import in_write_transaction

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What was typed at log-in, and the session that the browser had before."""

    email: str
    password: str
    device: str = ""
    origin: Origin = field(default_factory=Origin)
    old_session: str = ""  # the secret of the session they had before; it ends
    rate: RateCounter | None = None  # of LOGIN_LIMIT, where it is on


@dataclass(frozen=True, slots=True)
class LoginResult:
    """The outcome of the first step: a session, or a pending second step. secret: for the cookie."""

    secret: str
    needs_code: bool


def log_in(session: Session, credentials: Credentials, *, now: datetime, days: int) -> LoginResult:
    """Check the password; the only step for logins without a second factor. Opens its own write transactions.

    Raises WrongCredentials (unknown, wrong or disabled, without saying which), TooManyAttempts.
    """
    try:
        return _let_in(session, credentials, now, days)
    except PasswordReplaced:  # or its hash was renewed by another log-in: once more, by what is stored now
        return _let_in(session, credentials, now, days)


def _let_in(session: Session, credentials: Credentials, now: datetime, days: int) -> LoginResult:
    email = normalize_email(credentials.email)
    checked = _checked(session, email, credentials.password, credentials.origin, now, credentials.rate)
    is_old = passwords.needs_new_hash(checked.password_hash)
    renewed = passwords.hash_of(credentials.password) if is_old else None
    return in_write_transaction(
        session, lambda: _enter(session, checked, email, credentials, renewed, now, days), is_durable=False
    )


def finish_log_in(
    session: Session, pending: str, code: str, *, device: str, origin: Origin, now: datetime, days: int
) -> str:
    """Check the code and return the session's secret for the cookie. Opens its own write transaction.

    Raises LogInExpired, TooManyAttempts, WrongCode (wrong, used before or of another login, without saying which).
    """
    token = in_write_transaction(session, lambda: _finish(session, pending, code, device, origin, now, days))
    if token is None:
        raise WrongCode()
    return token


def confirm_with_code(
    session: Session,
    user_id: int,
    password: str,
    code: str,
    use_case: Callable[[], T],
    *,
    origin: Origin,
    now: datetime,
) -> T:
    """Verify password and code, then run a use case that needs both. Opens its own write transactions.

    Raises WrongCredentials, TooManyAttempts, WrongCode, and what the use case raises.
    """
    confirmed = confirm(session, user_id, password, origin=origin, now=now)

    def spend_and_do() -> tuple[T] | None:
        accounts.require_password(session, user_id, confirmed)
        is_right = second_factor.verify_code(session, user_id, code, origin=origin, now=now)
        return (use_case(),) if is_right else None

    done = in_write_transaction(session, spend_and_do)
    if done is None:
        raise WrongCode()
    return done[0]


def confirm(session: Session, user_id: int, password: str, *, origin: Origin, now: datetime) -> str:
    """Verify the password again before a sensitive change. Raises WrongCredentials, TooManyAttempts.

    Returns its hash, by which the change sees that it is the password still (accounts.require_password).
    """
    email = session.scalar(select(User.email).where(User.id == user_id)) or ""
    checked = _checked(session, email, password, origin, now)
    source = origin.source(email, user_id)
    in_write_transaction(session, lambda: attempts.reset(session, attempts.LOGIN, source))
    return checked.password_hash


def confirm_with_either(session: Session, user_id: int, typed: str, *, origin: Origin, now: datetime) -> None:
    """Verify the password again, or where a second factor is on a code of its app.

    Opens its own write transactions. Raises WrongCredentials, WrongCode, TooManyAttempts.
    """
    is_code = one_time_codes.is_app_code(one_time_codes.normalize_code(typed))
    if not (is_code and second_factor.is_on(session, user_id)):
        confirm(session, user_id, typed, origin=origin, now=now)
    elif not in_write_transaction(
        session, lambda: second_factor.verify_code(session, user_id, typed, origin=origin, now=now)
    ):
        raise WrongCode()


@dataclass(frozen=True, slots=True)
class _Checked:
    """A login whose password was right. has_failures: whether wrong ones were counted before."""

    user_id: int
    password_hash: str
    has_failures: bool


def _checked(
    session: Session, email: str, password: str, origin: Origin, now: datetime, rate: RateCounter | None = None
) -> _Checked:
    """Return the login of an address if the password matches; else count a failure.

    Pause and limit are checked when it is the turn of this attempt, so that guesses side by side cannot run ahead of
    the counts by more than the few that are worked on at once; and right passwords side by side count no failure.
    Whoever is beyond the limit when the result is stored does not hear it.
    """
    session.rollback()  # see the pause as it is now
    with passwords.hashing_slot():
        user = _user(session, email)
        source = origin.source(email, user.id if user is not None else None)
        has_failures = attempts.require_no_pause(session, attempts.LOGIN, source, now=now)
        if rate is not None:
            rate.require_room(session, now=now)
        session.rollback()  # hold no snapshot while hashing
        is_right = passwords.matches(password, user.password_hash if user is not None else None)
    if not is_right or user is None or user.disabled_at is not None:
        in_write_transaction(session, lambda: _count_failure(session, source, rate, now), is_durable=False)
        security_log.note(security_log.LOGIN_REFUSED, user.id if user is not None else None)
        raise WrongCredentials()
    return _Checked(user.id, str(user.password_hash), has_failures)


def _count_failure(session: Session, source: Source, rate: RateCounter | None, now: datetime) -> None:
    attempts.count_failure(session, attempts.LOGIN, source, now=now)
    if rate is not None:
        rate.count(session, now=now)


def request_password_reset(session: Session, email: str, *, origin: Origin, now: datetime, minutes: int) -> None:
    """Send a link for a new password, if a login has this address. Opens its own write transaction.

    Links sent before stay valid: else a stranger who goes on asking would end each of them.
    Raises TooManyAttempts, for known and unknown addresses alike.
    """
    email = normalize_email(email)
    in_write_transaction(session, lambda: _send_link(session, email, origin, now, minutes))


def _send_link(session: Session, email: str, origin: Origin, now: datetime, minutes: int) -> None:
    user = _user(session, email)
    source = origin.source(email, user.id if user is not None else None)
    attempts.count_request(session, attempts.PASSWORD, source, now=now)
    security_log.note(security_log.RESET_ASKED, user.id if user is not None else None)
    is_known = user is not None and user.disabled_at is None
    # For an unknown address the same steps run with any login and are rolled back, so that the time is the same.
    anybody = session.scalar(select(func.min(User.id)))
    user_id = user.id if user is not None else anybody
    if user_id is None:
        return
    with session.begin_nested() as steps:
        valid_for = timedelta(minutes=minutes)
        link = one_use_links.add(session, user_id, one_use_links.PASSWORD, now=now, valid_for=valid_for)
        mails.queue_password_link(session, user_id, link, now=now, minutes=minutes)
        record(session, PasswordLinkSent(user_id), by=Actor(user_id=user_id), at=now)
        if not is_known:
            steps.rollback()


def _enter(
    session: Session,
    checked: _Checked,
    email: str,
    credentials: Credentials,
    renewed: str | None,
    now: datetime,
    days: int,
) -> LoginResult:
    user_id = checked.user_id
    present = _LOCKED.of(session, {"user_id": user_id})
    if not present or present[0].disabled_at is not None:
        raise WrongCredentials()
    if present[0].password_hash != checked.password_hash:
        raise PasswordReplaced()
    if checked.has_failures:
        attempts.reset(session, attempts.LOGIN, credentials.origin.source(email, user_id))
    if renewed is not None:
        session.execute(update(User).where(User.id == user_id).values(password_hash=renewed))
    if credentials.old_session:
        login_sessions.close_session(session, credentials.old_session)
    needs_code = bool(_NEEDS_CODE.of(session, {"user_id": user_id}))
    if needs_code:
        token = pending_logins.begin(session, user_id, now=now)
    else:
        token = login_sessions.open_session(session, user_id, now=now, days=days, device=credentials.device)
    if credentials.rate is not None:
        credentials.rate.count(session, now=now)
    return LoginResult(token, needs_code=needs_code)


def _finish(
    session: Session, pending: str, code: str, device: str, origin: Origin, now: datetime, days: int
) -> str | None:
    """Return the session's secret; None for a wrong code, whose count must be committed."""
    user_id = pending_logins.owner_of(session, pending, now=now)
    if not second_factor.verify_code(session, user_id, code, origin=origin, now=now):
        return None
    pending_logins.finish(session, pending)
    return login_sessions.open_session(session, user_id, now=now, days=days, device=device)


def _user(session: Session, email: str) -> Row[int, str | None, datetime | None] | None:
    found: Row[int, str | None, datetime | None] | None = _BY_EMAIL.one_or_none(session.connection(), {"email": email})
    return found


_BY_EMAIL = PreparedStatement(
    select(User.id, User.password_hash, User.disabled_at).where(User.email == bindparam("email"))
)
# Whoever replaces the password, disables the login or switches the second factor on ends all its sessions, and locks
# the login first: a log-in that is at work meanwhile is either seen by them, or sees what they have done.
_LOCKED = PreparedStatement(
    select(User.disabled_at, User.password_hash).where(User.id == bindparam("user_id")).with_for_update(key_share=True)
)
_NEEDS_CODE = PreparedStatement(
    select(SecondFactor.user_id).where(
        SecondFactor.user_id == bindparam("user_id"), SecondFactor.switched_on_at.is_not(None)
    )
)
