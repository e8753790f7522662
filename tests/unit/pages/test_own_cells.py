"""A row with one's own cells put in is what it would be if it were made anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import product
from random import Random
from zoneinfo import ZoneInfo

from flask import Flask
from flask_babel import Babel, force_locale

from app.pages.plan.axis import Axis, day_axis, week_axis
from app.pages.plan.cell_html import cells_html, names_html
from app.pages.plan.printed import arrange_names
from app.pages.plan.row_cache import RowSource
from app.pages.plan.row_renderers import TableRenderer
from app.pages.plan.segments import Frame, segments_of
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


def rows(random: Random, axis: Axis, count: int) -> Iterator[BoardRow]:
    for _row in range(count):
        rules = MachineRules(shortest_min=random.choice([30, 60, 200]), horizon_days=random.choice([3, 300]))
        machine = BoardMachine(1, "saw", "Saw", "", random.choice([1] * 9 + [3]), 1, None, rules)
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


def compare(source: RowSource, renderer: TableRenderer) -> str:
    """Return how a member's row was rendered from what is known of it, which must be what is made anew."""
    row, axis, viewer = source.row, renderer.axis, renderer.viewer
    parts = segments_of(row, Frame(axis.span, NOW, viewer.member_id), renderer.cuts)
    cells = renderer.maker.laid_out(parts, row, HALL, NOW).cells
    names = names_html(arrange_names(cells, axis), axis.columns)
    assert renderer.render(source).partition("\n")[2] == cells_html(cells) + names

    own = [one for one in row.entries if viewer.is_own(one)]
    places = [of_others.places.get(one) for of_others in source.for_others.values() for one in own]
    if row.machine.places > 1:
        return "several places"
    if None in places:
        return "made anew"
    if any(place is not None and place.behind for place in places):
        return "put in, with another text behind it"
    if len({one.reservation_id for one in own}) < len(own):
        return "put in, at both times of a reservation"
    return "put in" if own else "nothing of one's own"


def test_one_s_own_cells_are_put_in_where_nothing_else_changes():
    random, found = Random(5), Counter[str]()
    app = Flask(__name__)
    Babel(app, default_translation_directories=str(TRANSLATIONS))
    for endpoint in ("reservations.new", "reservations.index", "plan.show"):
        app.add_url_rule(f"/{endpoint}", endpoint)
    axes = (week_axis(MONDAY, BERLIN, WINDOW, now=NOW), week_axis(MONDAY, BERLIN), day_axis(MONDAY, BERLIN, WINDOW))
    for language, axis in product(("de", "en"), axes):
        with app.test_request_context(), force_locale(language):
            members = map(Viewer, MEMBERS[1:3])
            renderers = [TableRenderer(axis, who, NOW, is_day=len(axis.days) == 1) for who in members]
            assert renderers[0].maker.labels.mine == {"de": "Ich", "en": "Me"}[language]
            for row in rows(random, axis, 30):
                source = RowSource(row, HALL)
                found.update(compare(source, renderer) for renderer in renderers)

    assert set(found) == {
        "made anew",
        "put in",
        "put in, with another text behind it",
        "put in, at both times of a reservation",
        "nothing of one's own",
        "several places",
    }
    assert found["put in"] > 10
