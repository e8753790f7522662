"""How much of a text fits into a block of the board, and from which width of the board on. Pure.

A block is as wide as its time; its text flows on over the free time behind it, up to the next block, or is written
before it. How wide that is depends on the window of the reader, so the style sheet decides by the width of the board:
a class says from which on. On a narrower board the text is turned by 90 degrees, so that a block is never without one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

NAMES_PX = 198  # the column of machine names, with its edge
NARROWEST_PX = 1056  # the board is never narrower; what is missing is scrolled
BOARD_PX = 1128  # the board in a window of 1280 px
# A block is never narrower: it has room for a line of turned text; one's own is a target with a gap on both sides.
BLOCK_PX, OWN_BLOCK_PX = 12, 26
# Widths of the board from which on a text is shown, and the class for it. Wider than the last: always turned.
SHOWN_FROM = ((NARROWEST_PX, ""), (BOARD_PX - 8, "z1"), (1300, "z2"), (1600, "z3"), (2200, "z4"))
ALWAYS_TURNED = "z5"
CHARACTER_PX, PADDING_PX = 6.7, 8  # of the small bold text in blocks, on average
TURNED_CHARACTERS = 5  # of a time, at the height of a row
LEAST_CHARACTERS = 5  # a name cut to fewer is no name
# How much wider than its block a text may be, and the class for it.
WIDER = ((1.5, "r1"), (2, "r2"), (3, "r3"), (4, "r4"), (6, "r5"), (9, "r6"), (14, "r7"), (22, "r8"), (36, "r9"))


@dataclass(slots=True)
class Room:
    """The columns that a text may take: those of its block; with the free ones behind it; the free ones before it."""

    own: int
    behind: int
    before: int = 0


def needed_px(text: str) -> float:
    """Return how wide a text is, roughly."""
    return len(text) * CHARACTER_PX + PADDING_PX


def least_px(text: str, *, may_be_cut: bool) -> float:
    """Return how much room a text needs at least. may_be_cut: a part of it is enough."""
    return needed_px(text[:LEAST_CHARACTERS] if may_be_cut else text)


def shown_from(text: str, columns: int, all_columns: int, *, may_be_cut: bool = False) -> str:
    """Return the class that shows a text as soon as it fits into so many columns of all."""
    least = least_px(text, may_be_cut=may_be_cut)
    for width, css in SHOWN_FROM:
        if least <= columns_px(columns, all_columns, width):
            return css
    return ALWAYS_TURNED


def columns_px(columns: int, all_columns: int, board_px: int = NARROWEST_PX) -> float:
    """Return how wide some columns of all are."""
    return columns * (board_px - NAMES_PX) / all_columns


def wider(columns: int, room: int, text: str, all_columns: int, shown: str = "") -> str:
    """Return the class that makes a text as wide as its room, or "" if it needs no more than its own columns.

    shown: the class that says from which width of the board on the text is shown; a block is never narrower than
    BLOCK_PX, so that the room is compared with it as it is drawn there.
    """
    if needed_px(text) <= columns_px(columns, all_columns):
        return ""
    board_px = next((width for width, css in SHOWN_FROM if css == shown), NARROWEST_PX)
    drawn_px = max(columns_px(columns, all_columns, board_px), BLOCK_PX)
    ratio, found = columns_px(room, all_columns, board_px) / drawn_px, ""
    for factor, css in WIDER:
        if factor <= ratio:
            found = css
    return found


def rooms(widths: Sequence[int], is_busy: Sequence[bool]) -> list[Room]:
    """Return for each cell of a row how many columns a text in it may take."""
    found: list[Room] = []
    before = 0
    for width, busy in zip(widths, is_busy, strict=True):
        found.append(Room(width, width, before))
        before = 0 if busy else before + width
    behind = 0
    for room, busy in zip(reversed(found), reversed(is_busy), strict=True):
        room.behind += behind
        behind = 0 if busy else behind + room.own
    return found


def turned_left(texts: Sequence[tuple[Room, str, bool]], all_columns: int) -> list[bool]:
    """Return which texts are written before their blocks, because there is room there and too little behind.

    texts: the rooms and texts of the blocks of a row, in order, and whether a part of the text is enough. The room
    behind the block before one that is turned shrinks.
    """
    column_px = columns_px(1, all_columns)
    found: list[bool] = []
    for number, (room, text, may_be_cut) in enumerate(texts):
        least = least_px(text, may_be_cut=may_be_cut)
        free = room.before
        if number:
            behind, other, other_may_be_cut = texts[number - 1]
            if not found[-1]:
                needed = ceil(least_px(other, may_be_cut=other_may_be_cut) / column_px)
                free -= max(needed - behind.own, 0)
        is_left = bool(text) and least > room.behind * column_px and free * column_px >= least
        if is_left:
            room.before = min(free, ceil(needed_px(text) / column_px))
            if number:
                texts[number - 1][0].behind -= room.before
        found.append(is_left)
    return found
