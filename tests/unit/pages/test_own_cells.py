"""A row with one's own cells put in is what it would be if it were made anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import product
from random import Random
from zoneinfo import ZoneInfo

from flask import Flask
from flask_babel import Babel, force_locale

from app.pages.plan.axis import Axis, day_axis, week_axis
from app.pages.plan.cell_html import cells_html, names_html
from app.pages.plan.cells import Addresses, CellMaker
from app.pages.plan.labels import Labels
from app.pages.plan.own_cells import OthersRow, others_row
from app.pages.plan.printed import arrange_names
from app.pages.plan.segments import Frame, Segment, segments_of
from app.pages.plan.viewer import Viewer
from app.pages.plan.window import Window
from booking.queries import BoardEntry, BoardMachine, BoardRow, BoardWorkshop
from booking.rules.lending_rules import MachineRules
from booking.times.opening_hours import ALWAYS, WeeklyHours
from booking.timespan import TimeSpan
from tests.catalogs import TRANSLATIONS

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 8, 17, tzinfo=UTC)
MONDAY = date(2026, 11, 23)
HALF_DAYS = tuple((day, 8 * 60, 12 * 60) for day in range(7)) + tuple((day, 13 * 60, 24 * 60) for day in range(5))
WINDOW = Window(5 * 60, 22 * 60)
HALF_HOUR = timedelta(minutes=30)
MEMBERS = (7, 7, 8, 9, 10)
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
    to_move: list[BoardEntry] = []
    while True:
        number += 1
        since = free_from + random.randrange(apart) * HALF_HOUR
        start = since + random.choice([0, 0, 0.5]) * HALF_HOUR
        end = start + random.choice([1, 2, 4]) * HALF_HOUR
        free_from = end + random.choice([0, 0, 1]) * HALF_HOUR
        if end > span.end:
            return
        if random.random() < 0.1:
            yield BoardEntry(None, number, (1,), start, end, start, end, "", None, "", random.choice(["repair", ""]))
            continue
        member_id = random.choice(MEMBERS)
        use = BoardEntry(number, None, (1,), since, free_from, start, end, "confirmed", member_id, "Anna", "hay")
        for entry in in_a_state(random, use, to_move):
            free_from = entry.occupied_until
            yield entry


def in_a_state(random: Random, use: BoardEntry, to_move: list[BoardEntry]) -> Iterator[BoardEntry]:
    """An offer; a reservation, or the other time of one that waits to be moved; what is still out after its time."""
    status = random.choice(["confirmed", "requested", "in_use", "offered"])
    if status == "offered":
        yield use._replace(reservation_id=None, status=status, member_id=None, member_name="", text="")
        return
    if status == "requested" and to_move and random.random() < 0.5:
        former = to_move.pop()
        use = use._replace(reservation_id=former.reservation_id, member_id=former.member_id)
    elif status == "requested":
        to_move.append(use)
    yield use._replace(status=status)
    if status == "in_use" and random.random() < 0.2:
        since = use.occupied_until + random.choice([0, 0, 1]) * HALF_HOUR
        until = since + random.choice([1, 2, 4]) * HALF_HOUR
        yield use._replace(
            occupied_from=since, occupied_until=until, starts_at=since, ends_at=until, status=status, due_at=use.ends_at
        )


@dataclass(frozen=True)
class Board:
    """The rows of an axis in a language; found: how often one's own cells were put in, or not."""

    axis: Axis
    labels: Labels
    found: Counter[str]

    def compare(self, row: BoardRow) -> None:
        """Compare for each member the row with one's own cells put in with what is made anew."""
        parts = segments_of(row, Frame(self.axis.span, NOW))
        others = self.maker(None)
        for_others = others_row(parts, others.laid_out(parts, row, HALL, NOW), others, HALL.id)
        for member_id in {*MEMBERS}:
            self.found[self.compare_for(member_id, row, parts, for_others)] += 1

    def compare_for(self, member_id: int, row: BoardRow, parts: Sequence[Segment], for_others: OthersRow) -> str:
        mine = self.maker(member_id)
        own = [one for one in row.entries if mine.viewer.is_own(one)]
        found = for_others.with_own(own, mine, HALL.id)
        if found is None:
            return "made anew"
        cells = mine.laid_out(parts, row, HALL, NOW).cells
        names = names_html(arrange_names(cells, self.axis), self.axis.columns)
        assert found == cells_html(cells) + names
        if any(for_others.places[one].behind for one in own):
            return "put in, with another text behind it"
        if len({one.reservation_id for one in own}) < len(own):
            return "put in, at both times of a reservation"
        return "put in" if own else "nothing of one's own"

    def maker(self, member_id: int | None) -> CellMaker:
        return CellMaker(self.axis, Viewer(member_id), self.labels, ADDRESSES, is_day=len(self.axis.days) == 1)


def test_one_s_own_cells_are_put_in_where_nothing_else_changes():
    random, found = Random(5), Counter[str]()
    app = Flask(__name__)
    Babel(app, default_translation_directories=str(TRANSLATIONS))
    axes = (week_axis(MONDAY, BERLIN, WINDOW, now=NOW), week_axis(MONDAY, BERLIN), day_axis(MONDAY, BERLIN, WINDOW))
    for language, axis in product(("de", "en"), axes):
        with app.test_request_context(), force_locale(language):
            board = Board(axis, Labels(), found)
            assert board.labels.mine == {"de": "Ich", "en": "Me"}[language]
            for row in rows(random, axis, 50):
                board.compare(row)

    assert set(found) == {
        "made anew",
        "put in",
        "put in, with another text behind it",
        "put in, at both times of a reservation",
        "nothing of one's own",
    }
    assert found["put in"] > 10
