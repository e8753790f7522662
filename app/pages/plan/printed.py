"""The names on the printed plan: in their blocks, on lines below them, or in a list below the machine. Pure.

Paper cannot be scrolled or pointed at, so no name is cut on it. A name that has no room in or beside its block stands
below it, on one of a few lines by which the row grows. Where they do not suffice, the blocks of the row have numbers,
counted by day, and a list tells the names. Sizes are those of static/css/board.css in print.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from unicodedata import combining

from app.pages.plan.axis import Axis
from app.pages.plan.cells import Cell

BOARD_PX = 1047 - 118  # A4 on its side without its margins and the column of machines
LETTER_PX = 7 / 72 * 96  # 7 pt
BLOCK_PX, OWN_BLOCK_PX = 12, 24
LINES_MAX = 4  # below the blocks of a row, as the style sheet has classes
PADDING_PX = 5  # before a text, and between it and what follows
REASON_PADDING_PX = 14  # around the reason of a closure, which has a ground of its own
# Widths of letters at the weight of blocks, in parts of the size of the font, rounded up.
NARROW, BROAD = frozenset(" !'()*,-./1:;I[]fijlrt|·"), frozenset("%@MWmw—…")
NARROW_EM, SMALL_EM, DIGIT_EM, CAPITAL_EM, BROAD_EM, FOREIGN_EM, IDEOGRAPH_EM = 0.43, 0.6, 0.65, 0.79, 1.0, 0.9, 1.4
LATIN_LAST, FOREIGN_LAST = "\u024f", "\u2e7f"


@dataclass(frozen=True, slots=True)
class PrintedDay:
    """The numbered blocks of a day, in order."""

    date: date
    cells: list[Cell] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Box:
    """A block as it is drawn, from left to right in pixels."""

    cell: Cell
    day: date
    left: float
    right: float

    @property
    def is_closure(self) -> bool:
        """Whether nobody uses the machine, for a reason."""
        return self.cell.css[:1] == "k"


def arrange_names(cells: Sequence[Cell], axis: Axis) -> list[PrintedDay]:
    """Return the blocks whose names are listed below the machine; those of others have a line below their blocks."""
    boxes = list(_boxes(cells, axis))
    cut = _once(boxes, list(_cut(boxes)))
    lines = _lines_below(cut)
    if lines is None:
        return _numbered(cut)
    for box, line in zip(cut, lines, strict=True):
        box.cell.css += f" y{line + 1}"
    return []


def _cut(boxes: Sequence[_Box]) -> Iterator[_Box]:
    """Yield the blocks that have no room for their names, neither in them nor beside them."""
    until = 0.0  # what is drawn reaches so far
    for number, box in enumerate(boxes):
        limit = boxes[number + 1].left if number + 1 < len(boxes) else BOARD_PX
        end = _end_of_text(box, until, limit)
        if end is None:
            yield box
        until = max(box.right, end or 0)


def _once(boxes: Sequence[_Box], cut: Sequence[_Box]) -> list[_Box]:
    """Return what is cut, with the reason of a closure once: reservations inside it divide it into pieces."""
    found = []
    said = {box.cell.name for box in boxes if box.is_closure and box not in cut}
    for box in cut:
        if box.is_closure and box.cell.name in said:
            box.cell.css += " y0"
            continue
        if box.is_closure:
            said.add(box.cell.name)
        found.append(box)
    return found


def _lines_below(cut: Sequence[_Box]) -> list[int] | None:
    """Return the line of each name below the blocks, 0 the first; None where they need more lines, or leave the sheet.

    From the right to the left, so that the stroke from a block down to its name crosses no other name.
    """
    starts: list[float] = []  # of what stands on each line so far
    found = []
    for box in reversed(cut):
        end = box.left + printed_px(box.cell.name) + PADDING_PX
        line = next((number for number, start in enumerate(starts) if end <= start), len(starts))
        if not box.cell.name or line == LINES_MAX or end > BOARD_PX:
            return None
        starts = [box.left] * (line + 1) + starts[line + 1 :]  # its stroke stands on the lines above, too
        found.append(line)
    return found[::-1]


def _numbered(cut: Sequence[_Box]) -> list[PrintedDay]:
    days: dict[date, PrintedDay] = {}
    for box in cut:
        day = days.setdefault(box.day, PrintedDay(box.day))
        day.cells.append(box.cell)
        box.cell.number = len(day.cells)
    return list(days.values())


def _boxes(cells: Sequence[Cell], axis: Axis) -> Iterator[_Box]:
    column_px = BOARD_PX / axis.columns
    first = 0
    for cell in cells:
        last = first + cell.width
        if cell.is_block:
            day = next(day.date for day in reversed(axis.days) if day.first <= first)
            left, right = first * column_px, last * column_px
            least = 0 if cell.css[:1] == "s" else OWN_BLOCK_PX if cell.is_own else BLOCK_PX
            if " j" in cell.css:
                left = min(left, right - least)
            yield _Box(cell, day, left, max(right, left + least))
        first = last


def _end_of_text(box: _Box, until: float, limit: float) -> float | None:
    """Return where the text of a block ends; None if it is cut, or runs into what stands beside it."""
    cell = box.cell
    if not cell.names:
        return box.right
    needed = max(printed_px(cell.name), printed_px(cell.time)) + PADDING_PX
    if not cell.name:
        return None  # several uses as one
    if " l" in cell.css:
        return box.right if until <= box.left - needed else None
    if not cell.flows:
        return box.right if cell.is_own or box.left + needed + REASON_PADDING_PX <= box.right else None
    is_free = until <= box.left + 1 and box.left + needed <= limit
    return box.left + needed if is_free else None


def printed_px(text: str) -> float:
    """Return how wide a text is on paper, at most."""
    return LETTER_PX * sum(map(_em, text))


def _em(letter: str) -> float:
    if letter in NARROW:
        return NARROW_EM
    if letter in BROAD:
        return BROAD_EM
    if letter <= LATIN_LAST:
        return CAPITAL_EM if letter.isupper() else DIGIT_EM if letter.isdigit() else SMALL_EM
    if combining(letter):
        return 0
    return FOREIGN_EM if letter <= FOREIGN_LAST else IDEOGRAPH_EM
