"""Whether the login behind a subscription may still see what it opens: a right withdrawn acts at the next fetch."""

from __future__ import annotations

from sqlalchemy import ColumnElement, bindparam, exists, or_

from app.auth.models import User
from booking.models import Member
from calendars.models import Feed


def is_entitled() -> ColumnElement[bool]:
    """A condition on Feed, with the parameter `today`.

    The login is not disabled, its member (if any) has not left, and it still acts for the member of a "mine" feed.
    """
    has_left = exists().where(Member.id == User.member_id, Member.left_on < bindparam("today"))
    return exists().where(
        User.id == Feed.user_id,
        User.disabled_at.is_(None),
        or_(Feed.member_id.is_(None), Feed.member_id == User.member_id),
        ~has_left,
    )
