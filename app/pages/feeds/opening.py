"""What the secret in an address opens, and whether the login behind it may still see that.

A right withdrawn acts at the next fetch: both questions are one statement.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, bindparam, exists, or_
from sqlalchemy.orm import Session

from app.auth.models import User
from app.pages.formats import as_zone
from booking.models import Member
from calendars import tokens
from calendars.models import Feed
from calendars.tokens import OpenedFeed


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


_STATEMENT = tokens.opening(is_entitled())


def open_feed(reader: Session | Connection, secret: str, instant: datetime, zone: str) -> OpenedFeed | None:
    """The subscription of a secret at an instant; zone: by whose calendar members leave."""
    return tokens.look_up(reader, _STATEMENT, secret, today=instant.astimezone(as_zone(zone)).date())
