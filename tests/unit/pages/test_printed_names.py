"""Which names of a row stand in their blocks on paper, and which below the machine."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from app.pages.plan.axis import week_axis
from app.pages.plan.cells import Cell
from app.pages.plan.printed import arrange_names, printed_px

AXIS = week_axis(date(2026, 11, 23), ZoneInfo("Europe/Berlin"))  # 336 half-hours on 929 px: each 2.8 px
HALF_HOURS = 48  # of a day
REASON = "Grundreinigung mit allem"
LONG = "Landmaschinengemeinschaftsgenossenschaftsverwaltungsgebäude60"


def block(width: int, name: str, css: str = "t") -> Cell:
    return Cell(width, css, name, names=((name, "8–9"),))


def free(width: int) -> Cell:
    return Cell(width, "")


def printed(*cells: Cell) -> dict[str, str]:
    """Where each name stands: "" in or beside its block, y1 and so on below it, #1 in the list of its day."""
    days = arrange_names(cells, AXIS)
    numbers = {cell.names[0][0]: f"#{number}" for day in days for number, cell in enumerate(day.cells, 1)}
    below = {cell.name: cell.css[-2:] if cell.css[-2:-1] == "y" else "" for cell in cells if cell.name}
    return below | numbers


def test_a_name_flows_on_over_free_time_and_stands_below_where_there_is_too_little():
    assert printed(free(4), block(2, "Hof Huber"), free(40)) == {"Hof Huber": ""}
    assert printed(free(4), block(2, "Hof Huber"), free(2), block(40, "Anna")) == {"Hof Huber": "y1", "Anna": ""}


def test_a_name_before_its_block_needs_its_room_there():
    assert printed(free(40), block(5, "Hof Huber", "t l"), block(40, "Anna")) == {"Hof Huber": "", "Anna": ""}
    behind = (block(34, "Hof zum Filz"), free(2), block(5, "Hof Huber", "t l"), block(40, "Anna"))
    assert printed(*behind) == {"Hof zum Filz": "", "Hof Huber": "y1", "Anna": ""}


def test_names_below_take_the_first_line_from_the_right_on():
    close = (block(5, "Hof Huber"), block(5, "Hof Maier"), block(5, "Hof Neuner"), block(40, "Anna"))

    assert printed(*close) == {"Hof Huber": "y3", "Hof Maier": "y2", "Hof Neuner": "y1", "Anna": ""}


def test_too_many_names_for_the_lines_are_listed_and_their_numbers_begin_again_with_each_day():
    blocks = [block(6, f"Hof {number} im Tal") for number in range(2 * HALF_HOURS // 6)]
    days = arrange_names([*blocks, block(40, "Anna")], AXIS)

    assert [[cell.number for cell in day.cells] for day in days] == [[*range(1, 9)]] * 2
    assert [day.date for day in days] == [AXIS.days[0].date, AXIS.days[1].date]


def test_a_name_that_would_leave_the_sheet_is_listed():
    assert printed(free(7 * HALF_HOURS - 3), block(3, LONG)) == {LONG: "#1"}


def test_several_uses_drawn_as_one_are_listed_with_long_reasons_and_ones_own_and_unknown_ones_never():
    several = Cell(4, "t x", time="3×", names=(("Anna", "8–9"), ("Bernd", "9–10")))
    own, unknown = Cell(2, "t m", "Ich", names=(("Ich", "8–9"),)), Cell(2, "t", time="8–9")
    closed = Cell(20, "k", REASON, names=((REASON, ""),))

    assert printed(several, free(4), own, unknown, free(4), closed, free(40)) == {"Ich": "", "Anna": "#1", REASON: "#2"}
    assert printed(own, closed, free(99)) == {"Ich": "", REASON: "y1"}


@pytest.mark.parametrize(
    ("text", "least"), [("Hof Huber", 45), (LONG, 340), ("مزرعة", 30), ("東京農場", 50), ("e\u0301", 5)]
)
def test_a_text_is_measured_rather_too_wide_than_too_narrow(text, least):
    assert least <= printed_px(text) <= 1.8 * least
