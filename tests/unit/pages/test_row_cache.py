"""How many rows of the plan a process keeps."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Flask

from app.pages.plan import row_cache
from app.pages.plan.row_cache import ROW_OVERHEAD_BYTES, RenderKey, RowCache, RowSource, render_rows
from app.pages.plan.viewer import Viewer
from booking.queries import Board, BoardEntry, BoardMachine, BoardRow, BoardWorkshop
from booking.rules.lending_rules import MachineRules
from booking.times.opening_hours import WeeklyHours
from booking.timespan import TimeSpan

NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)
KEY = RenderKey("week", NOW, 7, "de", NOW)
LATER = NOW + timedelta(hours=4)
ANNA, BERND, NOBODY = 1, 2, 3
COMBINE = BoardMachine(1, "combine", "Combine", "", 1, 1, None, MachineRules())
BOTH = frozenset({ANNA, BERND})
TEXT = "x" * 1_000


def viewer(member_id: int) -> Viewer:
    return Viewer(member_id=member_id, workshop_ids=frozenset(), may_reserve=True)


def name(machine_id: int):
    return KEY, machine_id, (0, 0)


def keep(cache: RowCache, machine_id: int, member_id: int, text: str = TEXT) -> None:
    cache.keep(name(machine_id), BOTH, (False, member_id, True, None), text)


def test_the_least_recently_used_row_is_evicted_first():
    cache = RowCache(bytes_max=3 * (ROW_OVERHEAD_BYTES + 1_100))
    for machine_id in (1, 2, 3):
        keep(cache, machine_id, ANNA)
    assert cache.find(name(1), viewer(ANNA), COMBINE) == TEXT

    keep(cache, 4, ANNA)

    assert cache.find(name(2), viewer(ANNA), COMBINE) is None
    assert [cache.find(name(machine_id), viewer(ANNA), COMBINE) for machine_id in (1, 3, 4)] == [TEXT] * 3


def test_what_a_row_looks_like_to_each_member_counts_too():
    cache = RowCache(bytes_max=2 * ROW_OVERHEAD_BYTES + 2 * 1_100)
    keep(cache, 1, ANNA)
    keep(cache, 2, ANNA)

    keep(cache, 2, BERND)

    assert cache.find(name(1), viewer(ANNA), COMBINE) is None
    assert [cache.find(name(2), viewer(member_id), COMBINE) for member_id in (ANNA, BERND)] == [TEXT] * 2


def test_a_row_rendered_twice_is_counted_once():
    cache = RowCache(bytes_max=2 * (ROW_OVERHEAD_BYTES + 1_100))
    keep(cache, 1, ANNA)
    for _ in range(10):
        keep(cache, 2, ANNA)

    assert cache.find(name(1), viewer(ANNA), COMBINE) == TEXT


def test_a_row_larger_than_the_cache_is_not_kept():
    cache = RowCache(bytes_max=10_000)
    keep(cache, 1, ANNA, "x" * 20_000)
    keep(cache, 2, ANNA)

    assert cache.find(name(1), viewer(ANNA), COMBINE) is None
    assert cache.find(name(2), viewer(ANNA), COMBINE) == TEXT


class Renderer:
    """Renders who looks, and remembers from what."""

    key = KEY

    def __init__(self) -> None:
        self.sources: list[RowSource] = []

    def render(self, source: RowSource) -> str:
        self.sources.append(source)
        return TEXT


def entry(member_id: int) -> BoardEntry:
    return BoardEntry(1, None, (1,), NOW, LATER, NOW, LATER, "confirmed", member_id, "Anna", "")


def board(*entries: BoardEntry) -> Board:
    hours = WeeklyHours(ZoneInfo("Europe/Berlin"), ())
    row = BoardRow(COMBINE, entries, hours, ())
    place = BoardWorkshop(1, "hall", "Hall", hours.zone, (), (), (row,))
    return Board(TimeSpan(NOW, LATER), (place,))


def test_a_row_that_another_member_has_seen_is_not_read_again():
    full, renderer, read = board(entry(ANNA), entry(BERND)), Renderer(), []

    def fill(machine_ids: set[int]) -> Board:
        read.append(machine_ids)
        return full

    with Flask(__name__).app_context():
        for member_id in (ANNA, BERND, ANNA, NOBODY):
            found = render_rows(full, {1: (0, 0)}, [renderer], viewer(member_id), fill)
            assert found == [{1: TEXT}]

    assert read == [{1}]
    assert len(renderer.sources) == 3, "each sees it in another way, and Anna twice in the same"
    assert renderer.sources[0] is renderer.sources[1] is renderer.sources[2]
    assert renderer.sources[0].place.rows == (), "a cached row would hold those of its whole workshop in memory"


def test_a_row_that_all_see_alike_is_kept_without_what_it_was_made_from():
    cache = RowCache()
    place = board(entry(ANNA)).workshops[0]
    source = RowSource(place.rows[0], place)
    cache.keep(name(1), source.member_ids, (False, ANNA, True, None), TEXT, source)
    cache.keep(name(2), frozenset(), (False, None, True, None), TEXT, source)

    assert (cache.source(name(1)), cache.source(name(2))) == (source, None)


def test_what_another_thread_made_meanwhile_is_not_made_again(monkeypatch):
    full, renderer, read = board(entry(ANNA)), Renderer(), []
    app = Flask(__name__)
    cache = app.extensions["plan_row_cache"] = RowCache()

    def look() -> list[dict[int, str]]:
        return render_rows(full, {1: (0, 0)}, [renderer], viewer(ANNA), lambda ids: read.append(ids) or full)

    @contextmanager
    def turn_after_another():
        monkeypatch.undo()
        look()
        yield

    monkeypatch.setattr(cache, "turn", turn_after_another)
    with app.app_context():
        assert look() == [{1: TEXT}]

    assert read == [{1}]


def test_nobody_waits_for_long_until_another_thread_is_ready(monkeypatch):
    monkeypatch.setattr(row_cache, "TURN_SECONDS", 0.01)
    cache = RowCache()

    with cache.turn(), cache.turn():
        pass
    with cache.turn():
        assert not cache._turn.acquire(blocking=False)
    assert cache._turn.acquire(blocking=False)
