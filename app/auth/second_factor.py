"""The second factor of a login: an app that shows codes, and recovery codes for the day the phone is lost.

Each verb runs inside write_transaction(), writes into the event log and tells the owner by mail. Which code is
spent is decided by the database, so that of two who send the same code at once one is let in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from app.auth import attempts, login_sessions, mails, one_time_codes, security_log
from app.auth.attempts import Source
from app.auth.errors import LoginNotFound, OwnSecondFactor, SecondFactorChanged, SecondFactorUnreadable, WrongCode
from app.auth.events import (
    RecoveryCodesMade,
    RecoveryCodeUsed,
    SecondFactorReset,
    SecondFactorSwitchedOff,
    SecondFactorSwitchedOn,
)
from app.auth.models import RecoveryCode, SecondFactor, User
from app.auth.origins import Origin
from app.auth.stored_secrets import purpose_of_factor
from app.extensions import secret_box
from booking.kernel.encryption import CannotDecrypt
from booking.kernel.events import Actor, record
from booking.kernel.tokens import hash_of

OFFERED_FOR = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class SecondFactorState:
    """What may be shown of a second factor; never its secret. since: None while it is off."""

    since: datetime | None = None
    codes_left: int = 0

    @property
    def is_on(self) -> bool:
        """Return whether log-in requires a code."""
        return self.since is not None


def state_of(session: Session, user_id: int) -> SecondFactorState:
    """Return whether a login has a second factor, and how many recovery codes are left."""
    left = select(func.count()).where(RecoveryCode.user_id == user_id).scalar_subquery()
    on = (SecondFactor.user_id == user_id, SecondFactor.switched_on_at.is_not(None))
    row = session.execute(select(SecondFactor.switched_on_at, left).where(*on)).one_or_none()
    return SecondFactorState() if row is None else SecondFactorState(*row)


def is_on(session: Session, user_id: int) -> bool:
    """Return whether a login has to enter a code at log-in."""
    return state_of(session, user_id).is_on


def begin_setup(session: Session, user_id: int, *, now: datetime) -> None:
    """Begin the set-up with a fresh secret; an earlier one becomes invalid.

    Raises SecondFactorChanged: it is on.
    """
    session.get_one(User, user_id, with_for_update=True)
    if is_on(session, user_id):
        raise SecondFactorChanged()
    session.execute(delete(SecondFactor).where(SecondFactor.user_id == user_id))
    secret = secret_box().encrypt(one_time_codes.new_secret(), purpose_of_factor(user_id))
    session.add(SecondFactor(user_id=user_id, secret=secret, begun_at=now))
    session.flush()


def setup_secret(session: Session, user_id: int, *, now: datetime) -> str:
    """Return the secret that is shown during the set-up, and only then. Raises SecondFactorChanged."""
    return _offered_secret(session, user_id, now)[1]


def switch_on(session: Session, user_id: int, code: str, *, session_token: str, now: datetime) -> list[str]:
    """Switch on with a first code of the app; other devices are logged out. Returns the recovery codes, to show once.

    Raises SecondFactorChanged, WrongCode.
    """
    session.get_one(User, user_id, with_for_update=True)  # no log-in that is at work goes without the code
    stored, secret = _offered_secret(session, user_id, now)
    step = one_time_codes.matching_time_step(secret, one_time_codes.normalize_code(code), now=now)
    if step is None:
        raise WrongCode()
    offered = (SecondFactor.user_id == user_id, SecondFactor.secret == stored, SecondFactor.switched_on_at.is_(None))
    switched = update(SecondFactor).where(*offered).values(switched_on_at=now, last_step=step)
    if session.execute(switched.returning(SecondFactor.user_id)).first() is None:
        raise SecondFactorChanged()
    login_sessions.close_all_sessions(session, user_id, but_token=session_token)
    record(session, SecondFactorSwitchedOn(user_id), by=Actor(user_id=user_id), at=now)
    mails.queue_second_factor_change(session, user_id, mails.SWITCHED_ON, now=now)
    return _new_codes(session, user_id, now)


def replace_recovery_codes(session: Session, user_id: int, *, now: datetime) -> list[str]:
    """Replace the recovery codes and return the new ones, to be shown once. Raises SecondFactorChanged."""
    on = (SecondFactor.user_id == user_id, SecondFactor.switched_on_at.is_not(None))
    if session.scalar(select(SecondFactor.user_id).where(*on).with_for_update()) is None:
        raise SecondFactorChanged()
    mails.queue_second_factor_change(session, user_id, mails.CODES_REPLACED, now=now)
    return _new_codes(session, user_id, now)


def switch_off(session: Session, user_id: int, *, now: datetime) -> None:
    """Remove the second factor. Ask for password and code before. Raises SecondFactorChanged."""
    if not _remove(session, user_id):
        raise SecondFactorChanged()
    record(session, SecondFactorSwitchedOff(user_id), by=Actor(user_id=user_id), at=now)
    mails.queue_second_factor_change(session, user_id, mails.SWITCHED_OFF, now=now)


def reset(session: Session, user_id: int, *, by: Actor, now: datetime) -> None:
    """Remove the second factor of somebody who lost phone and codes; every device is logged out.

    Raises LoginNotFound, OwnSecondFactor, SecondFactorChanged (there is none).
    """
    if by.user_id == user_id:
        raise OwnSecondFactor()
    email = session.scalar(select(User.email).where(User.id == user_id))
    if email is None:
        raise LoginNotFound(id=user_id)
    if not _remove(session, user_id):
        raise SecondFactorChanged()
    attempts.reset(session, attempts.CODE, Source(email))
    login_sessions.close_all_sessions(session, user_id)
    record(session, SecondFactorReset(user_id), by=by, at=now)
    mails.queue_second_factor_change(session, user_id, mails.RESET, now=now)


def verify_code(session: Session, user_id: int, typed: str, *, origin: Origin, now: datetime) -> bool:
    """Take a code of the app or a recovery code, once; a wrong one is counted, so commit in either case.

    Raises TooManyAttempts during a pause, SecondFactorUnreadable for a code of the app whose secret was encrypted with
    another SECRET_KEY (recovery codes work). The right password does not end the pause: somebody who
    guessed it must not go on guessing.
    """
    # Codes of a login are checked one after the other, so that concurrent guesses are all counted.
    email = session.scalar(select(User.email).where(User.id == user_id).with_for_update()) or ""
    source = origin.source(email, user_id)
    attempts.count_request(session, attempts.CODE, source, now=now)
    code = one_time_codes.normalize_code(typed)
    take = _take_app_code if one_time_codes.is_app_code(code) else _take_recovery_code
    if not take(session, user_id, code, now):
        security_log.note(security_log.CODE_REFUSED, user_id)
        return False
    attempts.reset(session, attempts.CODE, source)
    return True


def _offered_secret(session: Session, user_id: int, now: datetime) -> tuple[str, str]:
    """Return the secret of a set-up as it is stored, and decrypted. Raises SecondFactorChanged."""
    stored = session.scalar(
        select(SecondFactor.secret).where(
            SecondFactor.user_id == user_id,
            SecondFactor.switched_on_at.is_(None),
            SecondFactor.begun_at > now - OFFERED_FOR,
        )
    )
    if stored is None:
        raise SecondFactorChanged()
    try:
        return stored, secret_box().decrypt(stored, purpose_of_factor(user_id))
    except CannotDecrypt as error:
        raise SecondFactorChanged() from error


def _take_app_code(session: Session, user_id: int, code: str, now: datetime) -> bool:
    stored = session.scalar(select(SecondFactor.secret).where(SecondFactor.user_id == user_id))
    try:
        secret = secret_box().decrypt(stored or "", purpose_of_factor(user_id))
    except CannotDecrypt as error:
        raise SecondFactorUnreadable() from error
    step = one_time_codes.matching_time_step(secret, code, now=now) if secret else None
    if step is None:
        return False
    unused = (SecondFactor.switched_on_at.is_not(None), SecondFactor.last_step < step)
    spent = update(SecondFactor).where(SecondFactor.user_id == user_id, *unused).values(last_step=step)
    spent = spent.returning(SecondFactor.user_id).execution_options(synchronize_session=False)
    return session.execute(spent).first() is not None


def _take_recovery_code(session: Session, user_id: int, code: str, now: datetime) -> bool:
    this = (RecoveryCode.user_id == user_id, RecoveryCode.code_hash == _hash(user_id, code))
    if session.execute(delete(RecoveryCode).where(*this).returning(RecoveryCode.id)).first() is None:
        return False
    left = session.scalar(select(func.count()).where(RecoveryCode.user_id == user_id)) or 0
    record(session, RecoveryCodeUsed(user_id, left), by=Actor(user_id=user_id), at=now)
    mails.queue_recovery_code_used(session, user_id, left, now=now)
    return True


def _new_codes(session: Session, user_id: int, now: datetime) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = one_time_codes.new_recovery_codes()
    hashes = (_hash(user_id, one_time_codes.normalize_code(code)) for code in codes)
    session.execute(insert(RecoveryCode), [{"user_id": user_id, "code_hash": each} for each in hashes])
    record(session, RecoveryCodesMade(user_id), by=Actor(user_id=user_id), at=now)
    return codes


def _remove(session: Session, user_id: int) -> bool:
    """Return whether there was one."""
    was_on = is_on(session, user_id)
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    session.execute(delete(SecondFactor).where(SecondFactor.user_id == user_id))
    return was_on


def _hash(user_id: int, code: str) -> str:
    """Recovery codes are long and random, so a plain hash is enough; the login's id keeps equal codes apart."""
    return hash_of(f"{user_id}:{code}")
