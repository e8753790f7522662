"""Half-open spans of time: the start belongs to the span, the end does not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, order=True)
class TimeSpan:
    """From an instant until another. Two spans that only touch do not overlap.

    Raises ValueError for naive instants or an end that is not after the start: both are bugs of the
    caller, since forms check first.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError(f"naive instants in {self.start!r} .. {self.end!r}")
        if self.start >= self.end:
            raise ValueError(f"span ends before it starts: {self.start!r} .. {self.end!r}")

    @property
    def length(self) -> timedelta:
        """Elapsed time, the clock change included."""
        return self.end - self.start

    @property
    def seconds(self) -> int:
        """Elapsed whole seconds."""
        return int(self.length.total_seconds())

    def overlaps(self, other: TimeSpan) -> bool:
        """Return whether some instant belongs to both."""
        return self.start < other.end and other.start < self.end

    def contains(self, other: TimeSpan) -> bool:
        """Return whether every instant of the other belongs to this one."""
        return self.start <= other.start and other.end <= self.end

    def widened(self, before: timedelta, after: timedelta) -> TimeSpan:
        """Return the span with set-up before and cleaning after."""
        return TimeSpan(self.start - before, self.end + after)
