"""How much of a text fits into a block of the board, and from which width of the board on. Pure.

A block is as wide as its time; its text flows on over the free time behind it, up to the next block. How wide that is
depends on the window of the reader, so the style sheet decides by the width of the board: a class says from which on.
"""

from __future__ import annotations

from collections.abc import Sequence

NAMES_PX = 198  # the column of machine names, with its edge
NARROWEST_PX = 1056  # the board is never narrower; what is missing is scrolled
BOARD_PX = 1128  # the board in a window of 1280 px
# Widths of the board from which on a text is shown, and the class for it. Wider than the last: only when pointed at.
SHOWN_FROM = ((NARROWEST_PX, ""), (BOARD_PX - 8, "z1"), (1300, "z2"), (1600, "z3"), (2200, "z4"))
NEVER_SHOWN = "z5"
CHARACTER_PX, PADDING_PX = 6.2, 8  # of the small bold text in blocks, on average
LEAST_CHARACTERS = 5  # a name cut to fewer is no name
# How much wider than its block a text may be, and the class for it.
WIDER = ((1.5, "r1"), (2, "r2"), (3, "r3"), (4, "r4"), (6, "r5"), (9, "r6"), (14, "r7"), (22, "r8"), (36, "r9"))


def needed_px(text: str) -> float:
    """Return how wide a text is, roughly."""
    return len(text) * CHARACTER_PX + PADDING_PX


def shown_from(text: str, columns: int, all_columns: int, *, may_be_cut: bool = False) -> str:
    """Return the class that shows a text as soon as it fits into so many columns of all.

    may_be_cut: a part of it is enough.
    """
    least = needed_px(text[:LEAST_CHARACTERS] if may_be_cut else text)
    for width, css in SHOWN_FROM:
        if least <= columns_px(columns, all_columns, width):
            return css
    return NEVER_SHOWN


def columns_px(columns: int, all_columns: int, board_px: int = NARROWEST_PX) -> float:
    """Return how wide some columns of all are."""
    return columns * (board_px - NAMES_PX) / all_columns


def wider(columns: int, room: int, text: str, all_columns: int) -> str:
    """Return the class that makes a text as wide as its room, or "" if it needs no more than its own columns."""
    if needed_px(text) <= columns_px(columns, all_columns):
        return ""
    ratio, found = room / columns, ""
    for factor, css in WIDER:
        if factor <= ratio:
            found = css
    return found


def rooms(widths: Sequence[int], is_busy: Sequence[bool]) -> list[int]:
    """Return for each cell of a row how many columns a text in it may take: its own and the free ones behind it."""
    found, behind = [], 0
    for width, busy in zip(reversed(widths), reversed(is_busy), strict=True):
        found.append(width + behind)
        behind = 0 if busy else behind + width
    return found[::-1]
