"""How the row of a machine becomes text: a row of the table, or its part of the list."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import render_template, url_for
from flask_babel import get_locale

from app.pages.plan import runs
from app.pages.plan.axis import Axis
from app.pages.plan.cells import CellMaker, Eyes, Words
from app.pages.plan.fragments import Look
from app.pages.plan.runs import Cuts, Frame
from booking.opening_hours import instant_of
from booking.queries import BoardRow, BoardWorkshop

# Free time of a day is cut at noon when it is long; on a day's own board at every third hour.
LONG_IN_WEEK, LONG_IN_DAY = timedelta(hours=9), timedelta(hours=4)
NOON, THIRD_HOURS = (12 * 60,), tuple(range(180, 1440, 180))


class TablePainter:
    """Rows of the table over an axis."""

    def __init__(self, axis: Axis, eyes: Eyes, now: datetime, *, is_day: bool) -> None:
        self.axis, self.eyes, self.now = axis, eyes, now
        self.look = _look("table", axis, now)
        self.maker = _maker(axis, eyes)
        self.cuts = _cuts(axis, is_day=is_day)

    def paint(self, row: BoardRow, place: BoardWorkshop) -> str:
        """The row as a <tr>."""
        frame = Frame(self.axis.span, place.zone, self.now, self.eyes.member_id)
        machine = row.machine
        parts = runs.cut(runs.runs_of(row, frame), self.cuts, machine, place.zone)
        cells = self.maker.cells(parts, machine.slug, machine.places, place.id)
        return render_template("plan/_row.html", machine=machine, cells=cells)


class ListPainter:
    """Machines of the list of one day."""

    def __init__(self, axis: Axis, eyes: Eyes, now: datetime) -> None:
        self.axis, self.eyes, self.now = axis, eyes, now
        self.look = _look("list", axis, now)
        self.maker = _maker(axis, eyes)

    def paint(self, row: BoardRow, place: BoardWorkshop) -> str:
        """The machine as a <section>."""
        frame = Frame(self.axis.span, place.zone, self.now, self.eyes.member_id)
        machine = row.machine
        lines = self.maker.lines(runs.runs_of(row, frame), machine.slug, machine.places, place.id, self.now)
        return render_template("plan/_machine.html", machine=machine, workshop=place.name, lines=lines)


def _look(view: str, axis: Axis, now: datetime) -> Look:
    return Look(view, axis.bounds[0], axis.columns, str(get_locale()), now.replace(second=0, microsecond=0))


def _maker(axis: Axis, eyes: Eyes) -> CellMaker:
    return CellMaker(axis, eyes, Words(), url_for("reservations.new"), url_for("reservations.index") + "/")


def _cuts(axis: Axis, *, is_day: bool) -> Cuts:
    minutes = THIRD_HOURS if is_day else NOON
    midnights = [axis.bounds[day.first] for day in axis.days]
    others = [instant_of(day.date, minute, axis.zone) for day in axis.days for minute in minutes]
    return Cuts(midnights, others, LONG_IN_DAY if is_day else LONG_IN_WEEK)
