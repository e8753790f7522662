"""Subscriptions as their owners see them: frozen views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, select
from sqlalchemy.orm import Session

from booking.queries import feed_owners
from calendars.errors import FeedNotFound
from calendars.models import Feed


@dataclass(frozen=True, slots=True)
class FeedView:
    """One subscription in its owner's list. name: of the machine or workshop; empty for "mine"."""

    id: int
    user_id: int
    scope: str
    privacy: str
    label: str
    name: str
    created_at: datetime


def feeds_of(session: Session, user_id: int) -> Sequence[FeedView]:
    """Return the active subscriptions of a login, newest first; never more than tokens.FEEDS_MAX."""
    rows = session.execute(_views().where(Feed.user_id == user_id).order_by(Feed.created_at.desc(), Feed.id.desc()))
    return [FeedView(*row) for row in rows]


def feed(session: Session, feed_id: int) -> FeedView:
    """Return one active subscription. Raises FeedNotFound."""
    row = session.execute(_views().where(Feed.id == feed_id)).one_or_none()
    if row is None:
        raise FeedNotFound(id=feed_id)
    return FeedView(*row)


def _views() -> Select[*tuple[Any, ...]]:
    name = case(
        {
            "machine": feed_owners.name_of_machine(Feed.machine_id),
            "workshop": feed_owners.name_of_workshop(Feed.workshop_id),
        },
        value=Feed.scope,
        else_="",
    )
    columns = (Feed.id, Feed.user_id, Feed.scope, Feed.privacy, Feed.label, name, Feed.created_at)
    return select(*columns).where(Feed.revoked_at.is_(None))
