"""The values of buttons that choose another time: written by checks.choice_of(), read here."""

from __future__ import annotations

from datetime import datetime

from app.forms.span_form import FIRST_YEAR, LAST_YEAR
from booking.timespan import TimeSpan


def read_choice(value: str) -> tuple[int, TimeSpan] | None:
    """Return machine id and span of a choice; None for anything else."""
    try:
        machine_id, start, end = value.split("|")
        return int(machine_id), TimeSpan(read_instant(start), read_instant(end))
    except ValueError:
        return None


def read_instant(text: str) -> datetime:
    """Return the instant in an address or a button. Raises ValueError for anything else."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None or not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise ValueError(text)
    return instant
