"""The clock is put forward or back: nothing happens twice, no key lives longer than it may, nobody waits for ever."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from app.auth import attempts, logins, one_use_links, pending_logins
from app.auth.attempts import Source
from app.auth.errors import LinkNotValid, LogInExpired, TooManyAttempts
from app.mail import leasing
from app.mail.models import Mail
from app.mail.outbox import queue_mail
from app.worker.clock_jumps import ClockJumpDetector, reschedule_all
from app.worker.job_runs import LEASE, JobRun, run_once
from app.worker.scheduler import Worker, work_once
from booking.kernel.errors import Busy
from booking.kernel.transaction import in_own_transactions, write_transaction
from tests.builders import hours, open_session, reserve
from tests.conftest import MONDAY

JUMPS = [timedelta(hours=1), timedelta(days=1)]
A_LITTLE = timedelta(minutes=1)


@pytest.mark.parametrize("jump", JUMPS)
def test_a_log_in_from_a_clock_that_was_ahead_ends_when_it_is_put_right(session, sample_ring, jump):
    token = open_session(session, sample_ring.anna_login, now=MONDAY + jump)

    assert logins.by_session_token(session, token, now=MONDAY + jump) is not None
    assert logins.by_session_token(session, token, now=MONDAY) is None


@pytest.mark.parametrize("jump", JUMPS)
def test_a_link_from_a_clock_that_was_ahead_no_longer_works(session, sample_ring, jump):
    with write_transaction(session):
        link = one_use_links.create(
            session, sample_ring.anna_login, one_use_links.PASSWORD, now=MONDAY + jump, valid_for=timedelta(hours=1)
        )

    assert one_use_links.owner_of(session, link.secret, one_use_links.PASSWORD, now=MONDAY + jump)
    with pytest.raises(LinkNotValid):
        one_use_links.owner_of(session, link.secret, one_use_links.PASSWORD, now=MONDAY)


@pytest.mark.parametrize("jump", JUMPS)
def test_a_pending_login_from_a_clock_that_was_ahead_has_to_start_again(session, sample_ring, jump):
    with write_transaction(session):
        secret = pending_logins.begin(session, sample_ring.anna_login, now=MONDAY + jump)

    assert pending_logins.owner_of(session, secret, now=MONDAY + jump) == sample_ring.anna_login
    with pytest.raises(LogInExpired):
        pending_logins.owner_of(session, secret, now=MONDAY)


def test_clocks_of_several_machines_may_differ_a_little(session, sample_ring):
    token = open_session(session, sample_ring.anna_login, now=MONDAY + A_LITTLE)

    assert logins.by_session_token(session, token, now=MONDAY) is not None


def test_a_pause_after_wrong_guesses_does_not_grow_with_the_clock(session):
    with write_transaction(session):
        for _guess in range(5):
            attempts.count_failure(session, attempts.LOGIN, Source("anna@ring.example"), now=MONDAY + timedelta(days=1))

    with pytest.raises(TooManyAttempts):
        attempts.require_no_pause(session, attempts.LOGIN, Source("anna@ring.example"), now=MONDAY + timedelta(days=1))
    attempts.require_no_pause(session, attempts.LOGIN, Source("anna@ring.example"), now=MONDAY)


@pytest.mark.parametrize("jump", JUMPS)
def test_a_mail_queued_by_a_clock_that_was_ahead_goes_out_all_the_same_and_once(session, jump, capsys):
    with write_transaction(session):
        words = {"to_address": "anna@ring.example", "to_name": "Anna", "subject": "S", "body": "B"}
        queue_mail(session, key="one", **words, now=MONDAY + jump)

    assert leasing.has_due(session, now=MONDAY)
    with write_transaction(session):
        assert len(leasing.lease_due(session, now=MONDAY)) == 1
        assert leasing.lease_due(session, now=MONDAY) == []


@pytest.mark.parametrize("jump", [*JUMPS, -timedelta(hours=1), -timedelta(days=1)])
def test_what_was_done_before_the_jump_is_not_done_after_it(app, session, sample_ring, clock, jump, capsys):
    reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 200, 204), now=MONDAY)
    work_once(app)
    assert capsys.readouterr().out.count("Mail to") == 2
    clock.instant = MONDAY + jump
    work_once(app)
    clock.instant = MONDAY
    work_once(app)

    session.rollback()
    assert "Mail to" not in capsys.readouterr().out
    assert session.scalar(select(func.count()).select_from(Mail)) == 2
    nights = session.scalars(select(JobRun.due_at).where(JobRun.name == "nightly_audit")).all()
    assert len(nights) == len(set(nights))


LOST = OperationalError("SELECT", {}, Exception("the connection was lost"))


@pytest.mark.parametrize(
    "ends", [KeyboardInterrupt(), Busy(retry_after_seconds=1), LOST], ids=["killed", "database busy", "database gone"]
)
def test_a_job_that_could_not_be_finished_runs_late(session, clock, ends):
    def dies(_session):
        raise ends  # KeyboardInterrupt stands for a kill: nothing is noted any more

    with pytest.raises(type(ends)):
        run_once(session, "greet", MONDAY, dies)
    done = []
    assert run_once(session, "greet", MONDAY, lambda _session: done.append(1) or "greeted") == 0
    clock.instant = MONDAY + LEASE

    assert run_once(session, "greet", MONDAY, lambda _session: done.append(1) or "greeted") == 1
    assert run_once(session, "greet", MONDAY, lambda _session: done.append(1) or "greeted") == 0
    assert done == [1]


def test_of_several_errors_that_of_a_database_that_was_gone_is_raised_so_that_the_run_is_made_up(session):
    def fails(error):
        raise error

    done, gone = [], partial(fails, LOST)
    with pytest.raises(OperationalError):
        in_own_transactions(session, [partial(fails, ValueError()), gone, lambda: done.append(1) or 1, gone])
    assert done == [1], "one that takes too long stops no other"

    with pytest.raises(OperationalError):
        in_own_transactions(session, [gone, gone, lambda: done.append(2) or 1])
    assert done == [1], "each would wait for the database in turn"


def test_a_jump_of_the_clock_is_noticed_and_the_passing_of_time_is_not():
    moment, steady = [MONDAY], [1000.0]
    watch = ClockJumpDetector(lambda: moment[0], lambda: steady[0])
    seen = []
    for passes, jump in ((1, 0), (30, 0), (1, -86_400), (1, 0), (1, 3_600), (1, 0)):
        steady[0] += passes
        moment[0] += timedelta(seconds=passes + jump)
        seen.append(watch.has_jumped())

    assert seen == [False, False, True, False, True, False]


def test_after_a_jump_every_job_looks_at_once(app, clock):
    scheduler = Worker(app)._make_scheduler()
    scheduler.start(paused=True)
    try:
        clock.instant = MONDAY - timedelta(days=1)
        reschedule_all(scheduler)
        assert {job.next_run_time for job in scheduler.get_jobs()} == {clock.instant}
    finally:
        scheduler.shutdown(wait=False)
