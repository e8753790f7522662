"""What a machine is doing at this moment, as text, by what the viewer may know."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _

from app.pages.plan.viewer import Viewer
from app.wording import formats
from booking.queries import BoardEntry, BoardRow, BoardWorkshop
from booking.times.wall_clock import local_day


def state_now(row: BoardRow, place: BoardWorkshop, viewer: Viewer, now: datetime) -> str:
    """Return with whom a machine is until when, that it is overdue or closed; "" for one that is free."""
    present = [entry for entry in row.entries if entry.occupied_from <= now < entry.occupied_until]
    late = next((entry for entry in row.entries if entry.due_at is not None), None)
    if late is not None and late.due_at is not None:
        return _("overdue since %(time)s", time=_until(late.due_at, place, now))
    closure = next((entry for entry in present if entry.is_closure), None)
    if closure is not None:
        return _("closed until %(time)s", time=_until(closure.occupied_until, place, now))
    if row.machine.places > 1 or not present:
        return ""
    return _use(present[0], place, viewer, now)


def _use(entry: BoardEntry, place: BoardWorkshop, viewer: Viewer, now: datetime) -> str:
    if not entry.starts_at <= now < entry.ends_at:
        return _("set-up or cleaning")
    until = _until(entry.ends_at, place, now)
    if viewer.is_own(entry):
        return _("with you until %(time)s", time=until)
    if viewer.may_know(entry, place.id):
        return _("with %(member)s until %(time)s", member=entry.member_name, time=until)
    return _("taken until %(time)s", time=until)


def _until(instant: datetime, place: BoardWorkshop, now: datetime) -> str:
    if local_day(instant, place.zone) == local_day(now, place.zone):
        return formats.format_clock(instant, place.zone)
    return formats.format_instant(instant, place.zone)
