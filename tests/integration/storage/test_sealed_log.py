"""The event log is history: the database refuses to change it, and who forces it is found."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, func, insert, select, text, update
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


@pytest.mark.of_sqlite
def test_what_reads_stored_texts_finds_each_change_of_one_and_no_other(session):
    """Names out of order, separators within a text, letters beyond ASCII and lists are sealed as values."""
    kinds = ({"what": "a,b", "id": -1}, {"z": None, "a": True}, {"a": "b: c"}, {"a": "ä"}, {"a": [1, {"c": 1, "b": 2}]})
    with write_transaction(session):
        rows = [{"at": MONDAY, "actor_job": "job", "type": 'odd "type"', "facts": facts} for facts in (*kinds, {})]
        session.execute(insert(RecordedEvent), rows)
    for _one in kinds:
        with write_transaction(session):
            sealing.seal_next(session, now=MONDAY)
    (seal,) = session.scalars(select(Seal.id))
    assert list(sealing.broken_seals(session)) == []
    read = {event.id: sealing._canonical(event) for event in sealing._events_of_seals(session, seal, seal)}
    assert [one for _seal, one in sealing._canonical_events(session, seal, seal)] == list(read.values())

    first = f"WHERE id = {min(read)}"
    by_force(session, f"""UPDATE booking_event SET facts = '{{"id":-1,"what":"a,b"}}' {first}""")
    assert list(sealing.broken_seals(session)) == [], "the same value in another way"
    for column, changed in (
        ("facts", '{"what": "a, b", "id": -1}'),
        ("facts", '{"what": "a,b", "id": -1, "more": 0}'),
        ("at", "2026-11-23 07:00:00.000001"),
        ("at", "2026-11-23T07:00:01.000000"),
        ("type", 'odd "type'),
    ):
        stored = session.scalar(text(f"SELECT {column} FROM booking_event {first}"))
        by_force(session, f"UPDATE booking_event SET {column} = '{changed}' {first}")
        assert list(sealing.broken_seals(session)) == [seal], changed
        by_force(session, f"UPDATE booking_event SET {column} = '{stored}' {first}")
        assert list(sealing.broken_seals(session)) == []


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
            session.connection().exec_driver_sql(statement)
