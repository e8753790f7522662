"""The logins that act for a member."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.auth.models import User
from booking.errors import Violation


def is_last_login(session: Session, user_id: int, member_id: int) -> bool:
    """Return whether no other login that may log in acts for the member."""
    others = User.member_id == member_id, User.id != user_id, User.disabled_at.is_(None)
    return not session.scalar(select(func.count()).where(*others))


def check_login(session: Session, member_id: int) -> list[Violation]:
    """Return login_ended for a member whose logins were all ended; a member who never had one needs none."""
    has_ended, all_logins = session.execute(
        select(func.count(User.disabled_at), func.count()).where(User.member_id == member_id)
    ).one()
    return [Violation("login_ended", "member")] if 0 < all_logins == has_ended else []
