"""How many rows of the plan a process keeps."""

from __future__ import annotations

from datetime import UTC, datetime

from app.pages.plan.cells import Eyes
from app.pages.plan.fragments import OCTETS_OF_A_ROW, Look, Shelf

NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)
LOOK = Look("week", NOW, 7, "de", NOW)
ANNA, BERND = 1, 2
HALL = 1
BOTH = frozenset({ANNA, BERND})
TEXT = "x" * 1_000


def eyes(member_id: int) -> Eyes:
    return Eyes(member_id=member_id, workshop_ids=frozenset(), may_reserve=True)


def name(machine_id: int):
    return LOOK, machine_id, (0, 0)


def keep(shelf: Shelf, machine_id: int, member_id: int, text: str = TEXT) -> None:
    shelf.keep(name(machine_id), BOTH, (False, member_id, True), text)


def test_the_row_that_nobody_looked_at_longest_goes_first():
    shelf = Shelf(octets_max=3 * (OCTETS_OF_A_ROW + 1_100))
    for machine_id in (1, 2, 3):
        keep(shelf, machine_id, ANNA)
    assert shelf.find(name(1), eyes(ANNA), HALL) == TEXT

    keep(shelf, 4, ANNA)

    assert shelf.find(name(2), eyes(ANNA), HALL) is None
    assert [shelf.find(name(machine_id), eyes(ANNA), HALL) for machine_id in (1, 3, 4)] == [TEXT] * 3


def test_what_a_row_looks_like_to_each_member_counts_too():
    shelf = Shelf(octets_max=2 * OCTETS_OF_A_ROW + 2 * 1_100)
    keep(shelf, 1, ANNA)
    keep(shelf, 2, ANNA)

    keep(shelf, 2, BERND)

    assert shelf.find(name(1), eyes(ANNA), HALL) is None
    assert [shelf.find(name(2), eyes(member_id), HALL) for member_id in (ANNA, BERND)] == [TEXT] * 2


def test_a_row_painted_twice_is_counted_once():
    shelf = Shelf(octets_max=2 * (OCTETS_OF_A_ROW + 1_100))
    keep(shelf, 1, ANNA)
    for _ in range(10):
        keep(shelf, 2, ANNA)

    assert shelf.find(name(1), eyes(ANNA), HALL) == TEXT


def test_a_row_larger_than_the_shelf_is_not_kept():
    shelf = Shelf(octets_max=10_000)
    keep(shelf, 1, ANNA, "x" * 20_000)
    keep(shelf, 2, ANNA)

    assert shelf.find(name(1), eyes(ANNA), HALL) is None
    assert shelf.find(name(2), eyes(ANNA), HALL) == TEXT
