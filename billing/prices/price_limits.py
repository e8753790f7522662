"""What limits a price: the minimum of a use, and the cap of a day. Pure."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from billing.prices.working import CAP, FLOOR, MINIMUM, WorkingLine
from booking.times.wall_clock import by_local_day
from booking.timespan import TimeSpan


def limit_lines(
    total: int, least: int, cap_day_cents: int | None, *, days: int, earlier_cents: int
) -> list[WorkingLine]:
    """Return the lines that raise a price to the minimum, or to zero, and lower it to the cap; all in cents.

    earlier_cents: what earlier uses of the day took of the cap.
    """
    found = []
    if total < least or total < 0:
        found.append(WorkingLine(MINIMUM if least else FLOOR, least - total, limit_cents=least))
        total = least
    if cap_day_cents is not None:
        room = max(cap_day_cents * days - earlier_cents, 0)
        if total > room:
            found.append(
                WorkingLine(CAP, room - total, limit_cents=cap_day_cents, days=days, earlier_cents=earlier_cents)
            )
    return found


def days_of(span: TimeSpan | None, zone: ZoneInfo | None) -> int:
    """Return on how many days of the clock a use lies; 1 where its time is not known."""
    if span is None or zone is None:
        return 1
    return max(1, sum(1 for _day, length in by_local_day(span.start, span.end, zone) if length > timedelta()))
