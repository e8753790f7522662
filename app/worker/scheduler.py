"""The worker process: runs each job at its interval until SIGTERM or SIGINT."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

from flask import Flask
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.clock import now
from app.extensions import db
from app.server.shutdown_signal import ShutdownSignal
from app.web.schema_difference import fault_of
from app.worker.clock_jumps import ClockJumpDetector, reschedule_all
from app.worker.due import anything_due
from app.worker.jobs import JOBS, Job
from app.worker.pace import IDLE_AFTER_SECONDS, Pace, pause_seconds
from app.worker.run_apart import run_apart
from booking.kernel.database_errors import classify_error, is_unserved
from booking.kernel.errors import Unavailable

DRAIN_SECONDS = 1.5
FIRST_RUN_DELAY_SECONDS = 60
# A signal ends the wait of the main thread, except on Windows, which handles Ctrl-C only between two waits.
WAKE_SECONDS = 1.0 if sys.platform == "win32" else 20.0
# After a look that the database refused or did not answer, idle jobs are not looked for so long: each would wait for
# its deadline again, one after another in one thread.
REFUSED_SECONDS = 10.0
IN_THREADS, IN_PLACE = "default", "in place"  # executors
ROUNDS_MAX = 10_000
# A thread that waits for the interpreter wakes up after so long to ask for its turn. Nobody waits for an answer here,
# but for the write lock: with 0.1 s, who held it waited up to 0.3 s for the thread that composed a mail.
SWITCH_SECONDS = 0.001

log = logging.getLogger(__name__)


class JobErrorLog:
    """The kinds of error that each job has met since it last ran, each logged once, and once for all jobs.

    While the database does not confirm commits a job meets several kinds in turn. Jobs run in threads.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._kinds: dict[str, set[str]] = {}
        self._messages: dict[str, str] = {}
        self._counts: Counter[str] = Counter()
        self._refused: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._kinds)

    def record(self, job: Job, error: Exception) -> None:
        """Log an error unless a job has met its kind already."""
        kind, message = _kind_and_message(error)
        with self._guard:
            is_known = self._is_met(kind)
            self._kinds.setdefault(job.name, set()).add(kind)
            self._counts[kind] += 1
            self._messages.setdefault(kind, message)
            if _refusal(error) is not None:
                self._refused.add(job.name)
        if not is_known:
            # A busy or unreachable database recovers; anything else is a bug and needs its traceback.
            is_bug = _refusal(error) is None
            log.warning("%s: %s", job.name, message, exc_info=error if is_bug else None)

    def clear(self, job: Job) -> None:
        """Remove the errors of a job that has run; log the end of those that no job has any more."""
        with self._guard:
            self._refused.discard(job.name)
            left = sorted(self._kinds.pop(job.name, ()))
            ended = [(self._counts.pop(kind), self._messages.pop(kind)) for kind in left if not self._is_met(kind)]
        for count, message in ended:
            log.warning("%s runs again; met %s times: %s", job.name, count, message)

    def was_refused(self, job: Job) -> bool:
        """Return whether the database refused the job, or did not answer, since it last ran."""
        with self._guard:
            return job.name in self._refused

    def _is_met(self, kind: str) -> bool:
        return any(kind in kinds for kinds in self._kinds.values())


def _kind_and_message(error: Exception) -> tuple[str, str]:
    """Return what tells one trouble from another, and what is logged: for a refusal its code, else type and text."""
    refusal = _refusal(error)
    if refusal is None:
        message = f"{type(error).__name__}: {_first_line(error)}"
        return message, message
    cause = error if isinstance(error, DBAPIError) else error.__cause__
    return refusal.code, ": ".join(filter(None, (refusal.code, _first_line(cause))))


def _first_line(error: BaseException | None) -> str:
    return str(getattr(error, "orig", None) or error or "").strip().partition("\n")[0]


def _refusal(error: Exception) -> Unavailable | None:
    if isinstance(error, Unavailable):
        return error
    return classify_error(error) if isinstance(error, DBAPIError) else None


def work_once(app: Flask, only: str | None = None) -> bool:
    """Do all that is due now, round by round until a round finds nothing; return whether every job could run.

    only: the name of a job, in place of all.
    """
    errors = JobErrorLog()
    jobs = [job for job in JOBS if only in (None, job.name)]
    for _ in range(ROUNDS_MAX):
        if not sum(_run_safely(app, job, errors) for job in jobs):
            break
    return not errors


def _run_safely(app: Flask, job: Job, errors: JobErrorLog, run: Callable[[Session], int] | None = None) -> int:
    """Run a job, or what stands for it, and return how many items it processed."""
    try:
        with app.app_context():
            done = (run or job.run)(db.session())
    except Exception as error:  # noqa: BLE001 - a failing job must not stop the others; it is logged and retried
        errors.record(job, _with_schema(app, error))
        return 0
    errors.clear(job)
    return done


def _with_schema(app: Flask, error: Exception) -> Exception:
    """Return SchemaDiffers for an error that is none of the program's, because the database is of another version."""
    if not isinstance(error, DBAPIError) or classify_error(error) is not None:
        return error
    with app.app_context():
        fault = fault_of(error)
    if fault is None:
        return error
    fault.__cause__ = error
    return fault


