"""Where a machine is, as text: still out after its time."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from flask_babel import ngettext

from app.wording.formats import Zone, as_zone, format_clock, format_day
from app.wording.sorts import sort_text
from booking.queries import StillOut
from booking.times.wall_clock import local_day


def still_out_sentence(out: StillOut, zone: Zone, now: datetime, sort: str) -> str:
    """Return that a machine, or some of its places, should be back, and since when; never who has it."""
    due = due_text(out.due_at, zone, now)
    if out.all_places == 1:
        return sort_text("still_out", sort, due=due)
    return ngettext(
        "%(num)s place is still out, was due %(due)s.",
        "%(num)s places are still out, the first was due %(due)s.",
        out.places,
        due=due,
    )


def due_text(due_at: datetime, zone: Zone, now: datetime) -> str:
    """Return when something was due: at 11:00; on another day with the day."""
    day, time = format_day(due_at, zone), format_clock(due_at, zone)
    if local_day(due_at, as_zone(zone)) == local_day(now, as_zone(zone)):
        return _("at %(time)s", time=time)
    return _("on %(day)s at %(time)s", day=day, time=time)
