"""Use cases of logins: invite, create, set a password, disable, change roles.

Each verb runs inside write_transaction() and writes what happened into the event log. Passwords come in as
hashes (passwords.hash_of), because hashing takes too long to be done inside a write transaction.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.auth import attempts, deputies, login_sessions, mails, one_use_links, security_log, standing_access
from app.auth.attempts import Source
from app.auth.errors import EmailTaken, LastAdministrator, LoginNotFound, PasswordReplaced
from app.auth.events import (
    InvitationAccepted,
    LoginDisabled,
    LoginEnabled,
    LoginInvited,
    LoginMade,
    PasswordChanged,
    RolesChanged,
)
from app.auth.models import User
from booking.email_addresses import EMAIL_LENGTH_MAX, check_email, normalize_email
from booking.errors.schedule_errors import MemberNotFound, RecordRefused
from booking.events.reservation_events import RecordChanged
from booking.kernel import revisions
from booking.kernel.events import Actor, record
from booking.models import Member
from booking.records import records

LENGTHS_MAX = {"name": 120, "email": EMAIL_LENGTH_MAX}


@dataclass(frozen=True, slots=True)
class Roles:
    """What a login may be besides a manager of workshops (see managers.py)."""

    member_id: int | None = None
    is_treasurer: bool = False
    is_admin: bool = False


@dataclass(frozen=True, slots=True)
class NewLogin:
    """A login to be entered."""

    email: str
    name: str
    roles: Roles = Roles()
    language: str = "de"


def invite(session: Session, wanted: NewLogin, *, by: Actor, now: datetime) -> int:
    """Enter a login without a password and return its id; the mail follows.

    Raises EmailTaken, MemberNotFound, RecordRefused.
    """
    user_id = _enter(session, wanted, None, by, now)
    record(session, LoginInvited(user_id), by=by, at=now)
    return user_id


def create(session: Session, wanted: NewLogin, password_hash: str, *, by: Actor | None, now: datetime) -> int:
    """Enter a login that has its password already.

    by: None when nobody is logged in (the first administrator). Raises EmailTaken, MemberNotFound, RecordRefused.
    """
    user_id = _enter(session, wanted, password_hash, by, now)
    record(session, LoginMade(user_id), by=by or Actor(user_id=user_id), at=now)
    return user_id


def accept_invitation(session: Session, secret: str, password_hash: str, *, now: datetime) -> int:
    """Give an invited login its first password. Returns its id. Raises LinkNotValid."""
    owner = one_use_links.redeem(session, secret, one_use_links.INVITATION, now=now)
    _set_password(session, owner.user_id, password_hash)
    record(session, InvitationAccepted(owner.user_id), by=Actor(user_id=owner.user_id), at=now)
    return owner.user_id


def set_new_password(
    session: Session, secret: str, password_hash: str, *, ends_access: bool = False, now: datetime
) -> int:
    """Give a login a new password by a mailed link; every device is logged out. Raises LinkNotValid.

    ends_access: tokens of programs and calendar subscriptions end too.
    """
    owner = one_use_links.redeem(session, secret, one_use_links.PASSWORD, now=now)
    _set_password(session, owner.user_id, password_hash)
    for purpose in (one_use_links.INVITATION, one_use_links.PASSWORD):
        one_use_links.revoke(session, owner.user_id, purpose, now=now)
    for kind in (attempts.LOGIN, attempts.PASSWORD):
        attempts.reset(session, kind, Source(owner.email))
    by = Actor(user_id=owner.user_id)
    if ends_access:
        standing_access.end_all(session, owner.user_id, by=by, now=now)
    record(session, PasswordChanged(owner.user_id, by_link=True), by=by, at=now)
    return owner.user_id


def change_password(
    session: Session,
    user_id: int,
    password_hash: str,
    *,
    ends_access: bool = False,
    confirmed: str | None = None,
    now: datetime,
) -> None:
    """Replace a password by its owner; every device is logged out, links sent before stop working.

    ends_access: tokens of programs and calendar subscriptions end too. confirmed: the hash of the former password that
    was typed, if one was. Raises PasswordReplaced.
    """
    if confirmed is not None:
        require_password(session, user_id, confirmed)
    _set_password(session, user_id, password_hash)
    one_use_links.revoke(session, user_id, one_use_links.PASSWORD, now=now)
    if ends_access:
        standing_access.end_all(session, user_id, by=Actor(user_id=user_id), now=now)
    record(session, PasswordChanged(user_id), by=Actor(user_id=user_id), at=now)


def require_password(session: Session, user_id: int, confirmed: str) -> None:
    """Lock a login and raise PasswordReplaced where its password is not the one that was confirmed before."""
    if _locked(session, user_id).password_hash != confirmed:
        raise PasswordReplaced()


def disable(session: Session, user_id: int, *, by: Actor, now: datetime) -> None:
    """Disable a login at once, on every device.

    Its tokens, calendar subscriptions, deputies, and its days as one, end and do not come back.

    Raises LoginNotFound, LastAdministrator.
    """
    user = _locked(session, user_id)
    if user.disabled_at is not None:
        return
    require_other_administrator(session, user)
    user.disabled_at = now
    deputies.end_all(session, user_id, by=by, now=now)
    login_sessions.close_all_sessions(session, user_id)
    standing_access.end_all(session, user_id, by=by, now=now)
    for purpose in (one_use_links.INVITATION, one_use_links.PASSWORD):
        one_use_links.revoke(session, user_id, purpose, now=now)
    record(session, LoginDisabled(user_id), by=by, at=now)


def enable(session: Session, user_id: int, *, by: Actor, now: datetime) -> None:
    """Enable a disabled login, with its old password and nothing else of what it had. Raises LoginNotFound."""
    user = _locked(session, user_id)
    if user.disabled_at is None:
        return
    user.disabled_at = None
    record(session, LoginEnabled(user_id), by=by, at=now)


def change_roles(session: Session, user_id: int, roles: Roles, *, revision: int, by: Actor, now: datetime) -> None:
    """Set the roles of a login; they take effect at its next request. Its owner gets a mail.

    Raises LoginNotFound, StaleRevision, LastAdministrator, MemberNotFound.
    """
    user = _locked(session, user_id)
    revisions.require_revision(revision, user.revision)
    _require_member(session, roles.member_id)
    if not roles.is_admin or _leaves(session, roles.member_id):
        require_other_administrator(session, user)
    is_change = roles != Roles(user.member_id, user.is_treasurer, user.is_admin)
    user.member_id, user.is_treasurer, user.is_admin = roles.member_id, roles.is_treasurer, roles.is_admin
    user.revision += 1
    session.flush()
    record(session, RolesChanged(user_id, roles.member_id, roles.is_treasurer, roles.is_admin), by=by, at=now)
    if is_change:
        mails.queue_roles_changed(session, user_id, now=now)
        security_log.note(security_log.ROLES_CHANGED, user_id)


def change_email(session: Session, user_id: int, email: str, *, by: Actor, now: datetime) -> None:
    """Change the e-mail address of a login; links sent to the old one stop working. Both addresses get a mail.

    Raises LoginNotFound, EmailTaken, RecordRefused.
    """
    user = _locked(session, user_id)
    email = normalize_email(email)
    if email == user.email:
        return
    RecordRefused.raise_for(check_email(email))
    _require_free(session, email)
    former, user.email = user.email, email
    session.flush()
    mails.queue_email_changed(session, user_id, former, now=now)
    for purpose in (one_use_links.INVITATION, one_use_links.PASSWORD):
        one_use_links.revoke(session, user_id, purpose, now=now)
    record(session, RecordChanged(table="login", record_id=user_id, what="email"), by=by, at=now)


def user_id_of(session: Session, email: str) -> int:
    """Return the id of the login with an e-mail address. Raises LoginNotFound."""
    user_id = session.scalar(select(User.id).where(User.email == normalize_email(email)))
    if user_id is None:
        raise LoginNotFound(email=email)
    return user_id


def require_other_administrator(session: Session, user: User) -> None:
    """Raise LastAdministrator when no other administrator could log in."""
    if not user.is_admin or user.disabled_at is not None:
        return
    _lock_administrators(session)
    if set(session.scalars(lasting_administrators(User.id))) <= {user.id}:
        raise LastAdministrator()


def require_lasting_administrator(session: Session, member_ids: Collection[int]) -> None:
    """Raise LastAdministrator when the last days entered of these members leave the ring without an administrator."""
    _lock_administrators(session)
    leaving = User.member_id.in_(member_ids), Member.left_on.is_not(None)
    ending = select(User.id).join(Member, Member.id == User.member_id).where(User.is_admin, *leaving)
    if session.scalar(ending.limit(1)) and session.scalar(lasting_administrators(User.id).limit(1)) is None:
        raise LastAdministrator()


def lasting_administrators(*columns: Any) -> Select[Any]:
    """Return the statement of the administrators who can log in and whose membership has no last day."""
    can_log_in = User.is_admin, User.disabled_at.is_(None), User.password_hash.is_not(None)
    return select(*columns).outerjoin(Member, Member.id == User.member_id).where(*can_log_in, Member.left_on.is_(None))


def _lock_administrators(session: Session) -> None:
    """Lock all of them in one order, so that two who remove each other cannot both succeed."""
    session.execute(select(User.id).where(User.is_admin).order_by(User.id).with_for_update())


def _enter(session: Session, wanted: NewLogin, password_hash: str | None, by: Actor | None, now: datetime) -> int:
    filled = records.check_filled(wanted, LENGTHS_MAX) + records.check_lengths(wanted, LENGTHS_MAX)
    RecordRefused.raise_for(filled + check_email(wanted.email.strip()))
    _require_member(session, wanted.roles.member_id)
    email = normalize_email(wanted.email)
    _require_free(session, email)
    roles = wanted.roles
    user = User(
        email=email,
        name=wanted.name,
        password_hash=password_hash,
        member_id=roles.member_id,
        is_treasurer=roles.is_treasurer,
        is_admin=roles.is_admin,
        language=wanted.language,
        created_at=now,
    )
    session.add(user)
    try:
        session.flush()
    except IntegrityError as error:
        raise EmailTaken() from error
    roles_given = RolesChanged(user.id, roles.member_id, roles.is_treasurer, roles.is_admin)
    record(session, roles_given, by=by or Actor(user_id=user.id), at=now)
    return user.id


def _require_free(session: Session, email: str) -> None:
    if session.scalar(select(User.id).where(User.email == email)) is not None:
        raise EmailTaken()


def _set_password(session: Session, user_id: int, password_hash: str) -> None:
    user = _locked(session, user_id)
    user.password_hash = password_hash
    login_sessions.close_all_sessions(session, user_id)


def _leaves(session: Session, member_id: int | None) -> bool:
    return session.scalar(select(Member.left_on).where(Member.id == member_id)) is not None


def _locked(session: Session, user_id: int) -> User:
    user = session.get(User, user_id, with_for_update=True)
    if user is None:
        raise LoginNotFound(id=user_id)
    return user


def _require_member(session: Session, member_id: int | None) -> None:
    if member_id is not None and session.scalar(select(Member.id).where(Member.id == member_id)) is None:
        raise MemberNotFound(id=member_id)
