"""One sync of the log serves all who committed before it began, and nobody who committed later."""

from __future__ import annotations

import errno
import threading
import time
from concurrent.futures import ThreadPoolExecutor

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
    """A disk whose syncs last until they are let go; each may fail."""

    def __init__(self, monkeypatch):
        self.begun, self.errors = [], []
        self.may_end = threading.Semaphore(0)
        monkeypatch.setattr(shared_sync.os, "fdatasync", self._sync)

    def _sync(self, handle):
        self.begun.append(handle)
        self.may_end.acquire()
        if self.errors:
            raise self.errors.pop()

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


def test_a_sync_that_fails_is_told_to_all_who_wait_for_it_and_to_nobody_else(log, monkeypatch):
    disk = SlowDisk(monkeypatch)
    disk.errors.append(OSError(errno.EIO, "the disk is gone"))
    with ThreadPoolExecutor(1) as pool:
        failed = pool.submit(log.wait)
        disk.may_end.release()
        with pytest.raises(OutcomeUnknown):
            failed.result()

    disk.may_end.release()
    log.wait()


def test_a_log_that_sqlite_has_moved_to_the_database_needs_no_sync(tmp_path):
    SharedSync(tmp_path / "ring.sqlite").wait()
