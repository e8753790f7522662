"""A row as others see it, into which the cells of a viewer's own reservations are put. Pure.

Most members hold something in a few cells of a row of forty, so that the rest is laid out and written once for all of
them. One's own block is a link, says "Me" and is drawn wider; the text of the block behind it may have room before it
then. Where it would change anything else in the row (what is drawn together, which links are too close, other texts),
it cannot be put in: the row is made anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil
from typing import NamedTuple

from app.pages.plan.axis import Axis
from app.pages.plan.cell_html import cells_html, names_html
from app.pages.plan.cells import Cell, CellMaker, LaidOut
from app.pages.plan.placing import BLOCKS, Placed, columns_of
from app.pages.plan.printed import arrange_names
from app.pages.plan.room import OWN_BLOCK_PX, columns_px, least_px
from app.pages.plan.segments import WORK, Segment
from app.pages.plan.targets import Target, target_of
from booking.queries import BoardEntry

CELL_BYTES = 60  # of a text, beside its characters
OWN = Cell(1, "t m")


class Place(NamedTuple):
    """Where a cell of one's own goes: its number and width; the cell behind it as HTML, where that changes."""

    number: int
    width: int
    behind: tuple[int, str] | None


@dataclass(frozen=True, slots=True)
class OthersRow:
    """The cells of a row as HTML, the names for paper, and by entry the places of cells of one's own.

    By entry: a reservation has two while a move waits for approval, or while it is still out after its time.
    """

    cells: Sequence[str]
    names: str
    places: Mapping[BoardEntry, Place]

    @property
    def size(self) -> int:
        """Roughly how many bytes it takes."""
        return sum(map(len, self.cells)) + CELL_BYTES * len(self.cells) + len(self.names)

    def with_own(self, entries: Sequence[BoardEntry], maker: CellMaker, workshop_id: int) -> str | None:
        """Return the row for who holds these entries of it; None where others would be drawn in another way then."""
        places = [self.places.get(entry) for entry in entries]
        cells = list(self.cells)
        for place in places:
            if place is None:
                return None
            if place.behind is not None:
                cells[place.behind[0]] = place.behind[1]
        for entry, place in zip(entries, places, strict=True):  # the cell behind one may be another one
            assert place is not None
            cells[place.number] = cells_html([maker.single_cell(entry, place.width, workshop_id, is_left=False)])
        return "".join(cells) + self.names


def others_row(parts: Sequence[Segment], made: LaidOut, maker: CellMaker, workshop_id: int) -> OthersRow:
    """Return a row of a single place, of these segments, laid out for a viewer without reservations and names."""
    names = names_html(arrange_names(made.cells, maker.axis), maker.axis.columns)
    drawn = sum(len(one.parts) for one in made.placed if one.is_block)
    is_whole = drawn == sum(part.kind in BLOCKS for part in parts)
    places = dict(_places(_blocks(made), made.narrow, maker, workshop_id)) if is_whole else {}
    return OthersRow([cells_html([cell]) for cell in made.cells], names, places)


def _blocks(made: LaidOut) -> list[_Block]:
    starts = list(accumulate((cell.width for cell in made.cells), initial=0))
    numbers = [number for number, one in enumerate(made.placed) if one.is_block]
    lefts = [starts[number] for number in numbers]
    return [
        _Block(number, made.placed[number], made.cells[number], left, until, *text[1:])
        for number, left, until, text in zip(numbers, lefts, [*lefts, starts[-1]][1:], made.texts, strict=True)
    ]


def _places(
    blocks: Sequence[_Block], narrow: Sequence[Target], maker: CellMaker, workshop_id: int
) -> Iterator[tuple[BoardEntry, Place]]:
    column_px = columns_px(1, maker.axis.columns)
    for block, following, next_but_one in zip(blocks, [*blocks[1:], None], [*blocks[2:], None, None], strict=False):
        entry = block.entry
        if entry is None or entry.reservation_id is None:
            continue
        if not (block.may_be_own and block.has_room(following, maker.axis) and block.is_apart(narrow, column_px)):
            continue
        if following is None or not following.turns_behind(block, column_px):
            yield entry, Place(block.number, block.width, None)
        elif following.entry is not None and following.may_turn(next_but_one, column_px):
            cell = maker.single_cell(following.entry, following.width, workshop_id, is_left=True)
            yield entry, Place(block.number, block.width, (following.number, cells_html([cell])))


class _Block(NamedTuple):
    """A use or closure and its cell: its number in the row, the columns where that and the next block begin.

    flowing: the text that needs room beside it; may_be_cut: a part of that is enough.
    """

    number: int
    placed: Placed
    cell: Cell
    left: int
    until: int
    flowing: str
    may_be_cut: bool

    @property
    def width(self) -> int:
        """How many columns it takes."""
        return self.cell.width

    @property
    def entry(self) -> BoardEntry | None:
        """What it stands for, or the first of it."""
        return self.placed.segment.entry

    @property
    def is_single(self) -> bool:
        """Whether it is one use or closure, drawn from where it begins."""
        return len(self.placed.parts) == 1 and not self.placed.is_at_right

    @property
    def is_turned_left(self) -> bool:
        """Whether its text is written before it."""
        return "l" in self.cell.css.split()

    @property
    def may_be_own(self) -> bool:
        """Whether it is a reservation, with its text behind it."""
        is_use = self.placed.segment.kind == WORK and self.entry is not None and self.entry.due_at is None
        return is_use and self.is_single and not self.is_turned_left

    @property
    def least_px(self) -> float:
        """How much room its text needs."""
        return least_px(self.flowing, may_be_cut=self.may_be_cut)

    def wants_room_before(self, column_px: float) -> bool:
        """Return whether its text has too little room behind it."""
        return bool(self.flowing) and self.least_px > (self.until - self.left) * column_px

    def turns_behind(self, own: _Block, column_px: float) -> bool:
        """Return whether its text is written before it as soon as that of the block before is one's own, and short."""
        if not self.wants_room_before(column_px) or self.is_turned_left:
            return False
        own_text = max(ceil(least_px("", may_be_cut=False) / column_px) - own.width, 0)
        return (self.left - own.left - own.width - own_text) * column_px >= self.least_px

    def may_turn(self, following: _Block | None, column_px: float) -> bool:
        """Return whether its text may be written before it without changing that of the next block."""
        return not self.may_be_cut and (following is None or not following.wants_room_before(column_px))

    def has_room(self, following: _Block | None, axis: Axis) -> bool:
        """Return whether a block of one's own fits here and leaves the following one where it is."""
        first, _last = columns_of(self.placed.segment, axis)
        until = axis.columns if following is None else columns_of(following.placed.segment, axis)[0]
        has_room = until - first >= OWN_BLOCK_PX / columns_px(1, axis.columns)
        return has_room and (following is None or following.is_single)

    def is_apart(self, narrow: Sequence[Target], column_px: float) -> bool:
        """Return whether a link of one's own here leaves all other links as they are."""
        target = target_of(OWN, self.left * column_px, self.width * column_px)
        return not target.is_narrow and not any(target.is_too_close_to(other) for other in narrow)
