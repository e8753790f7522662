"""Opening hours as text: of a week in one line, and of one day as a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from app.wording import formats
from booking.times.opening_hours import Opening, WeeklyHours, instant_of
from booking.timespan import TimeSpan

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
            parts.append(
                f"{_days(days)} {' / '.join(f'{minute_text(since)} – {minute_text(until)}' for since, until in spans)}"
            )
    return ", ".join(parts)


def _days(days: list[int]) -> str:
    names = [formats.format_short_weekday(A_MONDAY + timedelta(days=day)) for day in (days[0], days[-1])]
    return names[0] if len(days) == 1 else " – ".join(names)


def minute_text(minute: int) -> str:
    """Return 8:05 of a minute of the day; 24:00 of its end."""
    return f"{minute // 60}:{minute % 60:02}"


def opening_sentence(day: date, hours: WeeklyHours, zone: ZoneInfo) -> str:
    """Return when a workshop is open on a day."""
    whole = TimeSpan(instant_of(day, 0, zone), instant_of(day + timedelta(days=1), 0, zone))
    opened = [
        TimeSpan(max(one.start, whole.start), min(one.end, whole.end))
        for one in hours.open_spans(whole)
        if one.start < whole.end and whole.start < one.end
    ]
    name = formats.format_day(day)
    if not opened:
        return _("%(day)s: closed all day.", day=name)
    times = ", ".join(formats.format_clock_span(one, zone) for one in opened)
    return _("Open on %(day)s: %(times)s.", day=name, times=times)
