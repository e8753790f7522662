"""How many requests each web process has under way, so that who has more than a fair share sends clients on.

The kernel deals connections to the processes by chance: of fifty browsers that come at one moment, 19 to 31 reach one
of two, and the others wait for it while a core has nothing to do. A process that has more under way than the mean of
all closes connections behind its answers; whoever connects again is dealt anew. The counts lie in a piece of memory
without a file, which processes inherit, also those that are started again by a command.
"""

from __future__ import annotations

import mmap
import os
import random
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Lock

FAIR_ENOUGH = 2  # requests above the mean, below which nobody is sent on
_NAME, _VARIABLE = "ring-shares", "_RING_SHARES"  # the variable names the open file
_COUNT_BYTES = 4


class FairShare:
    """The requests under way of one web process, beside those of the others. counts: of all processes."""

    def __init__(self, counts: memoryview | None, own: int) -> None:
        self._counts, self._own, self._lock = counts, own, Lock()
        if counts is not None:
            counts[own] = 0  # what this process's predecessor had under way ended with it

    def begin(self) -> None:
        """Count a request."""
        if self._counts is not None:
            with self._lock:
                self._counts[self._own] += 1

    def end(self) -> bool:
        """Count a request no longer; return whether its connection should be closed, to be dealt anew."""
        if self._counts is None:
            return False
        with self._lock:
            mine = self._counts[self._own]
            self._counts[self._own] = mine - 1
        processes = len(self._counts)
        above = mine - sum(self._counts) / processes
        if above < FAIR_ENOUGH:
            return False
        # Of those who connect again, one in as many as there are processes comes back.
        return random.random() * mine < above * processes / (processes - 1)  # noqa: S311 - no secret


def open_shares(processes: int) -> None:
    """Make the memory for the counts, which processes that are started from now on inherit."""
    if processes < 2 or not hasattr(os, "memfd_create"):
        return
    with suppress(OSError):  # a kernel without it: the processes share by chance
        file = os.memfd_create(_NAME, 0)  # stays open when another program takes this process's place
        os.ftruncate(file, processes * _COUNT_BYTES)
        os.environ[_VARIABLE] = str(file)


def share_of(number: int) -> FairShare:
    """Return the share of a web process. number: from 1 on; without memory for counts nobody is sent on."""
    counts = _inherited(os.environ.get(_VARIABLE, ""))
    return FairShare(counts if counts is not None and number <= len(counts) else None, number - 1)


@cache
def _inherited(file: str) -> memoryview | None:
    """Return the counts of all processes by the number of the open file, unless that is another one."""
    if not file.isdecimal():
        return None
    try:
        is_ours = _NAME in str(Path(f"/proc/self/fd/{file}").readlink())
        return memoryview(mmap.mmap(int(file), 0)).cast("I") if is_ours else None
    except (OSError, ValueError):
        return None
