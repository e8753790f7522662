"""One sync of the log serves all who committed before it began, and nobody who committed later."""

from __future__ import annotations

import errno
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from booking.kernel import shared_sync
from booking.kernel.errors import OutcomeUnknown
from booking.kernel.shared_sync import SharedSync

pytestmark = pytest.mark.skipif(not shared_sync.CAN_SYNC, reason="SQLite syncs by itself here")


@pytest.fixture
def log(tmp_path):
    (tmp_path / "ring.sqlite-wal").touch()
    return SharedSync(tmp_path / "ring.sqlite")


class SlowDisk:
    """A disk whose syncs last until they are let go."""

    def __init__(self, monkeypatch):
        self.begun = []
        self.may_end = threading.Semaphore(0)
        monkeypatch.setattr(shared_sync.os, "fdatasync", self._sync)

    def _sync(self, handle):
        self.begun.append(handle)
        self.may_end.acquire()

    def wait_for(self, count):
        while len(self.begun) < count:
            time.sleep(0.001)


def test_all_who_come_during_a_sync_share_the_next_one(log, monkeypatch):
    disk = SlowDisk(monkeypatch)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(log.wait)
        disk.wait_for(1)
        later = [pool.submit(log.wait) for _ in range(3)]
        disk.may_end.release()
        first.result()
        disk.wait_for(2)
        assert not any(one.done() for one in later)  # the first sync may have begun before they committed
        disk.may_end.release()
        for one in later:
            one.result()

    assert len(disk.begun) <= 3  # 2, unless one came only when the second had begun


@pytest.fixture
def ring(tmp_path):
    """A database with one commit in its log, and the connection that keeps the log there."""
    with closing(sqlite3.connect(tmp_path / "ring.sqlite", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("CREATE TABLE machine (name)")
        yield connection


def test_after_a_sync_that_failed_nobody_is_answered_before_the_log_was_moved(ring, tmp_path, monkeypatch):
    """The system takes what it could not write for written: the log has a hole, and later syncs succeed over it."""
    monkeypatch.setattr(shared_sync, "READERS_SECONDS", 0.01)
    log, written = SharedSync(tmp_path / "ring.sqlite"), tmp_path / "ring.sqlite-wal"
    failures = [OSError(errno.EIO, "the disk is gone")]
    monkeypatch.setattr(shared_sync.os, "fdatasync", lambda _handle: failures and throw(failures.pop()))

    with closing(sqlite3.connect(tmp_path / "ring.sqlite", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM machine").fetchall()
        for _ in range(2):  # the one that failed, and the next one
            with pytest.raises(OutcomeUnknown):
                log.wait()
        reader.execute("ROLLBACK")

    assert written.stat().st_size > 0
    log.wait()
    assert written.stat().st_size == 0
    ring.execute("INSERT INTO machine VALUES ('press')")
    log.wait()
    assert written.stat().st_size > 0, "once it was moved a sync is enough"
    failures.append(OSError(errno.EIO, "the disk is gone"))
    log.wait()
    assert written.stat().st_size == 0, "moved at once, where it can be"


@pytest.mark.parametrize("error", [MemoryError(), KeyboardInterrupt()])
def test_whatever_ends_a_sync_is_no_answer_to_those_who_wait(ring, tmp_path, monkeypatch, error):
    log = SharedSync(tmp_path / "ring.sqlite")
    with monkeypatch.context() as broken:
        broken.setattr(shared_sync.os, "fdatasync", lambda _handle: throw(error))
        waits_too = log._next
        with pytest.raises(OutcomeUnknown if isinstance(error, Exception) else KeyboardInterrupt):
            log.wait()

    assert waits_too.is_over
    assert waits_too.error is error
    log.wait()
    assert (tmp_path / "ring.sqlite-wal").stat().st_size == 0


def throw(error):
    raise error


def test_a_log_that_sqlite_has_moved_to_the_database_needs_no_sync(tmp_path):
    SharedSync(tmp_path / "ring.sqlite").wait()
