"""What the clock does: all that is due, once, however many workers there are."""

from __future__ import annotations

import itertools
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing import connection
from threading import Barrier
from types import SimpleNamespace

import pytest
from sqlalchemy import event, func, select, update

from app.auth.models import LoginSession, OneUseToken
from app.extensions import db
from app.mail.models import Mail
from app.mail.outbox import queue_mail
from app.worker import event_job, jobs, pace, run_apart
from app.worker.job_runs import JobRun, run_once
from app.worker.jobs import JOBS, Job
from app.worker.pace import Pace
from app.worker.scheduler import IN_PLACE, IN_THREADS, Worker, work_once
from app.worker.turns import turn_of
from booking.kernel import sealing
from booking.kernel.cursors import Cursor
from booking.kernel.deliveries import Failure
from booking.kernel.errors import DatabaseUnreachable
from booking.kernel.events import Actor, RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.models import Machine, Reservation, Status
from booking.reservations.reservations import request_reservation
from booking.reservations.wishes import Wish
from tests.builders import hours, open_session, reserve
from tests.conftest import MONDAY


@pytest.fixture
def request_of_anna(session, sample_ring):
    with write_transaction(session):
        wish = Wish(sample_ring.splitter, sample_ring.anna, hours(MONDAY, 100, 104))
        return request_reservation(session, wish, by=Actor(user_id=sample_ring.anna_login), now=MONDAY).id


def count(session, model):
    session.rollback()
    return session.scalar(select(func.count()).select_from(model))


def test_one_round_of_work_delivers_writes_sends_and_seals(app, session, request_of_anna, capsys):
    assert work_once(app)

    assert "Mail to Wanda <wanda@ring.example>: Please decide: Splitter, Anna" in capsys.readouterr().out
    assert session.scalars(select(Mail.sent_at)).all() == [MONDAY, MONDAY]
    assert not sealing.has_unsealed(session)
    assert session.scalars(select(Failure)).all() == []


def test_a_second_round_finds_nothing_to_do(app, session, request_of_anna, capsys):
    work_once(app)
    before = [count(session, model) for model in (Mail, RecordedEvent, JobRun, sealing.Seal)]
    capsys.readouterr()

    assert work_once(app)
    assert [count(session, model) for model in (Mail, RecordedEvent, JobRun, sealing.Seal)] == before
    assert capsys.readouterr().out == ""


def test_requests_expire_at_their_deadline_and_the_member_gets_a_mail(app, session, clock, request_of_anna):
    work_once(app)
    assert session.get(Reservation, request_of_anna).status == Status.REQUESTED
    clock.instant = MONDAY + timedelta(hours=48)

    session.rollback()  # what was read before the work is let go
    work_once(app)

    assert session.get(Reservation, request_of_anna, populate_existing=True).status == Status.EXPIRED
    assert session.scalars(select(Mail.subject).order_by(Mail.id.desc())).first().startswith("Expired: Splitter")
    assert session.scalars(select(RecordedEvent.actor_job)).all()[-1] == "expire_requests"


def test_a_request_that_cannot_expire_keeps_no_other_from_it(
    app, session, clock, sample_ring, request_of_anna, monkeypatch
):
    with write_transaction(session):
        wish = Wish(sample_ring.splitter, sample_ring.bernd, hours(MONDAY, 110, 114))
        request_reservation(session, wish, by=Actor(user_id=sample_ring.bernd_login), now=MONDAY)
    expire = jobs.decisions.expire

    def stumbles(session, reservation_id, **more):
        if reservation_id == request_of_anna:
            raise ZeroDivisionError
        return expire(session, reservation_id, **more)

    monkeypatch.setattr("app.worker.jobs.decisions.expire", stumbles)
    clock.instant = MONDAY + timedelta(hours=48)

    assert not work_once(app)
    session.rollback()
    assert sorted(session.scalars(select(Reservation.status))) == ["expired", "requested"]


def test_workers_side_by_side_do_everything_once(app, session, clock, request_of_anna):
    clock.instant = MONDAY + timedelta(hours=48)
    start_together = Barrier(3)

    def work(_):
        start_together.wait()
        return work_once(app)

    with ThreadPoolExecutor(3) as pool:
        assert all(pool.map(work, range(3)))
    work_once(app)

    subjects = sorted(session.scalars(select(Mail.subject)))
    assert [subject.split(":")[0] for subject in subjects] == ["Expired", "Please decide", "Request entered"]
    assert len(session.scalars(select(RecordedEvent).where(RecordedEvent.type == "reservation_expired")).all()) == 1
    assert len(session.scalars(select(JobRun).where(JobRun.name == "nightly_audit")).all()) == 1


