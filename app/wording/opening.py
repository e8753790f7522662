"""The opening hours of one day as a sentence."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from app.wording import formats
from booking.opening_hours import WeeklyHours, instant_of
from booking.timespan import TimeSpan


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
