"""Delivering events to their subscribers: how many in one transaction, and for how long."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from app import subscriptions
from app.clock import now
from app.worker.turns import turn_of
from booking.kernel import deliveries
from booking.kernel.events import Subscription
from booking.kernel.transaction import in_write_transaction

# Delivered in one transaction: small, so that a member who reserves never waits long, even on a slow machine.
BATCH_EVENTS, BATCH_SECONDS = 10, 0.01
# A worker that does not keep up delivers somewhat more in each transaction: as many times more as the oldest event has
# waited seconds, up to here. All writers of a SQLite file wait meanwhile, and an event costs hardly less in a long one.
BATCH_EVENTS_MAX, BATCH_SECONDS_MAX = 40, 0.02
# Around its events a transaction asks the server thirty times: on PostgreSQL, where that is busy and answers after
# 10 ms, a turn as short as on SQLite was one event long, and the worker fell ever more behind. Few wait for it there,
# but those who enter fees or tariffs do while slips are priced: the ledger is locked until the commit, for 2.5 s at
# most before they are told that it is busy.
SERVER_BATCH_EVENTS, SERVER_BATCH_SECONDS, SERVER_CLOCK_TIMES = 100, 0.15, 4.0


def deliver_events(session: Session) -> int:
    """Deliver the next batch of events to each subscriber; the worker pauses between batches."""
    waiting = deliveries.waiting(session, subscriptions.SUBSCRIPTIONS, now=now())
    named = {one.subscriber: one for one in subscriptions.SUBSCRIPTIONS}
    return sum(_deliver(session, named[name], since) for name, since in waiting.items())


def _deliver(session: Session, subscription: Subscription, since: datetime) -> int:
    return in_write_transaction(session, partial(_deliver_batch, session, subscription, since, now()))


def _deliver_batch(session: Session, subscription: Subscription, since: datetime, moment: datetime) -> int:
    events_max, is_over = _turn(session, (moment - since).total_seconds())
    count = deliveries.deliver(session, subscription, now=moment, limit=events_max, is_over=is_over)
    deliveries.commit_cursor(session, subscription, now=moment)
    return count


def _turn(session: Session, waited_seconds: float) -> tuple[int, Callable[[], bool]]:
    """Return how many events are delivered in a transaction that has just begun, and when it is over."""
    if session.get_bind().dialect.name == "sqlite":
        events_max, seconds = batch_size(waited_seconds)
        return events_max, turn_of(seconds)
    return SERVER_BATCH_EVENTS, turn_of(SERVER_BATCH_SECONDS, clock_times=SERVER_CLOCK_TIMES)


def batch_size(waited_seconds: float) -> tuple[int, float]:
    """Return how many events are delivered in one transaction, and for how many seconds, by the age of the oldest."""
    times = max(1.0, waited_seconds)
    return min(BATCH_EVENTS_MAX, round(BATCH_EVENTS * times)), min(BATCH_SECONDS_MAX, BATCH_SECONDS * times)