def test_a_job_that_is_due_is_claimed_by_one_of_many(app):
    start_together, effects = Barrier(6), []

    def work(_):
        with app.app_context():
            start_together.wait()
            return run_once(db.session(), "greet", MONDAY, lambda _session: effects.append(1) or "greeted")

    with ThreadPoolExecutor(6) as pool:
        won = list(pool.map(work, range(6)))

    assert (sum(won), len(effects)) == (1, 1)
    run = db.session().get(JobRun, ("greet", MONDAY))
    assert (run.outcome, run.ended_at) == ("greeted", MONDAY)


def test_a_clock_that_is_put_back_runs_no_job_twice(session, clock):
    assert jobs.audit_nightly(session) == 1
    clock.instant = MONDAY - timedelta(hours=2)
    assert jobs.audit_nightly(session) == 0
    clock.instant = MONDAY + timedelta(days=3)  # the nights in between were missed; the latest runs late
    assert [jobs.audit_nightly(session), jobs.audit_nightly(session)] == [1, 0]


@pytest.mark.parametrize(
    ("instant", "night"),
    [
        (datetime(2026, 11, 23, 7, 0, tzinfo=UTC), datetime(2026, 11, 23, 2, 0, tzinfo=UTC)),
        (datetime(2026, 11, 23, 1, 0, tzinfo=UTC), datetime(2026, 11, 22, 2, 0, tzinfo=UTC)),
        (datetime(2026, 3, 29, 12, 0, tzinfo=UTC), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),  # the clock is put forward
        (datetime(2026, 10, 25, 12, 0, tzinfo=UTC), datetime(2026, 10, 25, 2, 0, tzinfo=UTC)),  # and back
    ],
)
def test_the_night_comes_at_three_by_the_clock_of_the_ring(app, instant, night):
    assert jobs.latest_night(instant) == night


def test_what_has_ended_is_purged(app, session, clock, sample_ring):
    open_session(session, sample_ring.anna_login, now=MONDAY)
    with write_transaction(session):
        link = {"token_hash": "x", "user_id": sample_ring.anna_login, "purpose": "password"}
        session.add(OneUseToken(**link, created_at=MONDAY, expires_at=MONDAY))
    jobs.purge(session)
    assert (count(session, LoginSession), count(session, OneUseToken)) == (1, 1)

    clock.instant = MONDAY + timedelta(days=31)
    jobs.purge(session)
    assert (count(session, LoginSession), count(session, OneUseToken)) == (0, 0)


def test_audit_findings_are_mailed_to_the_administrators_the_next_morning(app, session, request_of_anna):
    with write_transaction(session):
        session.execute(update(Reservation).values(places=2))  # it holds one place

    jobs.audit_nightly(session)

    mail = session.scalars(select(Mail).where(Mail.key.startswith("nightly_audit"))).one()
    assert mail.to_address == "rita@ring.example"
    assert "places_missing" in mail.body
    assert "places_missing" in session.scalars(select(JobRun.outcome)).one()


def test_a_job_that_fails_stops_no_other(app, session, monkeypatch, request_of_anna):
    def fails(session, *, now):
        raise ZeroDivisionError

    monkeypatch.setattr("app.worker.jobs.decisions.overdue_requests", fails)

    assert not work_once(app)
    assert session.scalars(select(Mail.sent_at)).all() == [MONDAY, MONDAY]


def test_a_job_that_finds_nothing_for_a_minute_is_asked_less_often():
    seconds = iter([0, 59, 61, 62, 200])
    pace = Pace(Job("greet", 1.0, lambda _session: 0, idle_seconds=5.0), monotonic=lambda: next(seconds))

    changes = [pace.changed(has_worked=has_worked) for has_worked in (False, False, False, True)]

    assert changes == [None, 5.0, None, 1.0]


def test_a_signal_ends_the_worker_also_where_it_is_just_beginning_to_wait(app, monkeypatch):
    """The handler runs between any two steps of the main thread, which may hold a lock at that moment."""
    beginnings, worker, paused = [threading.Condition.wait, connection.wait], Worker(app), []
    codes = [each.__code__ for each in beginnings]

    def interrupt(frame, _event, _argument):
        if frame.f_code in codes and not paused:
            signal.raise_signal(signal.SIGTERM)

    def end_of_patience(_number, _frame):
        raise AssertionError("it waits for itself")

    monkeypatch.setattr("app.worker.scheduler.SWITCH_SECONDS", sys.getswitchinterval())
    stand_in = SimpleNamespace(
        start=lambda: sys.setprofile(interrupt), pause=lambda: paused.append(True), shutdown=lambda **_how: None
    )
    monkeypatch.setattr(worker, "_make_scheduler", lambda: stand_in)
    former = signal.signal(signal.SIGALRM, end_of_patience)
    signal.alarm(20)
    try:
        worker.run()
    finally:
        signal.alarm(0)
        sys.setprofile(None)
        signal.signal(signal.SIGALRM, former)

    assert paused == [True]


