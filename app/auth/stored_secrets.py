"""The secrets that are stored encrypted with SECRET_KEY: those of second factors, and links in mails that wait.

They are read again, so a hash does not do. After a change of SECRET_KEY the former key belongs in SECRET_KEY_FALLBACKS;
the next start encrypts everything with the new one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.auth.models import SecondFactor
from app.extensions import secret_box
from app.mail.leasing import purpose_of as purpose_of_mail
from app.mail.models import Mail
from booking.kernel.encryption import CannotDecrypt, is_encrypted


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """A row with a secret that is not encrypted with the present key. plain: None where no known key decrypts it."""

    column: InstrumentedAttribute[str]
    key: InstrumentedAttribute[Any]
    id: Any
    stored: str
    purpose: str
    plain: str | None

    @property
    def is_clear(self) -> bool:
        """Return whether it is stored as it is."""
        return not is_encrypted(self.stored)


def purpose_of_factor(user_id: int) -> str:
    """Return the purpose for which the secret of a second factor is encrypted."""
    return f"second factor {user_id}"


def outdated(session: Session) -> Iterator[StoredSecret]:
    """Yield the secrets that are stored in clear or were encrypted with another key. Only reads."""
    mark = secret_box().current_mark
    factors = select(SecondFactor.user_id, SecondFactor.secret).where(~SecondFactor.secret.startswith(mark))
    for user_id, stored in session.execute(factors).all():
        yield _found(SecondFactor.secret, SecondFactor.user_id, user_id, stored, purpose_of_factor(user_id))
    waiting = (Mail.sent_at.is_(None), Mail.link_ends_at.is_not(None), Mail.body != "")
    mails = select(Mail.id, Mail.key, Mail.body).where(*waiting, ~Mail.body.startswith(mark))
    for mail_id, key, stored in session.execute(mails).all():
        yield _found(Mail.body, Mail.id, mail_id, stored, purpose_of_mail(key))


def encrypt_outdated(session: Session) -> int:
    """Encrypt with the present key what is not, and return how many were; what no known key decrypts stays.

    Call inside write_transaction().
    """
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("PRAGMA secure_delete = ON"))  # no secret remains in the free space of a page
    count = 0
    for one in outdated(session):
        if one.plain is not None:
            new = secret_box().encrypt(one.plain, one.purpose)
            same = (one.key == one.id, one.column == one.stored)
            statement = update(one.key.class_).where(*same).values({one.column: new})
            session.execute(statement.execution_options(synchronize_session=False))
            count += 1
    return count


def _found(
    column: InstrumentedAttribute[str], key: InstrumentedAttribute[Any], row_id: Any, stored: str, purpose: str
) -> StoredSecret:
    try:
        plain = secret_box().decrypt(stored, purpose)
    except CannotDecrypt:
        plain = None
    return StoredSecret(column, key, row_id, stored, purpose, plain)
