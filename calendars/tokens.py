"""The secret addresses of subscriptions: create, renew, revoke, resolve.

A secret is 32 random bytes; only its SHA-256 is stored, so nobody can read an address out of a backup.
Verbs flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, case, func, select
from sqlalchemy.orm import Session

from booking.events.reservation_events import RecordChanged
from booking.kernel import events
from booking.kernel.events import Actor
from booking.kernel.prepared import PreparedStatement
from booking.kernel.tokens import hash_of, new_token
from booking.queries import feed_owners
from booking.times.wall_clock import USUAL_ZONE
from calendars.errors import FeedNotFound, NotForFeeds, TooManyFeeds
from calendars.models import Feed

LENGTHS_OF_SECRETS = range(20, 200)  # what is worth hashing at all
FEEDS_MAX = 50  # of one login
MINE, MACHINE, WORKSHOP = "mine", "machine", "workshop"
FULL, BUSY = "full", "busy"


@dataclass(frozen=True, slots=True)
class FeedWish:
    """A requested subscription: exactly one of the three ids, and the privacy level."""

    privacy: str
    member_id: int | None = None
    machine_id: int | None = None
    workshop_id: int | None = None
    label: str = ""
    language: str = "en"

    @property
    def scope(self) -> str:
        """mine, machine or workshop. Raises NotForFeeds unless exactly one id is given."""
        given = {MINE: self.member_id, MACHINE: self.machine_id, WORKSHOP: self.workshop_id}
        scopes = [scope for scope, object_id in given.items() if object_id is not None]
        if len(scopes) != 1:
            raise NotForFeeds(scope=MINE, privacy=self.privacy)
        return scopes[0]


@dataclass(frozen=True, slots=True)
class NewFeed:
    """A new address. The secret is known only now."""

    feed_id: int
    secret: str


class ResolvedFeed(NamedTuple):
    """The feed of a secret, read in one statement; the version grows with every change."""

    id: int
    scope: str
    privacy: str
    language: str
    member_id: int | None
    machine_id: int | None
    workshop_id: int | None
    version: str
    name: str
    ring: str
    zone: str


def create(session: Session, user_id: int, wish: FeedWish, *, by: Actor, now: datetime) -> NewFeed:
    """Create a subscription for a login. Raises NotForFeeds, TooManyFeeds."""
    scope = wish.scope
    if wish.privacy not in (FULL, BUSY) or (wish.privacy == FULL and scope != MINE):
        raise NotForFeeds(scope=scope, privacy=wish.privacy)
    held = select(func.count()).where(Feed.user_id == user_id, Feed.revoked_at.is_(None))
    if (session.scalar(held) or 0) >= FEEDS_MAX:
        raise TooManyFeeds(limit=FEEDS_MAX)
    secret = new_token()
    feed = Feed(
        token_hash=hash_of(secret),
        user_id=user_id,
        scope=scope,
        privacy=wish.privacy,
        member_id=wish.member_id,
        machine_id=wish.machine_id,
        workshop_id=wish.workshop_id,
        label=wish.label,
        language=wish.language,
        created_at=now,
    )
    session.add(feed)
    session.flush()
    _record(session, feed.id, "entered", by, now)
    return NewFeed(feed.id, secret)


def renew(session: Session, feed_id: int, *, by: Actor, now: datetime) -> NewFeed:
    """Replace the address of a subscription; the old one stops working at once. Raises FeedNotFound."""
    feed = _active(session, feed_id)
    secret = new_token()
    feed.token_hash, feed.created_at = hash_of(secret), now
    session.flush()
    _record(session, feed_id, "address", by, now)
    return NewFeed(feed_id, secret)


def revoke(session: Session, feed_id: int, *, by: Actor, now: datetime) -> None:
    """Revoke a subscription; its address then looks as if it had never existed. Raises FeedNotFound."""
    feed = _active(session, feed_id)
    feed.revoked_at = now
    session.flush()
    _record(session, feed_id, "revoked_at", by, now)


def revoke_all(session: Session, user_id: int, *, by: Actor, now: datetime) -> None:
    """Revoke all subscriptions of a login."""
    held = select(Feed.id).where(Feed.user_id == user_id, Feed.revoked_at.is_(None))
    for feed_id in session.scalars(held.order_by(Feed.id)).all():
        revoke(session, feed_id, by=by, now=now)


def resolve_statement(is_entitled: ColumnElement[bool]) -> PreparedStatement:
    """Return the statement that resolves a secret. Build it once: building takes longer than running it.

    is_entitled: a condition on Feed; whether the login behind it may still see its subject.
    """
    versions = {
        MINE: feed_owners.version_of_member(Feed.member_id),
        MACHINE: feed_owners.version_of_machine(Feed.machine_id),
        WORKSHOP: feed_owners.version_of_workshop(Feed.workshop_id),
    }
    names = {
        MINE: feed_owners.name_of_ring(),
        MACHINE: feed_owners.name_of_machine(Feed.machine_id),
        WORKSHOP: feed_owners.name_of_workshop(Feed.workshop_id),
    }
    statement = select(
        Feed.id,
        Feed.scope,
        Feed.privacy,
        Feed.language,
        Feed.member_id,
        Feed.machine_id,
        Feed.workshop_id,
        case(versions, value=Feed.scope),
        case(names, value=Feed.scope),
        func.coalesce(feed_owners.name_of_ring(), ""),
        func.coalesce(feed_owners.zone_of_ring(), USUAL_ZONE),
    ).where(Feed.token_hash == bindparam("token_hash"), Feed.revoked_at.is_(None), is_entitled)
    return PreparedStatement(statement)


def resolve(
    reader: Session | Connection, statement: PreparedStatement, secret: str, *, today: date
) -> ResolvedFeed | None:
    """Return the feed of a secret, or None; one statement. `statement`: from resolve_statement()."""
    if len(secret) not in LENGTHS_OF_SECRETS or not secret.isascii():
        return None
    connection = reader.connection() if isinstance(reader, Session) else reader
    row = statement.one_or_none(connection, {"token_hash": hash_of(secret), "today": today})
    return None if row is None else ResolvedFeed._make(row)


def _active(session: Session, feed_id: int) -> Feed:
    feed = session.get(Feed, feed_id, with_for_update=True, populate_existing=True)
    if feed is None or feed.revoked_at is not None:
        raise FeedNotFound(id=feed_id)
    return feed


def _record(session: Session, feed_id: int, what: str, by: Actor, now: datetime) -> None:
    events.record(session, RecordChanged(table="feed", record_id=feed_id, what=what), by=by, at=now)
