"""The logins that act for a member."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.auth.models import User
from booking.errors import Violation


def check_login(session: Session, member_id: int) -> list[Violation]:
    """Return login_ended for a member whose logins were all ended; a member who never had one needs none."""
    has_ended, all_logins = session.execute(
        select(func.count(User.disabled_at), func.count()).where(User.member_id == member_id)
    ).one()
    return [Violation("login_ended", "member")] if 0 < all_logins == has_ended else []
