"""Writing is all or nothing, waits its turn, and gives up with a clear refusal when nobody lets it in."""

from __future__ import annotations

import errno
import os
import sqlite3
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError, OperationalError, PendingRollbackError, StatementError

from app.extensions import db
from booking.kernel import shared_sync, stalled_commits
from booking.kernel.engine import WRITING
from booking.kernel.errors import Busy, OutcomeUnknown, WriteClash
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import in_write_transaction, write_transaction
from booking.kernel.write_lock import write_lock_of
from booking.models import Member
from tests.builders import member


def names(session):
    session.rollback()
    return set(session.scalars(select(Member.name)))


def test_a_failed_use_case_leaves_nothing_behind(session):
    def fails():
        with write_transaction(session):
            session.add(Member(number="1", name="Anna"))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()

    assert names(session) == set()


def test_a_use_case_that_fails_only_at_its_commit_leaves_nothing_behind(session):
    member(session, "Anna", number="1")

    def enters_a_number_twice():
        with write_transaction(session):
            session.add(Member(number="2", name="Bernd"))
            session.add(Member(number="1", name="Twin"))

    with pytest.raises(IntegrityError):
        enters_a_number_twice()

    assert names(session) == {"Anna"}


@pytest.mark.of_sqlite
def test_a_writer_has_short_turns_of_the_interpreter_and_returns_them(session):
    usual = sys.getswitchinterval()
    with write_transaction(session):
        assert sys.getswitchinterval() < usual / 10

    assert sys.getswitchinterval() == usual


def test_write_transactions_do_not_nest(session):
    def nests():
        with write_transaction(session):
            session.add(Member(number="1", name="Anna"))
            member(session, "Bernd")

    with pytest.raises(RuntimeError, match="inside"):
        nests()

    assert names(session) == set()
    assert member(session, "Bernd")  # and the session is good for the next


def test_an_instant_without_its_offset_is_refused(session):
    noon = datetime(2026, 11, 23, 12, 0)  # noqa: DTZ001
    session.add(RecordedEvent(at=noon, actor_job="test", type="test", facts={}))

    with pytest.raises(StatementError, match="naive"):
        session.flush()


def test_a_lock_held_by_another_program_is_waited_for_then_refused_and_readers_go_on(app, session, database_url):
    member(session, "Anna", number="1")

    def rename():
        with write_transaction(session, wait_seconds=0.5):
            if db.engine.name == "postgresql":
                session.execute(text("SET LOCAL lock_timeout = '500ms'"))
            session.execute(text("UPDATE booking_member SET name = 'Changed' WHERE number = '1'"))

    with _held_from_outside(database_url):
        started = time.monotonic()
        with pytest.raises(Busy):
            rename()
        waited = time.monotonic() - started
        assert names(session) == {"Anna"}

    assert waited > 0.4
    assert member(session, "Bernd")


def test_what_postgresql_asks_to_repeat_is_repeated_three_times_and_then_refused(session):
    tries = []

    def deadlocks():
        tries.append(1)
        raise OperationalError("UPDATE", {}, psycopg.errors.DeadlockDetected())

    with pytest.raises(WriteClash):
        in_write_transaction(session, deadlocks)

    assert len(tries) == 3


@pytest.mark.parametrize(("seconds_max", "count"), [(60.0, 3), (-1.0, 1)])
def test_a_lost_connection_is_replaced_by_another_unless_the_first_took_long_to_be_lost(
    session, monkeypatch, seconds_max, count
):
    monkeypatch.setattr("booking.kernel.transaction.REPEAT_SECONDS_MAX", seconds_max)
    tries = []

    def lose():
        tries.append(1)
        raise OperationalError(
            "SELECT", {}, psycopg.OperationalError("query_wait_timeout"), connection_invalidated=True
        )

    with pytest.raises(OperationalError):
        in_write_transaction(session, lose)

    assert len(tries) == count


