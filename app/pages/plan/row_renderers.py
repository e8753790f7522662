"""How a machine becomes text: its state at this moment with its cells of the table, and its part of the list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from flask import render_template, url_for
from flask_babel import get_locale

from app.pages.plan import day_list, states
from app.pages.plan.axis import Axis
from app.pages.plan.cell_html import cells_html, names_html
from app.pages.plan.cells import Addresses, CellMaker
from app.pages.plan.labels import Labels
from app.pages.plan.own_cells import others_row
from app.pages.plan.printed import arrange_names
from app.pages.plan.row_cache import RenderKey, RowSource
from app.pages.plan.segments import WHOLE, Cuts, Frame, Segment, segments_of
from app.pages.plan.viewer import Viewer
from booking.times.opening_hours import instant_of

# Free time of a day is cut at noon when it is very long; on a day's own board at every third hour.
LONG_IN_WEEK, LONG_IN_DAY = timedelta(days=2), timedelta(hours=4)
NOON, THIRD_HOURS = (12 * 60,), tuple(range(180, 1440, 180))


class TableRenderer:
    """The state of a machine now, a line of its own, and its cells of the table over an axis."""

    def __init__(self, axis: Axis, viewer: Viewer, now: datetime, *, is_day: bool) -> None:
        self.axis, self.viewer, self.now = axis, viewer, now
        self.key = render_key("day" if is_day else "table", axis, now)
        addresses = Addresses(url_for("reservations.new"), url_for("reservations.index") + "/", url_for("plan.show"))
        labels, other = Labels(), replace(viewer, member_id=None)
        self.maker = CellMaker(axis, viewer, labels, addresses, is_day=is_day)
        self.maker_for_others = CellMaker(axis, other, labels, addresses, is_day=is_day)
        self.cuts = _cuts(axis, is_day=is_day)

    def render(self, source: RowSource) -> str:
        """Return the state ("" when there is nothing to say), a line break, the cells, and names for paper."""
        row, place = source.row, source.place
        state = states.state_now(row, place, self.viewer, self.now)
        return f"{state}\n{self._as_others_see(source) or self._made_anew(source)}"

    def _as_others_see(self, source: RowSource) -> str | None:
        """Return the row of a single place with the viewer's own cells put in; None where it must be made anew."""
        row, place = source.row, source.place
        if row.machine.places > 1 or self.viewer.knows_names_of(place.id):
            return None
        key = self.viewer.may_reserve, self.viewer.eligibility_for(row.machine)
        found = source.for_others.get(key)
        if found is None:
            parts = _segments(source, self.axis, self.viewer, self.now, self.cuts)
            made = self.maker_for_others.laid_out(parts, row, place, self.now)
            found = source.for_others[key] = others_row(parts, made, self.maker_for_others, place.id)
        own = [entry for entry in row.entries if self.viewer.is_own(entry)]
        return found.with_own(own, self.maker, place.id)

    def _made_anew(self, source: RowSource) -> str:
        parts = _segments(source, self.axis, self.viewer, self.now, self.cuts)
        cells = self.maker.laid_out(parts, source.row, source.place, self.now).cells
        names = names_html(arrange_names(cells, self.axis), self.axis.columns)
        return f"{cells_html(cells)}{names}"


class ListRenderer:
    """Machines of the list of one day: a ribbon, and free times to tap."""

    def __init__(self, axis: Axis, viewer: Viewer, now: datetime) -> None:
        self.axis, self.viewer, self.now = axis, viewer, now
        self.key = render_key("list", axis, now)
        self.labels = Labels()
        self.new_address = url_for("reservations.new")
        self.show_address = url_for("reservations.index") + "/"

    def render(self, source: RowSource) -> str:
        """Return no state, a line break, the ribbon and the free times of the machine."""
        parts = _segments(source, self.axis, self.viewer, self.now)
        day = day_list.machine_day(self, source.row, source.place, parts)
        text = render_template("plan/_machine_day.html", day=day)
        return f"\n{text}"


def render_key(view: str, axis: Axis, now: datetime) -> RenderKey:
    """Return what the text of a view depends on."""
    window = (axis.window.first, axis.window.last)
    minute = now.replace(second=0, microsecond=0)
    return RenderKey(view, axis.bounds[0], axis.columns, str(get_locale()), minute, window)


def _segments(source: RowSource, axis: Axis, viewer: Viewer, now: datetime, cuts: Cuts = WHOLE) -> Sequence[Segment]:
    machine, eligibility = source.row.machine, viewer.eligibility_for(source.row.machine)
    # Segments of a single place are the same for all whom the rules treat alike; others say which places are one's own.
    member_id = viewer.member_id if machine.places > 1 else None
    found = source.segments.get((eligibility, member_id))
    if found is None:
        found = segments_of(source.row, Frame(axis.span, now, member_id, eligibility), cuts)
        source.segments[eligibility, member_id] = found
    return found


def _cuts(axis: Axis, *, is_day: bool) -> Cuts:
    minutes = THIRD_HOURS if is_day else NOON
    midnights = [axis.bounds[day.first] for day in axis.days]
    others = [instant_of(day.date, minute, axis.zone) for day in axis.days for minute in minutes]
    return Cuts(midnights, others, LONG_IN_DAY if is_day else LONG_IN_WEEK)
