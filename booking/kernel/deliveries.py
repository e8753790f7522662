"""Handing events to their subscribers: each once, in order, whatever crashes in between.

The mark of a delivery and what the subscriber writes are committed together. An event that a subscriber cannot
deal with steps aside, so that the ones behind it go on; it is tried again later and in the end set aside, which
`ring check undelivered` reports.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Select, delete, exists, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from booking.kernel import bookmarks
from booking.kernel.events import RecordedEvent, Subscription
from booking.kernel.faults import is_passing
from booking.kernel.orm import Base, UtcDateTime, table_of

RETRY_AFTER = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
)
ERROR_LENGTH_MAX = 500

log = logging.getLogger(__name__)


class Delivery(Base):
    """A subscriber has dealt with an event. Committed together with what the subscriber wrote."""

    __tablename__ = "booking_event_delivery"

    event_id: Mapped[int] = mapped_column(ForeignKey("booking_event.id"), primary_key=True)
    subscriber: Mapped[str] = mapped_column(primary_key=True)
    delivered_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Failure(Base):
    """A subscriber could not deal with an event so far. next_try_at: null once it was set aside for a person."""

    __tablename__ = "booking_event_failure"

    event_id: Mapped[int] = mapped_column(ForeignKey("booking_event.id"), primary_key=True)
    subscriber: Mapped[str] = mapped_column(primary_key=True)
    tries: Mapped[int] = mapped_column(default=0)
    failed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str] = mapped_column(default="")


_DELIVERED = insert(table_of(Delivery))


def has_waiting(session: Session, subscription: Subscription, *, now: datetime) -> bool:
    """Whether the subscriber has something to deal with now. Only reads."""
    place = bookmarks.place_of(session, subscription.subscriber)
    return bool(_due_again(session, subscription, now, 1) or session.scalar(fresh_events(subscription, place, 1)))


def deliver(
    session: Session, subscription: Subscription, *, now: datetime, limit: int = 1, until: float = math.inf
) -> int:
    """Deal with the subscriber's next events. Returns with how many: 0 when nothing waits for us.

    until: no other one is begun after this moment of time.monotonic(). Call inside write_transaction(). Of several
    workers one serves a subscriber at a time; the others get 0.
    """
    bookmark = bookmarks.take(session, subscription.subscriber, now=now)
    if bookmark is None:
        return 0
    again = _due_again(session, subscription, now, limit)
    fresh = session.scalars(fresh_events(subscription, bookmark.event_id, limit - len(again))).all()
    count = 0
    for event in (*again, *fresh):
        _hand_over(session, subscription, event, now, has_failed=count < len(again))
        count += 1
        if time.monotonic() > until:
            break
    return count


def settle(session: Session, subscription: Subscription, *, now: datetime) -> None:
    """Move the subscriber's bookmark as far as it may. Call inside write_transaction(), last."""
    bookmark = bookmarks.take(session, subscription.subscriber, now=now)
    if bookmark is None:
        return
    first_open = session.scalar(fresh_events(subscription, bookmark.event_id, 1).with_only_columns(RecordedEvent.id))
    bookmarks.move(session, bookmark, first_open, now=now)


def try_again(session: Session, *, now: datetime) -> int:
    """Give the events that were set aside another round of tries. Returns how many. Call inside write_transaction()."""
    failures = session.scalars(select(Failure).where(Failure.next_try_at.is_(None))).all()
    for failure in failures:
        failure.tries, failure.next_try_at = 0, now
    return len(failures)


def fresh_events(subscription: Subscription, place: int, limit: int | None = None) -> Select[RecordedEvent]:
    """The subscriber's next events behind a place in the log: those that it has never been handed."""
    me = subscription.subscriber
    delivered = exists().where(Delivery.event_id == RecordedEvent.id, Delivery.subscriber == me)
    failed = exists().where(Failure.event_id == RecordedEvent.id, Failure.subscriber == me)
    return (
        select(RecordedEvent)
        .where(RecordedEvent.id > place, RecordedEvent.type.in_(sorted(subscription.handlers)), ~delivered, ~failed)
        .order_by(RecordedEvent.id)
        .limit(limit)
    )


def _due_again(session: Session, subscription: Subscription, now: datetime, limit: int) -> Sequence[RecordedEvent]:
    """Events that failed before and are to be tried again by now."""
    # Asked of the few failures alone: joined with the log, SQLite walks through all of it.
    ids = session.scalars(
        select(Failure.event_id)
        .where(Failure.subscriber == subscription.subscriber, Failure.next_try_at <= now)
        .order_by(Failure.event_id)
        .limit(limit)
    )
    return [session.get_one(RecordedEvent, event_id) for event_id in ids.all()]


def _hand_over(
    session: Session, subscription: Subscription, event: RecordedEvent, now: datetime, *, has_failed: bool
) -> None:
    subscriber, event_id = subscription.subscriber, event.id
    try:
        with session.begin_nested():
            subscription.handlers[event.type](session, event, now)
    except Exception as error:
        if is_passing(error):
            raise
        log.exception("%s cannot deal with event %s", subscriber, event_id)
        _step_aside(session, subscriber, event_id, error, now)
        return
    if has_failed:
        session.execute(delete(Failure).where(Failure.event_id == event_id, Failure.subscriber == subscriber))
    delivered = {"event_id": event_id, "subscriber": subscriber, "delivered_at": now}
    session.connection().execute(_DELIVERED, delivered)


def _step_aside(session: Session, subscriber: str, event_id: int, error: Exception, now: datetime) -> None:
    failure = session.get(Failure, (event_id, subscriber)) or Failure(event_id=event_id, subscriber=subscriber, tries=0)
    failure.next_try_at = now + RETRY_AFTER[failure.tries] if failure.tries < len(RETRY_AFTER) else None
    failure.tries += 1
    failure.failed_at = now
    failure.error = f"{type(error).__name__}: {error}"[:ERROR_LENGTH_MAX]
    session.add(failure)
    session.flush()