class Worker:
    """Runs the jobs in parallel threads, so that a hanging mail server delays no other job.

    What was idle for a minute is looked for by the scheduler's own thread: a thread for each job that finds nothing
    would wait for the interpreter again and again, and an idle machine was woken eight times a second.

    ends_when_idle: after a minute without work, because somebody starts it when something is due (watch.py). One with
    errors goes on: it would meet and log them again at each start.
    """

    def __init__(self, app: Flask, *, ends_when_idle: bool = False) -> None:
        self._app, self._ends_when_idle = app, ends_when_idle
        self._last_work = time.monotonic()
        self._stop_requested = threading.Event()
        self._running = 0
        self._has_failed_look = False
        self._condition = threading.Condition()
        self._errors = JobErrorLog()
        self._begun = now()
        self._paces: dict[str, Pace] = {}
        self._look_again = 0.0  # by the monotonic clock
        self._scheduler: Any = None

    def run(self) -> None:
        """Work until a request to end, then end within two seconds, even if the network hangs."""
        with ShutdownSignal() as shutdown:
            sys.setswitchinterval(SWITCH_SECONDS)
            with self._app.app_context():
                db.engine.dispose(close=False)  # the connections belong to the parent process
            self._scheduler = scheduler = self._make_scheduler()
            scheduler.start()
            clock_jumps = ClockJumpDetector()
            while not shutdown.wait(WAKE_SECONDS):
                if clock_jumps.has_jumped():
                    reschedule_all(scheduler)
                elif self._ends_when_idle and self._is_idle():
                    break
            self._end(scheduler, shutdown)

    def _is_idle(self) -> bool:
        """Return whether no job has found work for a minute, or met an error, and none is due."""
        if self._is_busy():
            return False
        try:
            with self._app.app_context():
                is_due = anything_due(db.session())
        except Exception as error:
            if not (self._has_failed_look or is_unserved(error)):
                log.exception("the worker could not look whether it is idle, so it goes on")
                self._has_failed_look = True
            return False
        self._has_failed_look = False
        return not (is_due or self._is_busy())  # a job may have begun meanwhile

    def _is_busy(self) -> bool:
        return bool(self._errors or self._running or time.monotonic() - self._last_work <= IDLE_AFTER_SECONDS)

    def _end(self, scheduler: Any, shutdown: ShutdownSignal) -> None:
        """End what runs. Only a request to end hurries: a job that began while an idle worker ended is waited for."""
        self._stop_requested.set()  # not by the signal's handler, which may interrupt one that holds its lock
        scheduler.pause()
        while not (is_drained := self._drained()) and not shutdown.is_received:
            pass
        if not is_drained:
            # A job waits for the network; what it has claimed is retried when its lease expires.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)
        scheduler.shutdown(wait=False)  # waits for the scheduler's thread, and so for what it looks for

    def _make_scheduler(self) -> Any:
        from apscheduler.executors.debug import DebugExecutor
        from apscheduler.executors.pool import ThreadPoolExecutor
        from apscheduler.schedulers.background import BackgroundScheduler

        logging.getLogger("apscheduler").setLevel(logging.ERROR)  # it warns of each job that is still running
        scheduler = BackgroundScheduler(
            executors={IN_THREADS: ThreadPoolExecutor(len(JOBS)), IN_PLACE: DebugExecutor()},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone="UTC",
        )
        for job in JOBS:
            # Jobs with a long interval wait until the start is over.
            waits = job.seconds > FIRST_RUN_DELAY_SECONDS and not job.is_prompt
            first = now() + timedelta(seconds=FIRST_RUN_DELAY_SECONDS if waits else 0)
            trigger = self._trigger(job.seconds)
            scheduler.add_job(self._run_until_done, trigger, id=job.name, args=[job], next_run_time=first)
        return scheduler

    def _trigger(self, seconds: float) -> Any:
        """Return the trigger of an interval. All count from the same start: an idle machine is woken once for all."""
        from apscheduler.triggers.interval import IntervalTrigger

        return IntervalTrigger(seconds=seconds, start_date=self._begun, timezone="UTC")

    def _look(self, job: Job) -> None:
        """Look for work of an idle job in the scheduler's own thread; what is found is left to a thread of the job."""
        if time.monotonic() < self._look_again:
            return
        with self._counted():
            found = 0 if self._stop_requested.is_set() else _run_safely(self._app, job, self._errors, job.look)
        if self._errors.was_refused(job):
            self._look_again = time.monotonic() + REFUSED_SECONDS
        if found:
            self._last_work = time.monotonic()
        self._set_pace(job, has_worked=found > 0)

    def _run_until_done(self, job: Job) -> None:
        rounds, run = 0, partial(run_apart, job=job) if job.is_apart and sys.platform == "linux" else None
        begun = time.monotonic()
        with self._counted():
            while not self._stop_requested.is_set():
                started = time.monotonic()
                if not _run_safely(self._app, job, self._errors, run):
                    break
                rounds += 1
                self._last_work = ended = time.monotonic()
                self._stop_requested.wait(pause_seconds(ended - started, worked_seconds=ended - begun))
        self._set_pace(job, has_worked=rounds > 0)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._condition:
            self._running += 1
        try:
            yield
        finally:
            with self._condition:
                self._running -= 1
                self._condition.notify_all()

    def _set_pace(self, job: Job, *, has_worked: bool) -> None:
        pace = self._paces.setdefault(job.name, Pace(job))
        seconds = pace.changed(has_worked=has_worked)
        if seconds is None or self._stop_requested.is_set():
            return
        if pace.is_idle and job.look is not None:
            self._scheduler.modify_job(job.name, executor=IN_PLACE, func=self._look)
        else:
            self._scheduler.modify_job(job.name, executor=IN_THREADS, func=self._run_until_done)
        self._scheduler.reschedule_job(job.name, trigger=self._trigger(seconds))

    def _drained(self) -> bool:
        with self._condition:
            return self._condition.wait_for(lambda: self._running == 0, timeout=DRAIN_SECONDS)
