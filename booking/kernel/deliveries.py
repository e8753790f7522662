"""Delivery of events to their subscribers: each event once, in order, with retries after failures.

The delivery row and what the subscriber writes are committed together. An event that a subscriber fails on does not
hold up the events after it: it is retried later, and dead-lettered after the last try, which `ring check undelivered`
reports.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ForeignKey, Select, delete, exists, func, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from booking.kernel import cursors
from booking.kernel.database_errors import is_transient
from booking.kernel.events import RecordedEvent, Subscription
from booking.kernel.orm import Base, UtcDateTime, table_of
from booking.kernel.texts import without_unfit

RETRY_AFTER = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
)
ERROR_LENGTH_MAX = 500
TOGETHER = 20  # events that a subscriber handles at once, where it can; between them it may be over

log = logging.getLogger(__name__)


class Delivery(Base):
    """A subscriber has handled an event. Committed together with what the subscriber wrote."""

    __tablename__ = "booking_event_delivery"

    event_id: Mapped[int] = mapped_column(ForeignKey("booking_event.id"), primary_key=True)
    subscriber: Mapped[str] = mapped_column(primary_key=True)
    delivered_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Failure(Base):
    """A subscriber has failed on an event so far. next_try_at: null once the event is dead-lettered."""

    __tablename__ = "booking_event_failure"

    event_id: Mapped[int] = mapped_column(ForeignKey("booking_event.id"), primary_key=True)
    subscriber: Mapped[str] = mapped_column(primary_key=True)
    tries: Mapped[int] = mapped_column(default=0)
    failed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str] = mapped_column(default="")


_DELIVERED = insert(table_of(Delivery))


def waiting(session: Session, subscriptions: Sequence[Subscription], *, now: datetime) -> dict[str, datetime]:
    """Return since when the next event of each subscriber waits, of those that have one to handle now. Only reads."""
    names = [one.subscriber for one in subscriptions]
    positions = cursors.positions_of(session, names)
    is_due = Failure.subscriber.in_(names), Failure.next_try_at <= now
    since = dict.fromkeys(session.scalars(select(Failure.subscriber).where(*is_due).distinct()), now)
    for one in subscriptions:
        new = new_events(one, positions.get(one.subscriber, 0), 1)
        first = session.scalar(new.with_only_columns(RecordedEvent.at))
        if first is not None:
            since[one.subscriber] = first
    return {name: since[name] for name in names if name in since}


def waiting_since(session: Session, subscription: Subscription, *, now: datetime) -> datetime | None:
    """Return since when the subscriber's next event waits; None where it has none to handle now. Only reads."""
    return waiting(session, [subscription], now=now).get(subscription.subscriber)


def deliver(
    session: Session,
    subscription: Subscription,
    *,
    now: datetime,
    limit: int = 1,
    is_over: Callable[[], bool] = lambda: False,
) -> int:
    """Deliver the subscriber's next events; return how many were delivered or failed.

    is_over: whether no further event is started. Call inside write_transaction(). One worker at a
    time serves a subscriber; the others get 0.
    """
    cursor = cursors.claim(session, subscription.subscriber, now=now)
    if cursor is None:
        return 0
    retries = _due_retries(session, subscription, now, limit)
    new = session.scalars(new_events(subscription, cursor.event_id, limit - len(retries))).all()
    again = partial(_deliver_one, session, subscription, now=now, is_retry=True)
    count = _count_until(is_over, (partial(again, one) for one in retries))
    first = 0
    while first < len(new) and not (count + first and is_over()):
        first += _deliver_some(session, subscription, new[first : first + TOGETHER], now, is_over)
    return count + first


def _deliver_some(
    session: Session,
    subscription: Subscription,
    events: Sequence[RecordedEvent],
    now: datetime,
    is_over: Callable[[], bool],
) -> int:
    """Deliver new events and return how many: together, or where one fails each in a savepoint of its own."""
    if len(events) == 1:
        _deliver_one(session, subscription, events[0], now)
        return 1
    ids = [event.id for event in events]
    try:
        with session.begin_nested():
            count = _handle(session, subscription, events, now, is_over)
    except Exception as error:
        if is_transient(error):
            raise
        log.info("%s handles %s events one by one: %s", subscription.subscriber, len(ids), type(error).__name__)
        return _count_until(is_over, (partial(_deliver_one, session, subscription, one, now) for one in events))
    delivered = [{"event_id": one, "subscriber": subscription.subscriber, "delivered_at": now} for one in ids[:count]]
    session.connection().execute(_DELIVERED, delivered)
    return count


def _handle(
    session: Session,
    subscription: Subscription,
    events: Sequence[RecordedEvent],
    now: datetime,
    is_over: Callable[[], bool],
) -> int:
    if subscription.many is not None:
        subscription.many(session, events, now)
        return len(events)
    return _count_until(is_over, (partial(subscription.handlers[one.type], session, one, now) for one in events))


def _count_until(is_over: Callable[[], bool], steps: Iterable[Callable[[], object]]) -> int:
    """Take one step after another until it is over; return how many were taken."""
    count = 0
    for step in steps:
        step()
        count += 1
        if is_over():
            break
    return count


