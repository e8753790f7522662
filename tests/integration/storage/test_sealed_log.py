"""The event log is history: the database refuses to change it, and who forces it is found."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError

from app.extensions import db
from booking.events.reservation_events import RecordChanged
from booking.kernel import events, sealing
from booking.kernel.events import RecordedEvent
from booking.kernel.sealing import Seal, SealedEvent
from booking.kernel.transaction import write_transaction
from tests.builders import SOMEBODY
from tests.conftest import MONDAY


@pytest.fixture
def sealed_log(session):
    """Three seals over two events each; the ids of the seals."""
    for number in range(3):
        with write_transaction(session):
            for part in range(2):
                events.record(
                    session, RecordChanged(table="member", record_id=number, what=f"{part}"), by=SOMEBODY, at=MONDAY
                )
        with write_transaction(session):
            assert sealing.seal_next(session, now=MONDAY) == 2
    return list(session.scalars(select(Seal.id).order_by(Seal.id)))


def test_an_untouched_log_is_whole(session, sealed_log):
    assert not sealing.has_unsealed(session)
    assert list(sealing.broken_seals(session)) == []
    with write_transaction(session):
        assert sealing.seal_next(session, now=MONDAY) == 0


@pytest.mark.parametrize("model", [RecordedEvent, Seal, SealedEvent])
def test_the_database_refuses_to_delete_history(session, sealed_log, model):
    def tamper():
        with write_transaction(session):
            session.execute(delete(model))

    with pytest.raises(DBAPIError, match="append-only"):
        tamper()


def test_the_database_refuses_to_change_an_event(session, sealed_log):
    def tamper():
        with write_transaction(session):
            session.execute(update(RecordedEvent).values(actor_job="nobody"))

    with pytest.raises(DBAPIError, match="append-only"):
        tamper()


def test_the_database_refuses_to_replace_or_empty_the_log(session, sealed_log):
    replace = "INSERT OR REPLACE INTO booking_event (id, at, actor_job, type, facts) VALUES (1, 'now', 'x', 'x', '{}')"

    def tamper():
        with write_transaction(session):
            session.execute(text(replace if db.engine.name == "sqlite" else "TRUNCATE booking_event CASCADE"))

    with pytest.raises(DBAPIError, match="append-only"):
        tamper()


def test_an_event_changed_by_force_breaks_its_seal(session, sealed_log):
    by_force(session, "UPDATE booking_event SET facts = '{}' WHERE id = (SELECT min(id) FROM booking_event)")

    assert list(sealing.broken_seals(session)) == sealed_log[:1]


def test_an_event_deleted_by_force_breaks_its_seal(session, sealed_log):
    newest = session.scalar(select(func.max(RecordedEvent.id)))
    by_force(
        session,
        f"DELETE FROM booking_sealed_event WHERE event_id = {newest}",
        f"DELETE FROM booking_event WHERE id = {newest}",
    )

    assert list(sealing.broken_seals(session)) == sealed_log[2:]


def test_a_seal_taken_out_by_force_breaks_the_chain(session, sealed_log):
    middle = sealed_log[1]
    by_force(
        session,
        f"DELETE FROM booking_sealed_event WHERE seal_id = {middle}",
        f"DELETE FROM booking_seal WHERE id = {middle}",
    )

    assert list(sealing.broken_seals(session)) == sealed_log[2:]


def by_force(session, *statements):
    """What somebody with the database's password could do: switch the guards off first."""
    with write_transaction(session):
        if db.engine.name == "sqlite":
            for name in session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                session.execute(text(f"DROP TRIGGER {name}"))
        else:
            for table in ("booking_event", "booking_seal", "booking_sealed_event"):
                session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        for statement in statements:
            session.execute(text(statement))
