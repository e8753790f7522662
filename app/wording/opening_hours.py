"""Opening hours of a week in one line: Mon – Fri 8:00 – 18:00, Sat 8:00 – 12:00."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import groupby

from flask_babel import gettext as _

from app.wording.formats import format_short_weekday
from booking.opening_hours import Opening

A_MONDAY = date(2024, 1, 1)
WHOLE_DAY = (0, 24 * 60)


def hours_line(openings: Iterable[Opening]) -> str:
    """Return the hours of a week, neighbouring days with the same hours together; "" where none are entered."""
    by_day: dict[int, list[tuple[int, int]]] = {}
    for weekday, opens, closes in sorted(openings):
        by_day.setdefault(weekday, []).append((opens, closes))
    if len(by_day) == len(range(7)) and all(spans == [WHOLE_DAY] for spans in by_day.values()):
        return _("round the clock")
    parts = []
    for spans, group in groupby(range(7), key=lambda weekday: tuple(by_day.get(weekday, ()))):
        days = list(group)
        if spans:
            parts.append(f"{_days(days)} {' / '.join(f'{_clock(since)} – {_clock(until)}' for since, until in spans)}")
    return ", ".join(parts)


def _days(days: list[int]) -> str:
    names = [format_short_weekday(A_MONDAY + timedelta(days=day)) for day in (days[0], days[-1])]
    return names[0] if len(days) == 1 else " – ".join(names)


def _clock(minute: int) -> str:
    return f"{minute // 60}:{minute % 60:02}"
