"""A worker that is not needed ends, and a web process calls for it when something is due."""

from __future__ import annotations

import sys
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy.exc import IntegrityError

from app.storage import installation
from app.worker import watch as watching
from app.worker.due import LOOKS, anything_due
from app.worker.jobs import JOBS
from app.worker.scheduler import Worker, work_once
from app.worker.watch import Watch
from booking.kernel.errors import DatabaseCorrupt, DatabaseUnreachable
from booking.kernel.transaction import write_transaction
from booking.models import Reservation, Status
from tests.builders import hours, reserve
from tests.conftest import MONDAY


class Calls:
    """A watch of an application, and how often it called for the worker at each look."""

    def __init__(self, app, *, is_regular=True):
        self.count = 0
        self.watch = Watch(app, self._call, is_regular=is_regular)

    def _call(self):
        self.count += 1

    def looked(self, *, is_changed=False):
        """Whether a look at the moment calls."""
        before = self.count
        self.watch.look(is_changed=is_changed)
        return self.count - before


@pytest.fixture
def rested(app, session, sample_ring):
    """The ring after all that was due is done."""
    assert work_once(app)
    session.rollback()
    return sample_ring


def test_each_job_has_a_look(app):
    assert {look.job for look in LOOKS} == {job.name for job in JOBS} - {"note_run"}


def test_after_the_work_nothing_is_due(session, rested):
    assert [look.job for look in LOOKS if look.has_work(session)] == []


def test_the_worker_is_called_until_the_event_of_a_reservation_is_delivered(app, session, rested):
    calls = Calls(app, is_regular=False)
    assert calls.looked(is_changed=True) == 0

    reserve(session, rested.combine, rested.anna, hours(MONDAY, 100, 104), now=MONDAY)
    assert (calls.looked(), calls.looked(is_changed=True), calls.looked(is_changed=True)) == (0, 1, 1)

    assert work_once(app)
    assert calls.looked(is_changed=True) == 0


def test_what_the_clock_makes_due_is_seen_without_a_request(app, session, rested, clock):
    calls = Calls(app)
    assert calls.looked() == 0

    clock.instant = MONDAY + timedelta(days=1)
    calls.watch._next = dict.fromkeys(calls.watch._next, 0.0)
    assert calls.looked() == 1
    due = {look.job for look in LOOKS if look.has_work(session)}
    assert {"nightly_audit", "purge", "remind_in_the_evening", "send_digests", "warn_of_tokens"} <= due


def test_an_idle_ring_says_that_its_worker_is_looked_after(app, session, rested, clock):
    clock.instant = MONDAY + timedelta(minutes=6)

    Calls(app).looked()
    assert installation.worker_ran_at(session) == clock.instant

    reserve(session, rested.combine, rested.anna, hours(MONDAY, 100, 104), now=MONDAY)
    clock.instant += timedelta(minutes=6)
    Calls(app).looked()
    session.rollback()
    assert installation.worker_ran_at(session) == clock.instant - timedelta(minutes=6), "somebody has to do that"


def test_who_was_reminded_of_an_end_is_not_due_again(app, session, rested, clock):
    reservation = reserve(session, rested.combine, rested.anna, hours(MONDAY, 100, 104), now=MONDAY).id
    with write_transaction(session):
        session.get(Reservation, reservation).status = Status.IN_USE
    clock.instant = MONDAY + timedelta(hours=104, minutes=5)
    (look,) = [look for look in LOOKS if look.job == "remind_of_ends"]
    assert look.has_work(session)

    assert work_once(app)
    session.rollback()
    assert not look.has_work(session)


def test_a_request_that_changed_something_makes_the_watch_look(app):
    def noted(method, status):
        watch = Watch(app, print, is_regular=False)
        with app.test_request_context(method=method):
            watch.note_response(app.response_class(status=status))
        return watch._changed.is_set()

    assert noted("POST", 303)
    assert noted("DELETE", 204)
    assert not noted("POST", 422)
    assert not noted("GET", 200)


@pytest.mark.parametrize(("error", "calls"), [(DatabaseUnreachable, 0), (ZeroDivisionError, 1)])
def test_a_look_that_fails_ends_no_watch(app, monkeypatch, error, calls):
    def fail(_session):
        raise error

    monkeypatch.setattr(watching, "LOOKS", (SimpleNamespace(job="greet", seconds=5.0, has_work=fail),))
    assert Calls(app).looked() == calls


@pytest.fixture
def fail_with(monkeypatch):
    """Two looks: the first fails with an error, the second finds what it is told to; returns what was looked for."""

    def make(error, *, second):
        looked = []

        def fail(_session):
            looked.append("first")
            raise error

        looks = [
            SimpleNamespace(job="first", seconds=0.0, has_work=fail),
            SimpleNamespace(job="second", seconds=600.0, has_work=lambda _session: looked.append("second") or second),
        ]
        monkeypatch.setattr(watching, "LOOKS", looks)
        return looked

    return make


