"""The worker: looks for what is due, as often as each job asks, until it is told to end."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from types import FrameType
from typing import Any

from flask import Flask
from sqlalchemy.exc import OperationalError

from app.clock import now
from app.extensions import db
from app.worker.jobs import JOBS, Job
from booking.kernel.errors import Busy

GRACE_SECONDS = 1.5
CALM_START_SECONDS = 60
WAKE_SECONDS = 1.0
JUMP_SECONDS_MIN = 5.0
ROUNDS_MAX = 10_000
# People who reserve come first: a job that was at it for a while rests thrice as long before it goes on. On a busy
# machine its work takes longer, and so does its rest.
REST_PER_WORK, REST_SECONDS_MAX = 3.0, 1.0

log = logging.getLogger(__name__)


class Troubles:
    """What keeps jobs from running. Each trouble is told once, and again when it has become another."""

    def __init__(self) -> None:
        self._told: dict[str, str] = {}

    def __bool__(self) -> bool:
        return bool(self._told)

    def tell(self, job: Job, error: Exception) -> None:
        """Log an error unless it is the one that the job had before."""
        trouble = f"{type(error).__name__}: {getattr(error, 'orig', None) or error}"
        if self._told.get(job.name) == trouble:
            return
        self._told[job.name] = trouble
        # A database that is busy or gone comes back; anything else is a bug and needs its traceback.
        is_bug = not isinstance(error, (Busy, OperationalError))
        log.warning("%s: %s", job.name, trouble, exc_info=error if is_bug else None)

    def forget(self, job: Job) -> None:
        """The job has run."""
        self._told.pop(job.name, None)


def work_once(app: Flask) -> bool:
    """Do all that is due now, round by round until a round finds nothing. Returns whether every job could run."""
    troubles = Troubles()
    for _ in range(ROUNDS_MAX):
        if not sum(_run_safely(app, job, troubles) for job in JOBS):
            break
    return not troubles


def _run_safely(app: Flask, job: Job, troubles: Troubles) -> int:
    """Run a job. Returns how much it did."""
    try:
        with app.app_context():
            done = job.run(db.session())
    except Exception as error:  # noqa: BLE001 - a job that fails stops no other; it is told and tried again
        troubles.tell(job, error)
        return 0
    troubles.forget(job)
    return done


class ClockWatch:
    """Notices that the clock was put forward or back: the scheduler plans by it, and would sleep for as long."""

    def __init__(self, clock: Callable[[], datetime] = now, steady: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._steady = clock, steady
        self._offset = self._measured()

    def has_jumped(self) -> bool:
        """Whether the clock went another way than the time since the last look."""
        before, self._offset = self._offset, self._measured()
        return abs(self._offset - before) > JUMP_SECONDS_MIN

    def _measured(self) -> float:
        return self._clock().timestamp() - self._steady()


class Worker:
    """Runs the jobs side by side, so that a mail server that hangs holds up nothing else."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._is_told_to_end = threading.Event()
        self._running = 0
        self._counting = threading.Condition()
        self._troubles = Troubles()

    def run(self) -> None:
        """Work until SIGTERM or SIGINT. Ends within two seconds, whatever a network does."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        with self._app.app_context():
            db.engine.dispose(close=False)  # connections of a parent process stay the parent's
        scheduler = self._scheduler()
        scheduler.start()
        watch = ClockWatch()
        while not self._is_told_to_end.wait(WAKE_SECONDS):  # Windows hears Ctrl-C only between two waits
            if watch.has_jumped():
                plan_anew(scheduler)
        scheduler.shutdown(wait=False)
        if not self._has_come_to_rest():
            # A job hangs in a network; what it has claimed is taken up again when the claim runs out.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)

    def _scheduler(self) -> Any:
        from apscheduler.executors.pool import ThreadPoolExecutor
        from apscheduler.schedulers.background import BackgroundScheduler

        logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a job that is still at it is no news
        scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(len(JOBS))},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone="UTC",
        )
        for job in JOBS:
            # What looks seldom looks first when the start is over.
            first = now() + timedelta(seconds=CALM_START_SECONDS if job.seconds > CALM_START_SECONDS else 0)
            scheduler.add_job(self._look, "interval", seconds=job.seconds, args=[job], next_run_time=first)
        return scheduler

    def _look(self, job: Job) -> None:
        with self._counting:
            self._running += 1
        try:
            while not self._is_told_to_end.is_set():
                began = time.monotonic()
                if not _run_safely(self._app, job, self._troubles):
                    break
                worked = time.monotonic() - began
                self._is_told_to_end.wait(min(REST_PER_WORK * worked, REST_SECONDS_MAX))
        finally:
            with self._counting:
                self._running -= 1
                self._counting.notify_all()

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._is_told_to_end.set()

    def _has_come_to_rest(self) -> bool:
        with self._counting:
            return self._counting.wait_for(lambda: self._running == 0, timeout=GRACE_SECONDS)


def plan_anew(scheduler: Any) -> None:
    """Let every job look now, and from now on as often as it asks."""
    for job in scheduler.get_jobs():
        job.modify(next_run_time=now())