def commit_cursor(session: Session, subscription: Subscription, *, now: datetime) -> None:
    """Advance the subscriber's cursor over everything it has handled. Call inside write_transaction(), last."""
    cursor = cursors.claim(session, subscription.subscriber, now=now)
    if cursor is None:
        return
    first_open = new_events(subscription, cursor.event_id, 1).with_only_columns(RecordedEvent.id)
    cursors.advance(session, cursor, lambda: session.scalar(first_open), now=now)


def retry_dead_letters(session: Session, *, now: datetime) -> int:
    """Schedule every dead-lettered event for another round of tries; return how many.

    Call inside write_transaction().
    """
    failures = session.scalars(select(Failure).where(Failure.next_try_at.is_(None))).all()
    for failure in failures:
        failure.tries, failure.next_try_at = 0, now
    return len(failures)


def retry_failures(session: Session, subscription: Subscription, *, now: datetime) -> int:
    """Schedule one more try of every event that a subscriber failed on, at once and the last one; return how many.

    Call inside write_transaction(), and deliver() after it.
    """
    failures = session.scalars(select(Failure).where(Failure.subscriber == subscription.subscriber)).all()
    for failure in failures:
        failure.tries, failure.next_try_at = len(RETRY_AFTER), now
    session.flush()
    return len(failures)


def failed_events(session: Session, subscription: Subscription) -> Sequence[tuple[RecordedEvent, datetime]]:
    """Return the events that a subscriber failed on, with the instant of the last try. Only reads."""
    statement = (
        select(RecordedEvent, Failure.failed_at)
        .join(Failure, Failure.event_id == RecordedEvent.id)
        .where(Failure.subscriber == subscription.subscriber)
        .order_by(RecordedEvent.id)
    )
    return [(event, failed_at) for event, failed_at in session.execute(statement)]


def untried_count(session: Session, subscription: Subscription) -> int:
    """Return how many events the subscriber has not handled yet, without those that it failed on. Only reads."""
    new = new_events(subscription, cursors.position_of(session, subscription.subscriber)).order_by(None)
    return session.scalar(select(func.count()).select_from(new.with_only_columns(RecordedEvent.id).subquery())) or 0


def new_events(subscription: Subscription, position: int, limit: int | None = None) -> Select[RecordedEvent]:
    """Return the query for a subscriber's events after a position in the log that were never delivered to it."""
    subscriber = subscription.subscriber
    delivered = exists().where(Delivery.event_id == RecordedEvent.id, Delivery.subscriber == subscriber)
    failed = exists().where(Failure.event_id == RecordedEvent.id, Failure.subscriber == subscriber)
    return (
        select(RecordedEvent)
        .where(RecordedEvent.id > position, RecordedEvent.type.in_(sorted(subscription.handlers)), ~delivered, ~failed)
        .order_by(RecordedEvent.id)
        .limit(limit)
    )


def undelivered_count(session: Session, subscription: Subscription) -> int:
    """Return how many events the subscriber has not handled yet, those that it failed on included. Only reads."""
    failed = select(func.count()).select_from(Failure).where(Failure.subscriber == subscription.subscriber)
    return untried_count(session, subscription) + (session.scalar(failed) or 0)


def _due_retries(session: Session, subscription: Subscription, now: datetime, limit: int) -> Sequence[RecordedEvent]:
    # Read from the few failures alone: joined with the log, SQLite scans all of it.
    ids = session.scalars(
        select(Failure.event_id)
        .where(Failure.subscriber == subscription.subscriber, Failure.next_try_at <= now)
        .order_by(Failure.event_id)
        .limit(limit)
    )
    return [session.get_one(RecordedEvent, event_id) for event_id in ids.all()]


def _deliver_one(
    session: Session, subscription: Subscription, event: RecordedEvent, now: datetime, *, is_retry: bool = False
) -> None:
    subscriber, event_id = subscription.subscriber, event.id
    try:
        with session.begin_nested():
            subscription.handlers[event.type](session, event, now)
    except Exception as error:
        if is_transient(error):
            raise
        log.exception("%s failed on event %s", subscriber, event_id)
        _record_failure(session, subscriber, event_id, error, now)
        return
    if is_retry:
        session.execute(delete(Failure).where(Failure.event_id == event_id, Failure.subscriber == subscriber))
    delivered = {"event_id": event_id, "subscriber": subscriber, "delivered_at": now}
    session.connection().execute(_DELIVERED, delivered)


def _record_failure(session: Session, subscriber: str, event_id: int, error: Exception, now: datetime) -> None:
    failure = session.get(Failure, (event_id, subscriber)) or Failure(event_id=event_id, subscriber=subscriber, tries=0)
    failure.next_try_at = now + RETRY_AFTER[failure.tries] if failure.tries < len(RETRY_AFTER) else None
    failure.tries += 1
    failure.failed_at = now
    failure.error = without_unfit(f"{type(error).__name__}: {error}")[:ERROR_LENGTH_MAX]
    session.add(failure)
    session.flush()
