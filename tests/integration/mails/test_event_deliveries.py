"""Each event reaches each subscriber once, in order, whatever crashes or fails in between."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from threading import Barrier
from typing import ClassVar

import psycopg
import pytest
from sqlalchemy import event, func, insert, select
from sqlalchemy.exc import OperationalError

from app.extensions import db
from booking.kernel import cursors, deliveries, events
from booking.kernel.deliveries import Failure
from booking.kernel.events import Event, RecordedEvent, Subscription
from booking.kernel.transaction import in_write_transaction, write_transaction
from booking.models import Member
from tests.builders import SOMEBODY
from tests.conftest import MONDAY


@dataclass(frozen=True)
class Rang(Event):
    times: int
    type: ClassVar[str] = "bell_rang"


@dataclass(frozen=True)
class Broke(Event):
    times: int
    type: ClassVar[str] = "bell_broke"


def note(session, event, now):
    """What the subscriber of these tests does: a row per event."""
    session.execute(insert(Member).values(number=f"{event.id}", name=f"{event.facts['times']}", **_NOTHING))


_NOTHING = {"trade": "", "email": "", "phone": "", "price_class": "member"}
_NOTHING |= {"schedule_version": 0, "revision": 0}
LISTENER = Subscription("test.listener", {"bell_rang": note})


def ring(session, *times, kind=Rang):
    with write_transaction(session):
        for time in times:
            events.record(session, kind(time), by=SOMEBODY, at=MONDAY)


def deliver_all(session, subscription=LISTENER, *, now=MONDAY):
    count = 0
    while in_write_transaction(session, lambda: deliveries.deliver(session, subscription, now=now)):
        count += 1
    return count


def heard(session):
    session.rollback()
    return list(session.scalars(select(Member.name).order_by(Member.id)))


def test_events_arrive_once_and_in_order(session):
    ring(session, 1, 2, 3)

    assert deliver_all(session) == 3
    assert deliver_all(session) == 0
    assert heard(session) == ["1", "2", "3"]


def test_a_batch_is_bounded_by_count_and_by_time(session):
    ring(session, *range(6))

    with write_transaction(session):
        assert deliveries.deliver(session, LISTENER, now=MONDAY, limit=3) == 3
    with write_transaction(session):
        assert deliveries.deliver(session, LISTENER, now=MONDAY, limit=3, is_over=lambda: True) == 1
    with write_transaction(session):
        assert deliveries.deliver(session, LISTENER, now=MONDAY, limit=3) == 2
    assert heard(session) == [str(number) for number in range(6)]


def test_an_event_without_subscribers_is_ignored(session):
    ring(session, 1, kind=Broke)

    assert deliveries.waiting_since(session, LISTENER, now=MONDAY) is None
    assert deliver_all(session) == 0


def test_a_crash_before_the_commit_repeats_nothing_and_loses_nothing(session):
    ring(session, 1, 2)

    def crash():
        with write_transaction(session):
            assert deliveries.deliver(session, LISTENER, now=MONDAY)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        crash()

    assert heard(session) == []
    assert deliver_all(session) == 2
    assert heard(session) == ["1", "2"]


def test_two_workers_deliver_each_event_once(app):
    ring(db.session(), *range(40))
    start_together = Barrier(2)

    def work(_):
        with app.app_context():
            start_together.wait()
            session, count = db.session(), 0
            while deliveries.waiting_since(session, LISTENER, now=MONDAY):
                count += in_write_transaction(session, lambda: deliveries.deliver(session, LISTENER, now=MONDAY))
            return count

    with ThreadPoolExecutor(2) as pool:
        counts = list(pool.map(work, range(2)))

    assert sum(counts) == 40
    assert heard(db.session()) == [str(number) for number in range(40)]


def test_what_is_handled_together_is_little_enough_to_stop_in_between(session):
    """Slips are priced so, and the ledger is locked meanwhile."""
    handled = []
    listener = Subscription("test.listener", {"bell_rang": note}, many=lambda _s, some, _now: handled.append(len(some)))
    ring(session, *range(50))

    with write_transaction(session):
        deliveries.deliver(session, listener, now=MONDAY, limit=100, is_over=lambda: len(handled) == 2)

    assert handled == [20, 20]


def test_an_event_that_fails_steps_aside_and_is_tried_again(session):
    broken = True

    def stumbles(session, event, now):
        note(session, event, now)
        if broken and event.facts["times"] == 2:
            raise ValueError("the bell is cracked")

    listener = Subscription("test.listener", {"bell_rang": stumbles})
    ring(session, 1, 2, 3)

    deliver_all(session, listener)
    assert heard(session) == ["1", "3"]  # what the failing one wrote is gone
    failure = session.scalars(select(Failure)).one()
    assert failure.error == "ValueError: the bell is cracked"
    assert deliveries.waiting_since(session, listener, now=MONDAY) is None

    broken = False
    ring(session, 4)
    with write_transaction(session):  # what is tried again comes first, in one batch with what is new
        assert deliveries.deliver(session, listener, now=MONDAY + timedelta(seconds=10), limit=5) == 2
    assert heard(session) == ["1", "3", "2", "4"]
    assert session.scalars(select(Failure)).all() == []


def test_an_event_that_always_fails_is_set_aside_until_somebody_asks_for_another_round(session):
    def fails(session, event, now):
        raise ValueError("never")

    listener = Subscription("test.listener", {"bell_rang": fails})
    ring(session, 1)

    later = MONDAY
    for _ in range(len(deliveries.RETRY_AFTER) + 1):
        deliver_all(session, listener, now=later)
        later += timedelta(days=1)

    assert session.scalars(select(Failure)).one().next_try_at is None
    assert deliveries.waiting_since(session, listener, now=later + timedelta(days=365)) is None
    with write_transaction(session):
        assert deliveries.retry_dead_letters(session, now=later) == 1
    assert deliver_all(session, LISTENER, now=later) == 1
    assert heard(session) == ["1"]


def test_a_database_in_trouble_is_not_the_events_fault(session):
    def unlucky(session, event, now):
        raise OperationalError("INSERT", {}, psycopg.errors.DeadlockDetected())

    ring(session, 1)

    with pytest.raises(Exception, match="write_clash"):
        deliver_all(session, Subscription("test.listener", {"bell_rang": unlucky}))

    assert session.scalars(select(Failure)).all() == []
    assert deliver_all(session) == 1


def test_the_cursor_advances_over_what_is_handled(session):
    ring(session, 1, 2, 3)
    with write_transaction(session):
        deliveries.deliver(session, LISTENER, now=MONDAY)
        deliveries.commit_cursor(session, LISTENER, now=MONDAY)
    first, _, third = session.scalars(select(RecordedEvent.id).order_by(RecordedEvent.id))

    assert cursors.position_of(session, LISTENER.subscriber) == first

    deliver_all(session)
    with write_transaction(session):
        deliveries.commit_cursor(session, LISTENER, now=MONDAY)
    assert cursors.position_of(session, LISTENER.subscriber) == third


@pytest.mark.postgresql
def test_an_event_committed_late_with_a_smaller_id_is_not_passed_over(app, session):
    if db.engine.name == "sqlite":
        return  # one writer at a time: ids are committed in their order
    with app.app_context():  # a second session
        slow = db.session()
        with write_transaction(slow):
            events.record(slow, Rang(1), by=SOMEBODY, at=MONDAY)
            ring(session, 2)
            deliver_all(session)
            with write_transaction(session):
                deliveries.commit_cursor(session, LISTENER, now=MONDAY)
            assert heard(session) == ["2"]
            assert cursors.position_of(session, LISTENER.subscriber) == 0

    assert deliver_all(session) == 1
    with write_transaction(session):
        deliveries.commit_cursor(session, LISTENER, now=MONDAY)
    assert heard(session) == ["2", "1"]
    assert cursors.position_of(session, LISTENER.subscriber) == session.scalar(
        select(RecordedEvent.id).order_by(RecordedEvent.id.desc())
    )


@pytest.mark.postgresql
def test_the_cursor_advances_beside_writers_of_whom_one_always_runs(app, session):
    if db.engine.name == "sqlite":
        return
    with app.app_context(), ExitStack() as first:  # a second and a third session
        first.enter_context(write_transaction(db.session()))
        ring(session, 1)
        deliver_and_settle(session)
        assert cursors.position_of(session, LISTENER.subscriber) == 0
        with app.app_context(), write_transaction(db.session()):
            first.close()
            ring(session, 2)
            deliver_and_settle(session)
            heard_first = session.scalar(select(func.min(RecordedEvent.id)))
            assert cursors.position_of(session, LISTENER.subscriber) == heard_first


@pytest.mark.postgresql
def test_an_event_committed_while_the_cursor_advances_is_not_passed_over(app, session):
    if db.engine.name == "sqlite":
        return
    ring(session, 1)

    def ring_meanwhile(_connection, _cursor, statement, *_more):
        if "pg_locks" in statement and not rung:
            rung.append(statement)
            with app.app_context():
                ring(db.session(), 2)

    rung = []
    event.listen(db.engine, "before_cursor_execute", ring_meanwhile)
    deliver_and_settle(session)
    assert rung
    assert heard(session) == ["1"]

    deliver_all(session)
    assert heard(session) == ["1", "2"]


def test_the_events_of_a_turn_share_a_savepoint_and_are_marked_together(session):
    ring(session, *range(20))
    statements = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2].partition("(")[0]))

    with write_transaction(session):
        assert deliveries.deliver(session, LISTENER, now=MONDAY, limit=20) == 20

    assert len([one for one in statements if "SAVEPOINT" in one]) == 2
    assert statements.count("INSERT INTO booking_event_delivery ") == 1


def test_looking_for_work_costs_the_same_however_long_the_log_is(session):
    if db.engine.name != "sqlite":
        return  # the steps of SQLite are counted, because time is noisy
    ring(session, *range(20))
    deliver_and_settle(session)
    few = steps_of_a_look(session)

    ring(session, *range(2_000), kind=Broke)
    ring(session, *range(200))
    deliver_and_settle(session)

    assert steps_of_a_look(session) <= 1.5 * few


def deliver_and_settle(session):
    with write_transaction(session):
        while deliveries.deliver(session, LISTENER, now=MONDAY):
            pass
        deliveries.commit_cursor(session, LISTENER, now=MONDAY)


def steps_of_a_look(session):
    """How many steps SQLite takes to find that nothing waits."""
    session.rollback()
    connection, steps = session.connection().connection.dbapi_connection, []
    connection.set_progress_handler(lambda: steps.append(1), 1)
    try:
        assert deliveries.waiting_since(session, LISTENER, now=MONDAY) is None
    finally:
        connection.set_progress_handler(None, 1)
    return len(steps)