def test_writers_from_many_threads_all_get_through(app):
    def enter(number):
        with app.app_context():
            return member(db.session(), f"M{number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(enter, range(40)))

    assert db.session().scalar(select(func.count()).select_from(Member)) == 40


def _held_from_outside(database_url):
    if database_url.startswith("sqlite"):
        connection = sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        return _Closing(connection)
    connection = psycopg.connect(database_url)
    connection.execute("SELECT * FROM booking_member FOR UPDATE")
    return _Closing(connection)


class _Closing:
    def __init__(self, connection):
        self.connection = connection

    def __enter__(self):
        return self.connection

    def __exit__(self, *_):
        self.connection.rollback()
        self.connection.close()


def test_a_commit_waits_for_the_disk_unless_it_is_declared_harmless(waiting_for_the_disk, session, syncs):
    """A reservation that follows a log-in on the same connection is on the disk when it is confirmed."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    asked = text("PRAGMA synchronous" if is_sqlite else "SHOW synchronous_commit")
    seen = []
    for is_durable in (True, False, True):
        in_write_transaction(session, lambda: seen.append(session.scalar(asked)), is_durable=is_durable)
        seen.append(len(syncs))

    # SQLite's own commit never waits: the program syncs the log after it.
    assert seen == ([1, 1, 1, 1, 1, 2] if is_sqlite else ["on", 0, "off", 0, "on", 0])


@pytest.mark.of_sqlite
def test_who_waits_for_the_disk_lets_others_write(waiting_for_the_disk, session, monkeypatch):
    """It waits for the log that holds its commit: another connection reads what it stored."""
    found, file = [], Path(db.engine.url.database)

    def look(handle):
        with write_lock_of(file).acquire(0.05), db.engine.connect() as other:
            is_log = os.fstat(handle).st_ino == file.with_name(f"{file.name}-wal").stat().st_ino
            found.append((is_log, other.scalar(select(func.count()).select_from(Member))))

    monkeypatch.setattr(shared_sync.os, "fdatasync", look)
    member(session, "Anna")

    assert found == [(True, 1)]
    with db.engine.connect().execution_options(**{WRITING: True}) as migrating:  # without the program's own sync
        assert migrating.scalar(text("PRAGMA synchronous")) == 2


@pytest.mark.of_sqlite
def test_a_disk_that_fails_after_the_commit_leaves_the_outcome_open(waiting_for_the_disk, session, monkeypatch):
    def fails(_handle):
        raise OSError(errno.EIO, "the disk is gone")

    with monkeypatch.context() as broken:
        broken.setattr(shared_sync.os, "fdatasync", fails)
        with pytest.raises(OutcomeUnknown):
            member(session, "Anna")

    assert member(session, "Bernd")  # and the next writer is answered when the log was moved to the database


@pytest.mark.of_sqlite
def test_what_failed_is_not_synced(waiting_for_the_disk, session, syncs):
    def fails():
        with write_transaction(session):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()

    assert not syncs


@pytest.fixture
def syncs(monkeypatch):
    """The syncs of logs from now on."""
    found = []
    monkeypatch.setattr(shared_sync.os, "fdatasync", found.append)
    return found


class _StalledCommit:
    """A commit that no standby confirms."""

    server = ("db", "5432")

    def has_answered(self):
        return False

    def give_up(self):
        pass


@pytest.mark.of_sqlite
def test_a_commit_that_waits_for_no_standby_does_not_let_in_those_that_wait(session):
    """Log-ins go on meanwhile; each of the others would hold a connection of the server until the standby is back."""
    stalled_commits.add(_StalledCommit())
    try:
        assert in_write_transaction(session, lambda: 1, is_durable=False) == 1
        with pytest.raises(Busy):
            in_write_transaction(session, lambda: 1)
    finally:
        stalled_commits.clear()


def test_the_connection_of_a_session_is_that_of_its_present_transaction(session):
    """It is remembered: another transaction has its own, and one that has failed gives none."""
    with write_transaction(session):
        first = session.connection()
        assert session.connection() is first
        with session.begin_nested():
            assert session.connection() is first
        session.add(Member(number="1", name="Anna"))
        session.flush()
        session.add(Member(number="1", name="Twin"))
        with pytest.raises(IntegrityError):
            session.flush()
        with pytest.raises(PendingRollbackError):
            session.connection()
        session.rollback()

    assert session.connection() is not first
    assert not session.connection().closed
