"""The agenda of the demo: many small lives, each naming the instant of its next step, lived in the order of time."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

ZONE = ZoneInfo("Europe/Berlin")
STEPS_AT_ONCE = 50

Life = Iterator[datetime]


def at(day: date, hour: int) -> datetime:
    """An hour of a day by the ring's clock."""
    return datetime.combine(day, time(hour), tzinfo=ZONE)


class Agenda:
    """The lives that still have a step to take, the earliest first; of equal ones the first entered."""

    def __init__(self, lives: Iterable[Life]) -> None:
        self.waiting = [(next(life), number, life) for number, life in enumerate(lives)]
        heapq.heapify(self.waiting)

    def live(self, session: Session, *, until: datetime) -> None:
        """Take every step up to an instant."""
        while self._is_due(until):
            # A refused wish leaves its savepoint open, and every further row would be kept for all of them.
            # Leaving one around some steps closes those within.
            with session.begin_nested():
                self._take_steps(until)

    def _take_steps(self, until: datetime) -> None:
        for _step in range(STEPS_AT_ONCE):
            if not self._is_due(until):
                return
            _at, number, life = heapq.heappop(self.waiting)
            if (following := next(life, None)) is not None:
                heapq.heappush(self.waiting, (following, number, life))

    def _is_due(self, until: datetime) -> bool:
        return bool(self.waiting) and self.waiting[0][0] <= until
