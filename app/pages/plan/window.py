"""The hours of the day that the board draws wide: the others, at night, are folded into a few narrow columns.

They are taken from the opening hours of the workshops shown; for machines that may be used round the clock the usual
working day counts, widened by the hours in which they were really used.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from booking.times.opening_hours import MINUTES_OF_A_DAY

HOUR = 60


@dataclass(frozen=True, slots=True)
class Window:
    """From one minute of the local day to another, both whole hours."""

    first: int
    last: int

    def including(self, first: int, last: int) -> Window:
        """Return it widened to some minutes of the day, rounded outwards to whole hours."""
        return Window(min(self.first, first // HOUR * HOUR), max(self.last, -(-last // HOUR) * HOUR))


ALL_DAY = Window(0, MINUTES_OF_A_DAY)
USUAL_DAY = Window(5 * HOUR, 22 * HOUR)
LEAST_DAY = Window(8 * HOUR, 18 * HOUR)  # a board of fewer hours would be all weekend


def window_of(openings: Iterable[tuple[int, int]], *, has_always_open: bool, used: Iterable[int] = ()) -> Window:
    """Return the window of a board.

    openings: (opens, closes) in minutes of the day; those round the clock say nothing about it. has_always_open: some
    machine may be used round the clock.
    used: hours of the day (0 to 23) in which such machines are used regularly.
    """
    spans = [span for span in openings if span != (0, MINUTES_OF_A_DAY)]
    window = USUAL_DAY if has_always_open or not spans else LEAST_DAY
    for opens, closes in spans:
        window = window.including(opens, closes)
    for hour in used:
        window = window.including(hour * HOUR, (hour + 1) * HOUR)
    return window