def test_an_idle_job_is_looked_for_in_the_thread_of_the_scheduler_until_there_is_work(app, monkeypatch):
    found, worker = iter([0, 1]), Worker(app)
    job = Job("greet", 1.0, lambda _session: 0, idle_seconds=5.0, look=lambda _session: next(found))
    monkeypatch.setattr("app.worker.scheduler.JOBS", (job,))
    monkeypatch.setattr("app.worker.pace.IDLE_AFTER_SECONDS", 0.0)
    worker._scheduler = scheduler = worker._make_scheduler()
    scheduler.start(paused=True)

    def run():
        entered = scheduler.get_job("greet")
        entered.func(*entered.args)
        entered = scheduler.get_job("greet")
        return entered.executor, entered.trigger.interval.total_seconds()

    states = [run(), run(), run()]
    scheduler.shutdown(wait=False)

    assert states == [(IN_PLACE, 5.0), (IN_PLACE, 5.0), (IN_THREADS, 1.0)]


def test_idle_jobs_wait_together_for_a_database_that_does_not_answer(app, monkeypatch):
    asked, instant, answers = [], [100.0], [False]

    def look(name, _session):
        asked.append(name)
        if not answers[0]:
            raise DatabaseUnreachable
        return 0

    worker = Worker(app)
    some = [Job(name, 1.0, lambda _session: 0, look=partial(look, name)) for name in ("greet", "wave", "nod")]
    monkeypatch.setattr("app.worker.scheduler.time", SimpleNamespace(monotonic=lambda: instant[0]))

    def look_for_all(at, *, answered):
        instant[0], answers[0] = at, answered
        asked.clear()
        for job in some:
            worker._look(job)
        return list(asked)

    assert look_for_all(100.0, answered=False) == ["greet"]
    assert look_for_all(109.0, answered=True) == []
    assert look_for_all(111.0, answered=True) == ["greet", "wave", "nod"]
    assert not worker._errors


def test_the_rules_of_the_zones_are_compared_without_a_change(app, session, sample_ring, monkeypatch):
    jobs.note_zone_rules(session)
    monkeypatch.setattr(jobs, "in_write_transaction", lambda *_words: pytest.fail("it takes the write lock"))

    assert jobs.note_zone_rules(session) == 0


def test_the_worker_leaves_a_nightly_job_that_is_due_to_a_process_of_its_own(app, session, monkeypatch):
    started, codes = [], iter([0, -signal.SIGTERM, 1])
    end = lambda command, **_how: started.append(command[-3:]) or SimpleNamespace(returncode=next(codes))  # noqa: E731
    monkeypatch.setattr("app.worker.run_apart.subprocess.run", end)
    (audit,) = (job for job in jobs.JOBS if job.is_apart)
    worker = Worker(app)

    worker._run_until_done(audit)
    assert (started, bool(worker._errors)) == ([["--once", "--only", "nightly_audit"]], False)
    worker._run_until_done(audit)
    assert (len(started), bool(worker._errors)) == (2, False), "it was asked to end with the worker"
    worker._run_until_done(audit)
    assert (len(started), bool(worker._errors)) == (3, True)

    result = app.test_cli_runner().invoke(args=["ring", "work", "--once", "--only", "nightly_audit"])
    session.rollback()
    assert (result.exit_code, [run.name for run in session.scalars(select(JobRun))]) == (0, ["nightly_audit"])
    worker._run_until_done(audit)
    assert (len(started), bool(worker._errors)) == (3, False)


@pytest.mark.of_sqlite
def test_the_worker_kills_a_nightly_job_that_stands_still(app, session, monkeypatch):
    monkeypatch.setattr(run_apart, "START", "import time; time.sleep(600)")
    monkeypatch.setattr(run_apart, "LEASE", timedelta(milliseconds=100))
    (audit,) = (job for job in jobs.JOBS if job.is_apart)

    with pytest.raises(run_apart.JobFailed, match="killed after"):
        run_apart.run_apart(session, audit)


