"""A trouble is logged once and counted, however many requests or jobs meet it."""

from __future__ import annotations

import logging
import threading

import pytest
from sqlalchemy.exc import OperationalError

from app.web.trouble_log import QUIET_SECONDS, REPORT_SECONDS, TroubleLog
from app.worker.jobs import JOBS
from app.worker.scheduler import JobErrorLog
from booking.kernel.errors import Busy, DatabaseUnreachable, OutcomeUnknown

GONE = DatabaseUnreachable(retry_after_seconds=5)


@pytest.fixture
def seconds():
    return [0.0]


@pytest.fixture
def troubles(seconds):
    return TroubleLog(clock=lambda: seconds[0])


def test_a_trouble_is_logged_when_it_begins_each_minute_and_at_its_end(troubles, seconds, caplog):
    for second in range(0, 91, 10):
        seconds[0] = second
        troubles.record(GONE, "connection refused")
    troubles.end(GONE.code)
    troubles.end(GONE.code)

    assert [record.getMessage() for record in caplog.records] == [
        "a request cannot be served (database_unreachable): connection refused",
        "database_unreachable: 7 times more",
        "database_unreachable is over, after 10 times",
    ]
    assert REPORT_SECONDS == 60


def test_each_kind_is_a_trouble_of_its_own_and_a_new_one_after_a_while(troubles, seconds, caplog):
    troubles.record(GONE, "")
    troubles.record(Busy(retry_after_seconds=1), "")
    seconds[0] = QUIET_SECONDS + 1
    troubles.record(GONE, "")

    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.WARNING, logging.ERROR]


def test_jobs_that_share_a_trouble_log_it_once(caplog):
    errors = JobErrorLog()
    gone = OperationalError("SELECT", {}, Exception("connection refused\nIs the server running?"))

    for _ in range(2):
        for job in JOBS:
            errors.record(job, gone)
    for job in JOBS:
        errors.clear(job)

    assert [record.getMessage() for record in caplog.records] == [
        f"{JOBS[0].name}: database_unreachable: connection refused",
        f"{JOBS[-1].name} runs again; met {2 * len(JOBS)} times: database_unreachable: connection refused",
    ]
    assert not caplog.records[0].exc_info
    assert not errors


def test_a_job_that_meets_several_troubles_in_turn_logs_each_once(caplog):
    """As while no standby confirms commits: one is not answered, then writers are refused or wait for its lock."""
    errors = JobErrorLog()
    waited = Busy(retry_after_seconds=1)
    waited.__cause__ = OperationalError("SELECT", {}, Exception("canceling statement due to lock timeout"))

    for _ in range(3):
        for error in (OutcomeUnknown(retry_after_seconds=5), Busy(retry_after_seconds=5), waited):
            errors.record(JOBS[0], error)
    errors.clear(JOBS[0])

    assert [record.getMessage() for record in caplog.records] == [
        f"{JOBS[0].name}: outcome_unknown",
        f"{JOBS[0].name}: busy",
        f"{JOBS[0].name} runs again; met 6 times: busy",
        f"{JOBS[0].name} runs again; met 3 times: outcome_unknown",
    ]
    assert not errors


def test_a_trouble_that_ends_for_two_jobs_at_the_same_time_is_logged_as_ended_once(caplog, monkeypatch):
    """Jobs run in threads: the second one ends while the first looks whether another still has the trouble."""
    errors, (first, second, *_others) = JobErrorLog(), JOBS
    for job in (first, second):
        errors.record(job, GONE)
    is_met, meanwhile = errors._is_met, threading.Thread(target=errors.clear, args=(second,))

    def look(kind):
        if meanwhile.ident is None:
            meanwhile.start()
            meanwhile.join(0.1)  # it waits for the first
        return is_met(kind)

    monkeypatch.setattr(errors, "_is_met", look)
    errors.clear(first)
    meanwhile.join()

    assert [record.getMessage() for record in caplog.records] == [
        f"{first.name}: database_unreachable",
        f"{second.name} runs again; met 2 times: database_unreachable",
    ]
    assert not errors


def test_a_bug_of_a_job_keeps_its_traceback(caplog):
    errors = JobErrorLog()

    errors.record(JOBS[0], ValueError("wrong"))
    errors.record(JOBS[0], ValueError("wrong"))

    assert [bool(record.exc_info) for record in caplog.records] == [True]