@pytest.mark.parametrize("error", [IntegrityError("INSERT", {}, Exception("twice")), DatabaseCorrupt()])
def test_a_look_that_fails_by_itself_silences_no_other_and_is_logged_once(app, fail_with, caplog, error):
    looked = fail_with(error, second=False)
    calls = Calls(app)

    assert [calls.looked(), calls.looked()] == [1, 1]
    assert looked == ["first", "second", "first"]
    assert [line.args for line in caplog.records if line.name == watching.__name__] == [("first",)]


def test_what_waits_behind_a_look_without_an_answer_comes_first_the_next_time(app, fail_with, caplog):
    looked = fail_with(DatabaseUnreachable(), second=True)
    calls = Calls(app)

    assert [calls.looked(), calls.looked()] == [0, 1]
    assert looked == ["first", "second"]
    assert not caplog.records, "requests say so"


def test_only_the_process_that_has_started_this_one_is_called(monkeypatch):
    sent = []
    monkeypatch.setattr(watching.os, "kill", lambda pid, _number: sent.append(pid))
    monkeypatch.setattr(watching.os, "getppid", lambda: 4711)

    watching.call(4711)
    watching.call(4712)
    assert sent == [4711]


def test_the_worker_ends_when_nothing_was_due_for_a_minute(app, session, rested, monkeypatch):
    worker = Worker(app, ends_when_idle=True)
    assert not worker._is_idle(), "somebody may just have called it"

    worker._last_work -= 61
    assert worker._is_idle()
    worker._errors.record(JOBS[0], ValueError())
    assert not worker._is_idle(), "it would log its errors at each start"
    worker._errors.clear(JOBS[0])
    reserve(session, rested.combine, rested.anna, hours(MONDAY, 100, 104), now=MONDAY)
    assert anything_due(session)
    assert not worker._is_idle()


def test_a_job_that_begins_while_the_worker_looks_keeps_it_from_ending(app, monkeypatch):
    worker = Worker(app, ends_when_idle=True)
    worker._last_work -= 61
    begun = worker._counted()
    monkeypatch.setattr("app.worker.scheduler.anything_due", lambda _session: begun.__enter__())

    assert not worker._is_idle()


@pytest.mark.parametrize("is_asked", [False, True])
def test_only_a_request_to_end_cuts_off_what_runs(app, monkeypatch, is_asked):
    worker, ends = Worker(app, ends_when_idle=True), []
    scheduler = SimpleNamespace(pause=lambda: None, shutdown=lambda **_how: ends.append("drained"))
    drained = iter([False, True])
    monkeypatch.setattr(worker, "_drained", lambda: next(drained))
    monkeypatch.setattr("app.worker.scheduler.os._exit", lambda _code: ends.append("cut off"))

    worker._end(scheduler, SimpleNamespace(is_received=is_asked))
    assert ends[0] == ("cut off" if is_asked else "drained")


def test_a_look_that_fails_ends_no_worker(app, monkeypatch, caplog):
    worker = Worker(app, ends_when_idle=True)
    worker._last_work -= 61
    monkeypatch.setattr("app.worker.scheduler.anything_due", lambda _session: 1 / 0)

    assert not worker._is_idle()
    assert not worker._is_idle()
    assert [line.name for line in caplog.records] == ["app.worker.scheduler"]


def test_a_worker_that_is_idle_ends_by_itself(app, monkeypatch):
    worker, ended = Worker(app, ends_when_idle=True), []
    monkeypatch.setattr("app.worker.scheduler.SWITCH_SECONDS", sys.getswitchinterval())
    monkeypatch.setattr("app.worker.scheduler.WAKE_SECONDS", 0.01)
    monkeypatch.setattr("app.worker.scheduler.anything_due", lambda _session: False)
    stand_in = SimpleNamespace(start=lambda: None, pause=lambda: None, shutdown=lambda **_how: ended.append(True))
    monkeypatch.setattr(worker, "_make_scheduler", lambda: stand_in)
    worker._last_work -= 61

    worker.run()
    assert ended == [True]


@pytest.mark.of_sqlite
def test_a_database_of_another_version_is_logged_once_without_a_traceback_and_calls_nobody(
    app, session, rested, caplog
):
    for change in ("ALTER TABLE booking_offer RENAME TO former", "UPDATE alembic_version SET version_num = '0001'"):
        session.connection().exec_driver_sql(change)
    session.commit()

    assert not work_once(app)
    assert Calls(app).looked() == 0

    assert caplog.text.count("schema_differs: no such table: booking_offer") == 1
    assert "Traceback" not in caplog.text
