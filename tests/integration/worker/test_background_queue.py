"""The queue of long requests: one at a time, in order, taken over from a worker that died, deleted with its results."""

from __future__ import annotations

import threading
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.background import progress_files, queue
from app.background.models import DONE, RUNNING, WAITING, BackgroundTask, ResultChunk
from app.background.queue import Result, Wish
from app.background.tracking import (
    RENEWED_EVERY_SECONDS,
    SHOWN_EVERY_SECONDS,
    Tracker,
    progress_of,
    renew_until,
    renewed_by_time,
)
from app.extensions import db
from booking.kernel import progress
from booking.kernel.transaction import write_transaction
from tests.conftest import MONDAY

LATER = MONDAY + queue.LEASE


def enter(session, user_id, address="/costs/slips/file.csv"):
    with write_transaction(session):
        wish = Wish(user_id, "costs.download_slips", "GET", address, "en")
        return queue.enqueue(session, wish, now=MONDAY).id


def claim(session, now=MONDAY):
    with write_transaction(session):
        task = queue.claim(session, now=now)
        return task.id if task else None


def state_of(session, task_id):
    return session.scalar(select(BackgroundTask.state).where(BackgroundTask.id == task_id))


def test_a_task_is_claimed_reported_and_ended_with_its_result(session, sample_ring, monkeypatch):
    first, second = (enter(session, sample_ring.karl_login, f"/{number}") for number in range(2))
    assert claim(session) == first

    tracker = Tracker(session, first)
    monkeypatch.setattr("app.background.tracking.SHOWN_EVERY_SECONDS", 0)
    assert SHOWN_EVERY_SECONDS > 0
    with progress.listening(tracker):
        list(progress.tracked(range(300), 300))
    session.rollback()
    assert progress_of(session, session.get_one(BackgroundTask, first)) == (200, 300)
    with write_transaction(session):
        queue.store_result(session, first, Result(200, file_name="a.csv"), [b"ab", b"c"], now=LATER)
    tracker.close()

    assert state_of(session, first) == DONE
    assert (queue.chunk(session, first, 0), queue.chunk(session, first, 1)) == (b"ab", b"c")
    assert claim(session) == second


def test_another_worker_waits_until_the_claim_is_void(session, sample_ring):
    task_id = enter(session, sample_ring.karl_login)
    with write_transaction(session):
        task = queue.claim(session, now=MONDAY)
        task.holder = "elsewhere:1"

    assert not queue.has_claimable(session, now=LATER - timedelta(seconds=1))
    assert queue.has_claimable(session, now=LATER)
    assert claim(session, LATER) == task_id
    assert state_of(session, task_id) == RUNNING


def test_a_claim_is_renewed_by_time_whatever_the_task_reports(session, sample_ring, clock, monkeypatch):
    task_id = enter(session, sample_ring.karl_login)
    claim(session)
    session.rollback()
    tracker, held = Tracker(session, task_id), []

    def is_held(after):
        """Return whether another worker finds nothing to do."""
        with monkeypatch.context() as elsewhere:
            elsewhere.setattr(queue, "holder", lambda: "elsewhere:1")
            found = queue.has_claimable(session, now=clock.instant + after)
        session.rollback()
        return not found

    def has_ended():
        held.append(is_held(timedelta(0)))
        clock.instant += timedelta(seconds=RENEWED_EVERY_SECONDS)
        return len(held) == 10  # 200 seconds

    renew_until(tracker, has_ended)
    assert held == [True] * 10
    assert is_held(timedelta(seconds=1))
    assert not is_held(queue.LEASE)  # it is not renewed any more
    tracker.close()


def test_a_claim_is_renewed_where_a_full_disk_left_no_file_for_it(tmp_path):
    file = tmp_path / "ring.sqlite.progress-1"
    progress_files.renew(file, now=MONDAY)

    assert progress_files.renewed_at(file) == MONDAY
    assert progress_files.read_progress(file) is None
    progress_files.remove(file)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.postgresql
def test_two_workers_that_claim_at_once_do_not_carry_out_two_tasks(session, sample_ring):
    if db.engine.name == "sqlite":
        return  # one writer at a time
    for number in range(queue.OPEN_MAX):
        enter(session, sample_ring.karl_login, f"/{number}")
    beyond = enter(session, sample_ring.rita_login)
    with Session(db.engine) as other, write_transaction(session):
        first = queue.claim(session, now=MONDAY).id
        assert first < beyond
        assert claim(other) is None, "the rows beyond those of the first claim are free"

    with write_transaction(session):
        session.get_one(BackgroundTask, first).holder = "elsewhere:1"
    with Session(db.engine) as other, write_transaction(session):
        session.scalars(select(BackgroundTask.id).where(BackgroundTask.id == first).with_for_update()).one()
        assert claim(other, LATER) is None, "its worker, which was taken for dead, is just storing the result"
    assert claim(session, LATER) == first


def test_the_claim_is_renewed_beside_the_task(monkeypatch):
    renewed = threading.Event()
    tracker = SimpleNamespace(renew=renewed.set)
    with renewed_by_time(tracker, every_seconds=0):
        assert renewed.wait(30)


def test_a_claim_that_was_lost_stores_nothing(session, sample_ring):
    task_id = enter(session, sample_ring.karl_login)
    claim(session)
    with write_transaction(session):
        session.get_one(BackgroundTask, task_id).holder = "elsewhere:1"
    with write_transaction(session):
        queue.store_result(session, task_id, Result(200, file_name="a.csv"), [b"ab"], now=LATER)
        queue.release(session, task_id)

    assert state_of(session, task_id) == RUNNING
    assert session.scalar(select(func.count()).select_from(ResultChunk)) == 0


def test_a_released_task_waits_for_another_try(session, sample_ring):
    task_id = enter(session, sample_ring.karl_login)
    claim(session)
    with write_transaction(session):
        queue.release(session, task_id)

    assert state_of(session, task_id) == WAITING
    assert claim(session) == task_id


def test_results_go_with_their_task(session, sample_ring):
    task_id = enter(session, sample_ring.karl_login)
    claim(session)
    with write_transaction(session):
        queue.store_result(session, task_id, Result(200, file_name="a.csv"), [b"ab"], now=MONDAY)
    with write_transaction(session):
        queue.delete_old(session, now=MONDAY + queue.KEPT_FOR)

    assert session.scalar(select(func.count()).select_from(ResultChunk)) == 0
