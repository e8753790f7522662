"""Links on a row that are large enough to hit beside each other (WCAG 2.2, 2.5.8). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from app.pages.plan.room import BLOCK_PX

MIN_TARGET_PX = 24
OWN_TARGET_PX = MIN_TARGET_PX + 1e-6  # the difference of two edges may be less than what was added


class Linked(Protocol):
    """A cell: as wide as so many columns, with an address ("" without a link) and the name of its class."""

    width: int
    css: str
    href: str

    @property
    def is_own(self) -> bool:
        """Whether it is a single reservation of the viewer."""


def drop_overlapping_targets(cells: Sequence[Linked], column_px: float) -> list[Target]:
    """Remove links that are too narrow to hit beside another one (WCAG 2.2, 2.5.8); the day view has them all.

    One's own reservations have priority, then free time, the longest first: of two that are too close, the other's
    reservation or the shorter free time loses its link. Return all narrow links, also those that are removed.
    """
    left = 0
    own: list[Target] = []
    free: list[Target] = []
    others: list[Target] = []
    for cell in cells:
        if cell.href:
            target = target_of(cell, left * column_px, cell.width * column_px)
            (own if cell.is_own else others if cell.css else free).append(target)
        left += cell.width
    all_narrow = [target for target in (*own, *free, *others) if target.is_narrow]
    if not all_narrow:
        return all_narrow
    kept: list[Target] = []
    narrow: list[Target] = []  # of them; two wide ones are never too close
    for target in (*own, *sorted(free, key=lambda target: target.left - target.right), *others):
        others_near = kept if target.is_narrow else narrow
        if target.is_at_head or any(target.is_too_close_to(other) for other in others_near):
            target.cell.href = ""
            continue
        kept.append(target)
        if target.is_narrow:
            narrow.append(target)
    return all_narrow


def target_of(cell: Linked, left: float, width: float) -> Target:
    """Return the target of a cell as it is drawn: a block may be wider than its columns, to the left where it is so."""
    kinds = cell.css.split()
    least = OWN_TARGET_PX if cell.is_own else BLOCK_PX if {"t", "k"} & set(kinds) else 0
    drawn = max(width, least)
    if "j" in kinds:
        return Target(cell, left + width - drawn, left + width)
    return Target(cell, left, left + drawn)


@dataclass(frozen=True, slots=True)
class Target:
    """A link on the row: the edges of its target, in pixels."""

    cell: Linked
    left: float
    right: float

    @property
    def is_narrow(self) -> bool:
        """Whether it is smaller than a target should be."""
        return self.right - self.left < MIN_TARGET_PX

    @property
    def is_at_head(self) -> bool:
        """Whether it is narrow and too close to the link at the head of the row."""
        return self.is_narrow and (self.left + self.right) / 2 < MIN_TARGET_PX / 2

    def is_too_close_to(self, other: Target) -> bool:
        """Return whether a circle around the middle of a narrow one touches the other, or the circle around it."""
        apart = abs(self.left + self.right - other.left - other.right) / 2
        if self.is_narrow and other.is_narrow:
            return apart < MIN_TARGET_PX
        if not (self.is_narrow or other.is_narrow):
            return False
        wide = other if self.is_narrow else self
        return apart - (wide.right - wide.left) / 2 < MIN_TARGET_PX / 2
