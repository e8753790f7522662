"""Discrete-event simulation: processes yield the instant of their next step and run in the order of time."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

ZONE = ZoneInfo("Europe/Berlin")
BATCH_SIZE = 50

Process = Iterator[datetime]


def at(day: date, hour: int) -> datetime:
    """Return an hour of a day in the time zone of the ring."""
    return datetime.combine(day, time(hour), tzinfo=ZONE)


class Simulation:
    """A queue of processes by their next step; equal instants in the order of entry."""

    def __init__(self, processes: Iterable[Process]) -> None:
        self.waiting = [(next(process), number, process) for number, process in enumerate(processes)]
        heapq.heapify(self.waiting)

    def run(self, session: Session, *, until: datetime) -> None:
        """Run all steps up to an instant."""
        while self._is_due(until):
            # A refused request leaves its savepoint open, and SQLite journals later rows for each open one.
            # Releasing an outer savepoint after some steps closes them.
            with session.begin_nested():
                self._run_batch(until)

    def _run_batch(self, until: datetime) -> None:
        for _step in range(BATCH_SIZE):
            if not self._is_due(until):
                return
            _at, number, process = heapq.heappop(self.waiting)
            if (following := next(process, None)) is not None:
                heapq.heappush(self.waiting, (following, number, process))

    def _is_due(self, until: datetime) -> bool:
        return bool(self.waiting) and self.waiting[0][0] <= until
