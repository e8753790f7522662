"""Jumps of the system clock, after which the worker does at once what is due."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from app.clock import now

JUMP_SECONDS_MIN = 5.0


class ClockJumpDetector:
    """Detects that the system clock was set forward or back: the scheduler would sleep through the difference."""

    def __init__(self, clock: Callable[[], datetime] = now, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._monotonic = clock, monotonic
        self._offset = self._current_offset()

    def has_jumped(self) -> bool:
        """Return whether the clock was set since the last call."""
        before, self._offset = self._offset, self._current_offset()
        return abs(self._offset - before) > JUMP_SECONDS_MIN

    def _current_offset(self) -> float:
        return self._clock().timestamp() - self._monotonic()


def reschedule_all(scheduler: Any) -> None:
    """Run every job now and from now on at its interval."""
    for job in scheduler.get_jobs():
        job.modify(next_run_time=now())
