"""The pace of a job: how often it looks for work, and how long it rests between two batches."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from app.worker.jobs import Job

IDLE_AFTER_SECONDS = 60.0
# Web requests come first: after each batch a job pauses for so many times as long as the batch took. What comes at
# once, such as a hundred reservations on a Monday, is delivered some seconds later, so that nobody waits for an answer.
# A job that has found work for longer is behind: (seconds without a break, pause) until when it pauses how long.
PAUSES_PER_WORK, PAUSE_SECONDS_MAX = ((20.0, 9.0), (40.0, 3.0), (60.0, 1.0), (math.inf, 0.25)), 1.0


class Pace:
    """The interval of a job: longer when it has found nothing to do for a while, so that an idle machine can sleep."""

    def __init__(self, job: Job, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._job, self._monotonic = job, monotonic
        self._last_work, self.is_idle = monotonic(), False

    def changed(self, *, has_worked: bool) -> float | None:
        """Return the interval after a run that began or ended an idle time; None if all is as before."""
        instant, was_idle = self._monotonic(), self.is_idle
        if has_worked:
            self._last_work = instant
        self.is_idle = instant - self._last_work > IDLE_AFTER_SECONDS
        if self.is_idle == was_idle:
            return None
        return (self._job.idle_seconds if self.is_idle else None) or self._job.seconds


def pause_seconds(batch_seconds: float, *, worked_seconds: float) -> float:
    """Return how long a job pauses after a batch. worked_seconds: since when it finds work without a break."""
    pause = next(pause for until, pause in PAUSES_PER_WORK if worked_seconds < until)
    return min(pause * batch_seconds, PAUSE_SECONDS_MAX)
