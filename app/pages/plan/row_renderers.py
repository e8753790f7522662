"""How the row of a machine becomes text: a row of the table, or its part of the list."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import render_template, url_for
from flask_babel import get_locale

from app.pages.plan.axis import Axis
from app.pages.plan.cells import CellMaker, Labels, Viewer
from app.pages.plan.row_cache import RenderKey
from app.pages.plan.segments import Cuts, Frame, segments_of
from booking.opening_hours import instant_of
from booking.queries import BoardRow, BoardWorkshop

# Free time of a day is cut at noon when it is long; on a day's own board at every third hour.
LONG_IN_WEEK, LONG_IN_DAY = timedelta(hours=9), timedelta(hours=4)
NOON, THIRD_HOURS = (12 * 60,), tuple(range(180, 1440, 180))


class TableRenderer:
    """Rows of the table over an axis."""

    def __init__(self, axis: Axis, viewer: Viewer, now: datetime, *, is_day: bool) -> None:
        self.axis, self.viewer, self.now = axis, viewer, now
        self.key = _render_key("table", axis, now)
        self.maker = _maker(axis, viewer)
        self.cuts = _cuts(axis, is_day=is_day)

    def render(self, row: BoardRow, place: BoardWorkshop) -> str:
        """Return the row as a <tr>."""
        frame = Frame(self.axis.span, self.now, self.viewer.member_id)
        machine = row.machine
        parts = segments_of(row, frame, self.cuts)
        cells = self.maker.cells(parts, machine.slug, machine.places, place.id)
        return render_template("plan/_row.html", machine=machine, cells=cells)


class ListRenderer:
    """Machines of the list of one day."""

    def __init__(self, axis: Axis, viewer: Viewer, now: datetime) -> None:
        self.axis, self.viewer, self.now = axis, viewer, now
        self.key = _render_key("list", axis, now)
        self.maker = _maker(axis, viewer)

    def render(self, row: BoardRow, place: BoardWorkshop) -> str:
        """Return the machine as a <section>."""
        frame = Frame(self.axis.span, self.now, self.viewer.member_id)
        machine = row.machine
        lines = self.maker.lines(segments_of(row, frame), machine.slug, machine.places, place.id, self.now)
        return render_template("plan/_machine.html", machine=machine, workshop=place.name, lines=lines)


def _render_key(view: str, axis: Axis, now: datetime) -> RenderKey:
    return RenderKey(view, axis.bounds[0], axis.columns, str(get_locale()), now.replace(second=0, microsecond=0))


def _maker(axis: Axis, viewer: Viewer) -> CellMaker:
    return CellMaker(axis, viewer, Labels(), url_for("reservations.new"), url_for("reservations.index") + "/")


def _cuts(axis: Axis, *, is_day: bool) -> Cuts:
    minutes = THIRD_HOURS if is_day else NOON
    midnights = [axis.bounds[day.first] for day in axis.days]
    others = [instant_of(day.date, minute, axis.zone) for day in axis.days for minute in minutes]
    return Cuts(midnights, others, LONG_IN_DAY if is_day else LONG_IN_WEEK)
