"""A row with one's own cells put in is what it would be if it were made anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from flask import Flask
from flask_babel import Babel

from app.pages.plan.axis import Axis, day_axis, week_axis
from app.pages.plan.cell_html import cells_html, names_html
from app.pages.plan.cells import Addresses, CellMaker
from app.pages.plan.labels import Labels
from app.pages.plan.own_cells import others_row
from app.pages.plan.printed import arrange_names
from app.pages.plan.segments import Frame, segments_of
from app.pages.plan.viewer import Viewer
from app.pages.plan.window import Window
from booking.queries import BoardEntry, BoardMachine, BoardRow, BoardWorkshop
from booking.rules.lending_rules import MachineRules
from booking.times.opening_hours import ALWAYS, WeeklyHours
from booking.timespan import TimeSpan

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 8, 17, tzinfo=UTC)
MONDAY = date(2026, 11, 23)
HALF_DAYS = tuple((day, 8 * 60, 12 * 60) for day in range(7)) + tuple((day, 13 * 60, 24 * 60) for day in range(5))
WINDOW = Window(5 * 60, 22 * 60)
ANNA, MEMBERS = 7, (7, 7, 8, 9, 10)
HALL = BoardWorkshop(1, "hall", "Hall", BERLIN, (), (), ())
ADDRESSES = Addresses("/reservations/new", "/reservations/", "/plan")


def rows(random: Random, axis: Axis, count: int) -> Iterator[BoardRow]:
    for _row in range(count):
        rules = MachineRules(shortest_min=random.choice([30, 60, 200]), horizon_days=random.choice([3, 300]))
        machine = BoardMachine(1, "saw", "Saw", "", 1, 1, None, rules)
        hours = WeeklyHours(BERLIN, random.choice([ALWAYS, HALF_DAYS]))
        yield BoardRow(machine, tuple(entries(random, axis.span)), hours, tuple(hours.open_spans(axis.span)))


def entries(random: Random, span: TimeSpan) -> Iterator[BoardEntry]:
    """Uses of one to four half-hours and closures, now close to each other, now far apart."""
    number, free_from, apart = 0, span.start, random.choice([2, 10, 30, 500])
    while True:
        number += 1
        since = free_from + random.randrange(apart) * timedelta(minutes=30)
        start = since + random.choice([0, 0, 15]) * timedelta(minutes=1)
        end = start + random.choice([1, 2, 4]) * timedelta(minutes=30)
        free_from = end + random.choice([0, 0, 30]) * timedelta(minutes=1)
        if end > span.end:
            return
        if random.random() < 0.1:
            yield BoardEntry(None, number, (1,), start, end, start, end, "", None, "", random.choice(["repair", ""]))
        else:
            status = random.choice(["confirmed", "requested", "in_use", "offered"])
            due_at = end if random.random() < 0.05 else None
            held = (number, None, (1,), since, free_from, start, end)
            yield BoardEntry(*held, status, random.choice(MEMBERS), "Anna", "", due_at)


def compare(row: BoardRow, axis: Axis, *, is_day: bool) -> str:
    """Return whether one's own cells were put in, which must be what is made anew."""
    labels, viewer = Labels(), Viewer(ANNA)
    mine, others = (CellMaker(axis, who, labels, ADDRESSES, is_day=is_day) for who in (viewer, Viewer(None)))
    parts = segments_of(row, Frame(axis.span, NOW))
    for_others = others_row(parts, others.laid_out(parts, row, HALL, NOW), others, HALL.id)
    own = [one for one in row.entries if viewer.is_own(one)]
    found = for_others.with_own(own, mine, HALL.id)
    if found is None:
        return "made anew"
    cells = mine.laid_out(parts, row, HALL, NOW).cells
    names = names_html(arrange_names(cells, axis), axis.columns)
    assert found == cells_html(cells) + names
    if any(for_others.places[one.reservation_id or 0].behind for one in own):
        return "put in, with another text behind it"
    return "put in" if own else "nothing of one's own"


def test_one_s_own_cells_are_put_in_where_nothing_else_changes():
    random, found = Random(5), Counter[str]()
    app = Flask(__name__)
    Babel(app)
    boards = (week_axis(MONDAY, BERLIN, WINDOW, now=NOW), week_axis(MONDAY, BERLIN), day_axis(MONDAY, BERLIN, WINDOW))
    with app.test_request_context():
        for axis in boards:
            found.update(compare(row, axis, is_day=len(axis.days) == 1) for row in rows(random, axis, 40))

    assert set(found) == {"made anew", "put in", "put in, with another text behind it", "nothing of one's own"}
    assert found["put in"] > 10
