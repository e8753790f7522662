"""Deadlines as people say them: today and tomorrow by name, other days with their date."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import gettext as _

from app.wording.formats import Zone, as_zone, format_clock, format_instant
from booking.times.wall_clock import local_day


def format_deadline(instant: datetime, zone: Zone, now: datetime) -> str:
    """Return today, 21:56; tomorrow, 4:30; Thu 16 July, 4:30."""
    day, today = local_day(instant, as_zone(zone)), local_day(now, as_zone(zone))
    if day == today:
        return _("today, %(time)s", time=format_clock(instant, zone))
    if day == today + timedelta(days=1):
        return _("tomorrow, %(time)s", time=format_clock(instant, zone))
    return format_instant(instant, zone)