def test_a_job_with_much_to_do_rests_in_between_so_that_pages_stay_quick(app, monkeypatch):
    worker, rests = Worker(app), []
    passing, found = iter([0.0, 0.0, 0.1, 5.0, 9.0, 9.0, 9.0]), iter([10, 10, 0])
    monkeypatch.setattr(worker._stop_requested, "wait", rests.append)
    monkeypatch.setattr("app.worker.scheduler.time", SimpleNamespace(monotonic=lambda: next(passing)))

    worker._run_until_done(jobs.Job("greet", 1.0, lambda _session: next(found)))

    assert rests == pytest.approx([0.9, 1.0])


def test_the_seal_of_a_look_is_one_unless_more_waits_than_one_can_hold(session, sample_ring, monkeypatch):
    monkeypatch.setattr(sealing, "BATCH_EVENTS", 2)
    for hour in (1, 3, 5):
        reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, hour, hour + 1), now=MONDAY)

    assert jobs.seal_log(session) == 2  # the worker goes on at once
    assert jobs.seal_log(session) == 0  # what is reserved meanwhile waits for the next look
    assert not sealing.has_unsealed(session)


def test_an_idle_round_writes_nothing(app, session, request_of_anna):
    work_once(app)
    before = session.scalars(select(Cursor.checked_at)).all()
    statements = []

    event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2].split()[0]))
    work_once(app)

    assert set(statements) <= {"SELECT", "BEGIN"}
    assert session.scalars(select(Cursor.checked_at)).all() == before
    assert len(statements) <= 2 * len(JOBS)
    assert count(session, Machine) == 4


def test_the_longer_events_have_waited_the_more_are_delivered_at_once():
    assert event_job.batch_size(0.2) == (10, 0.01)
    assert turn_of(0.02, used=iter((1.0, 1.019)).__next__, clock=iter((5.0, 5.059)).__next__)() is False
    assert turn_of(0.02, used=iter((1.0, 1.021)).__next__, clock=iter((5.0, 5.021)).__next__)() is True
    assert turn_of(0.02, used=iter((1.0, 1.001)).__next__, clock=iter((5.0, 5.061)).__next__)() is True
    assert (
        turn_of(0.02, clock_times=8.0, used=iter((1.0, 1.001)).__next__, clock=iter((5.0, 5.061)).__next__)() is False
    )
    assert event_job.batch_size(1.5) == (15, 0.015)
    assert event_job.batch_size(3_600) == (40, 0.02)  # writers of the web wait as long as it takes


def test_a_turn_on_a_server_for_which_nobody_waits_is_longer(session):
    events_max, _is_over = event_job._turn(session, 3_600.0)

    assert events_max == (event_job.BATCH_EVENTS_MAX if db.engine.name == "sqlite" else event_job.SERVER_BATCH_EVENTS)
    assert event_job.SERVER_BATCH_EVENTS > event_job.BATCH_EVENTS_MAX


def test_a_job_rests_long_after_what_comes_at_once_and_less_when_it_does_not_keep_up(app, monkeypatch):
    worker, rests = Worker(app), []
    found = iter([10] * 700 + [0])
    monkeypatch.setattr(worker._stop_requested, "wait", rests.append)
    passing = itertools.count(0.0, 0.05)
    monkeypatch.setattr("app.worker.scheduler.time", SimpleNamespace(monotonic=lambda: next(passing)))

    worker._run_until_done(jobs.Job("greet", 1.0, lambda _session: next(found)))

    assert rests[0] == pytest.approx(9 * 0.05)
    assert rests[-1] == pytest.approx(0.25 * 0.05)
    assert {round(rest / 0.05, 2) for rest in rests} == {9, 3, 1, 0.25}
    assert pace.pause_seconds(5.0, worked_seconds=0.0) == pace.PAUSE_SECONDS_MAX


def test_working_once_says_what_another_worker_holds(app, session, sample_ring):
    words = {"to_address": "a@ring.example", "to_name": "A", "subject": "S", "body": "B"}
    with write_transaction(session):
        queue_mail(session, key="one", **words, now=MONDAY)
        session.execute(update(Mail).values(attempts=1, next_attempt_at=MONDAY + timedelta(minutes=9)))
        session.add(JobRun(name="purge", due_at=MONDAY, claimed_at=MONDAY, holder="hall:77", outcome=""))

    output = app.test_cli_runner().invoke(args=["ring", "work", "--once"]).output

    assert "1 mails are being sent by another worker; should it have died, they are free at 2026-11-23 07:09" in output
    assert "purge is held by hall:77 since 2026-11-23 07:00 UTC; should it have died, it is free at" in output
