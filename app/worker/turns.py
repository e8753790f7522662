"""How long the worker holds the write lock at once, on a machine that others use too."""

from __future__ import annotations

import time
from collections.abc import Callable

CLOCK_TIMES = 3.0  # as long by the clock as by processor time


def turn_of(
    seconds: float,
    *,
    clock_times: float = CLOCK_TIMES,
    used: Callable[[], float] = time.thread_time,
    clock: Callable[[], float] = time.monotonic,
) -> Callable[[], bool]:
    """Return whether a turn of so many seconds is over: by processor time, and by the clock after some times as long.

    Beside other programs one event takes longer by the clock than a whole turn, and everybody else waits for the
    processor, too: with one event for each grant of the lock the worker would fall ever more behind.
    """
    first, begun = used(), clock()
    return lambda: used() - first > seconds or clock() - begun > clock_times * seconds
