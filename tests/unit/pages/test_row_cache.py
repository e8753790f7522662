"""How many rows of the plan a process keeps."""

from __future__ import annotations

from datetime import UTC, datetime

from app.pages.plan.row_cache import ROW_OVERHEAD_BYTES, RenderKey, RowCache
from app.pages.plan.viewer import Viewer
from booking.queries import BoardMachine
from booking.rules import MachineRules

NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)
KEY = RenderKey("week", NOW, 7, "de", NOW)
ANNA, BERND = 1, 2
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
