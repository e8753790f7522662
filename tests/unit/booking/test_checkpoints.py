"""The log of SQLite is moved beside the writers, stays bounded, and loses nothing that was acknowledged."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from booking.kernel import checkpoints, engine, shared_sync
from booking.kernel.checkpoints import checkpoints_of
from booking.kernel.engine import prepare_engine
from booking.kernel.transaction import write_transaction
from booking.kernel.write_lock import write_lock_of

pytestmark = pytest.mark.skipif(not shared_sync.CAN_SYNC, reason="SQLite moves its log by itself here")
PAGE = 4096


class AtOnce:
    """A thread that has ended when it was started."""

    def __init__(self, target, **_named):
        self.start = target


class Ring:
    """A database and its log."""

    def __init__(self, folder):
        self.database, self.log = folder / "ring.sqlite", folder / "ring.sqlite-wal"
        self.engine = create_engine(f"sqlite:///{self.database}")
        prepare_engine(self.engine)
        self.session = Session(self.engine)
        with write_transaction(self.session):
            self.session.execute(text("CREATE TABLE note (text)"))

    def write(self, pages=30):
        with write_transaction(self.session):
            self.session.execute(text("INSERT INTO note VALUES (:text)"), {"text": "x" * pages * PAGE})

    @property
    def log_pages(self):
        return self.log.stat().st_size // PAGE


@pytest.fixture
def ring(tmp_path, monkeypatch, waiting_for_the_disk):
    monkeypatch.setattr(checkpoints.threading, "Thread", AtOnce)
    monkeypatch.setattr(checkpoints, "LOOK_EVERY", 1)
    monkeypatch.setattr(checkpoints, "LOG_PAGES", 1_000)
    monkeypatch.setattr(checkpoints, "MORE_PAGES", 500)
    monkeypatch.setattr(engine, "LOG_PAGES_MAX", 2_500)
    made = Ring(tmp_path)
    yield made
    made.session.close()
    made.engine.dispose()


def test_the_log_is_moved_and_begins_anew_before_sqlite_would_do_it_at_a_commit(ring, monkeypatch):
    with monkeypatch.context() as never:
        never.setattr(checkpoints, "LOOK_EVERY", 10**6)
        for _ in range(10):
            ring.write(150)
        assert ring.log_pages >= 1_500
        assert ring.database.stat().st_size < 10 * PAGE, "SQLite's own limit is a thousand pages"

    for _ in range(20):
        ring.write(150)
    assert ring.log_pages < 2_000, "of 4,500 that were written"


def test_a_log_that_only_sqlite_moves_is_bounded_too(ring, monkeypatch):
    """Of a process in which no thread can be had."""
    monkeypatch.setattr(AtOnce, "__init__", lambda *_words, **_named: throw(RuntimeError("can't start new thread")))
    for _ in range(12):
        ring.write(500)
    assert engine.LOG_PAGES_MAX <= ring.log_pages < engine.LOG_PAGES_MAX + 600, "of 6,000 that were written"


def test_a_reader_keeps_the_log_for_as_long_as_it_reads_and_it_is_not_moved_at_each_look(ring, monkeypatch):
    moved, move = [], checkpoints.Checkpoints.move
    monkeypatch.setattr(checkpoints.Checkpoints, "move", lambda one: moved.append(ring.log_pages) or move(one))
    with closing(sqlite3.connect(ring.database, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        (count,) = reader.execute("SELECT count(*) FROM note").fetchone()
        for _ in range(20):
            ring.write(100)
        assert ring.log_pages > 2_000
        assert reader.execute("SELECT count(*) FROM note").fetchone() == (count,)
        reader.execute("ROLLBACK")
    assert len(moved) == 3  # with a thousand pages, 1,500 and 2,000
    most = ring.log_pages + 6 * 110
    for _ in range(20):
        ring.write(100)
    assert ring.log_pages <= most, "it began anew"


def test_the_pages_of_a_log_are_those_since_it_began_anew(ring):
    assert checkpoints.log_pages(ring.log) == ring.log_pages > 0
    ring.write(50)
    assert checkpoints.log_pages(ring.log) == ring.log_pages > 50
    checkpoints_of(ring.database).move()
    ring.write(10)
    assert 10 < checkpoints.log_pages(ring.log) < 20 < ring.log_pages
    assert checkpoints.log_pages(ring.database.with_name("none")) == 0


def test_a_writer_who_has_the_lock_is_not_waited_for(ring, monkeypatch, caplog):
    monkeypatch.setattr(checkpoints, "LOCK_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(checkpoints, "LOG_PAGES", 1)
    ring.write()
    with write_lock_of(ring.database).acquire():
        checkpoints_of(ring.database)._run()
    assert "was not moved" in caplog.text
    ring.write()


def test_after_sqlite_failed_to_sync_the_log_nobody_is_answered_by_a_sync(ring, monkeypatch):
    class Broken(sqlite3.Connection):
        def execute(self, statement, *words):
            if "wal_checkpoint" in statement:
                error = sqlite3.OperationalError("disk I/O error")
                error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
                raise error
            return super().execute(statement, *words)

    connect = sqlite3.connect
    with monkeypatch.context() as broken:
        broken.setattr(checkpoints.sqlite3, "connect", lambda *words, **named: connect(*words, factory=Broken, **named))
        checkpoints_of(ring.database)._run()
    assert ring.log_pages > 0
    ring.write()
    assert ring.log_pages == 0, "moved, before the answer"


WRITER = """
import sys
from pathlib import Path
from tests.unit.booking.test_checkpoints import Ring, checkpoints
checkpoints.LOOK_EVERY, checkpoints.LOG_PAGES, checkpoints.MORE_PAGES = 1, 1, 1
ring = Ring(Path(sys.argv[1]))
while True:
    ring.write(10)
    print("stored", flush=True)
"""


def test_who_is_killed_while_the_log_is_moved_loses_nothing(tmp_path):
    root = Path(__file__).parents[3]
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, tmp_path], cwd=root, stdout=subprocess.PIPE, env={**os.environ}
    )
    stored = 0
    with writer:
        for _line in writer.stdout:
            stored += 1
            if stored == 40:
                os.kill(writer.pid, signal.SIGKILL)

    with closing(sqlite3.connect(tmp_path / "ring.sqlite")) as database:
        (found,) = database.execute("SELECT count(*) FROM note").fetchone()
        assert stored <= found <= stored + 1
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def throw(error):
    raise error
