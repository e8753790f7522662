"""Logins by a part of the name, the e-mail address or the member's name, for administrators."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.auth.models import User
from booking.kernel.search_patterns import has_text
from booking.models import Member


@dataclass(frozen=True, slots=True)
class LoginName:
    """A login that was found. member: for whom it acts, "" for nobody."""

    id: int
    name: str
    email: str
    member: str
    is_disabled: bool


def logins_by_words(session: Session, words: Collection[str], *, limit: int, offset: int) -> tuple[LoginName, ...]:
    """Return the logins with every word, by name; also disabled ones."""
    statement = (
        select(User.id, User.name, User.email, Member.name, User.disabled_at.is_not(None))
        .outerjoin(Member, Member.id == User.member_id)
        .order_by(User.name, User.id)
    )
    for word in words:
        statement = statement.where(has_text((User.name, User.email, Member.name), word))
    rows = session.execute(statement.limit(limit).offset(offset))
    return tuple(
        LoginName(user_id, name, email, member or "", is_disabled) for user_id, name, email, member, is_disabled in rows
    )
