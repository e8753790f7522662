"""When maintenance is due: the share of an interval that is used, and the day at the present rate of use. Pure."""

from __future__ import annotations

from datetime import date, timedelta

REMIND_PERCENT = 90
RATE_DAYS, RATE_DAYS_LEAST = 90, 7  # the days of use from which the rate is taken
AHEAD_DAYS_MAX = 3_650  # later than that no day is named


def is_due(used: int, interval: int) -> bool:
    """Return whether so much of an interval is used that the managers are reminded."""
    return used * 100 >= interval * REMIND_PERCENT


def rate_days(first_use: date | None, today: date) -> int:
    """Return the number of days over which recent use is spread: fewer for a machine that is used since lately."""
    known = RATE_DAYS if first_use is None else (today - first_use).days + 1
    return min(RATE_DAYS, max(RATE_DAYS_LEAST, known))


def due_day(today: date, left: int, recent_use: int, days: int) -> date | None:
    """Return the day on which an interval is used up at the rate of the recent use.

    left, recent_use: in one unit; days: over which the recent use is spread. Today where nothing is left; None where
    there was no use, or the day is more than ten years ahead.
    """
    if left <= 0:
        return today
    if recent_use <= 0:
        return None
    ahead = -(-left * days // recent_use)
    return None if ahead > AHEAD_DAYS_MAX else today + timedelta(days=ahead)
