"""The segments of a row on the columns of the board: what is too short is dropped, uses never. Pure.

A use that is too narrow for a word takes the free columns behind it, or those before it. Where there are none it is
drawn together with its neighbour as one block that says how many uses it stands for; the board of the day tells more.
One that is shorter than the columns of the night or of the past has one of them all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.pages.plan.axis import Axis
from app.pages.plan.room import BLOCK_PX, OWN_BLOCK_PX, columns_px
from app.pages.plan.segments import CLOSURE, SHARED, WORK, Segment

BLOCKS = (WORK, CLOSURE)


@dataclass(slots=True)
class Placed:
    """Segments drawn as one cell on the columns [first, last). is_at_right: it grows to the left to be wide enough."""

    parts: tuple[Segment, ...]
    first: int
    last: int
    is_at_right: bool = False

    @property
    def segment(self) -> Segment:
        """The only segment, or the first of several uses."""
        return self.parts[0]

    @property
    def is_block(self) -> bool:
        """Whether it is a use or a closure."""
        return self.parts[0].kind in BLOCKS

    @property
    def is_busy(self) -> bool:
        """Whether it has a text of its own that must not be covered."""
        return self.is_block or self.parts[0].kind == SHARED

    @property
    def may_join(self) -> bool:
        """Whether it may be drawn together with another use; what is still out stays alone."""
        segment = self.parts[0]
        return segment.kind == WORK and segment.entry is not None and segment.entry.due_at is None


def place(segments: Iterable[Segment], axis: Axis, member_id: int | None = None) -> list[Placed]:
    """Return the segments on columns, without gaps or overlaps. member_id: whose uses are drawn wide enough to hit."""
    found: list[Placed] = []
    is_tight = False
    in_order = list(segments)
    for number, segment in enumerate(in_order):
        first, last = columns_of(segment, axis)
        if first == last and segment.kind == SHARED:
            first, last = _column_of_short(in_order, number, axis)
            if found:
                found[-1].last = min(found[-1].last, first)
        if last > first or segment.kind in BLOCKS:
            is_tight = is_tight or (bool(found) and first < found[-1].last)
            found.append(Placed((segment,), first, last))
    column_px = columns_px(1, axis.columns)
    widths = Widths(BLOCK_PX / column_px, OWN_BLOCK_PX / column_px, member_id)
    if is_tight or any(one.is_block and one.last - one.first < widths.of(one) for one in found):
        found = _at_most(_with_joined(found, axis.columns, widths), axis.columns)
    return _without_overlaps(found, axis.columns)


def columns_of(segment: Segment, axis: Axis) -> tuple[int, int]:
    """Return the columns [first, last) nearest to a segment; of a use near the end of a longer one that column."""
    first, last = axis.column(segment.start), axis.column(segment.end)
    if first == last and segment.kind in BLOCKS and segment.start < axis.bounds[first]:
        return first - 1, last
    return first, last


def _column_of_short(in_order: Sequence[Segment], number: int, axis: Axis) -> tuple[int, int]:
    """Return the column in which places are held for less than its width; an empty one where a neighbour shows it."""
    segment, first = in_order[number], axis.column(in_order[number].start)
    column = min(first - (segment.start < axis.bounds[first]), axis.columns - 1)
    is_shown = number > 0 and in_order[number - 1].kind in (SHARED, CLOSURE)
    if not is_shown and number + 1 < len(in_order) and in_order[number + 1].kind in (SHARED, CLOSURE):
        is_shown = axis.column(in_order[number + 1].start) <= column
    return (first, first) if is_shown else (column, column + 1)


@dataclass(frozen=True, slots=True)
class Widths:
    """How many columns a block needs at least: anybody's, and that of a member."""

    usual: float
    own: float
    member_id: int | None

    def of(self, one: Placed) -> float:
        """Return how many a block needs."""
        entry = one.segment.entry
        is_own = self.member_id is not None and entry is not None and entry.member_id == self.member_id
        return self.own if is_own and len(one.parts) == 1 else self.usual


def _with_joined(found: list[Placed], total: int, widths: Widths) -> list[Placed]:
    """Return them with each use that has no room for a word joined to its neighbour."""
    made: list[Placed] = []
    at, drawn_until = 0, 0.0
    while at < len(found):
        one = found[at]
        at += 1
        if not one.is_block:
            made.append(one)
            continue
        following = _next_block(found, at)
        until = found[following].first if following < len(found) else total
        one.last, least = min(one.last, until), widths.of(one)
        if one.last - one.first < least:
            if until - one.first >= least:
                drawn_until = one.first + least
            elif one.last - drawn_until >= least:
                one.is_at_right = True
                one.first = min(one.first, until - 1)
            elif one.may_join and following < len(found) and found[following].may_join:
                found[following] = _joined(one, found[following])
                at = following
                continue
            elif one.may_join and (before := _last_block(made)) is not None and made[before].may_join:
                one = _joined(made[before], one)
                del made[before:]
        drawn_until = max(drawn_until, one.last)
        made.append(one)
    return made


def _at_most(found: list[Placed], total: int) -> list[Placed]:
    """Return them with so many blocks at most: of more, closures too, as many as needed are drawn as one."""
    blocks = sum(one.is_block for one in found)
    if blocks <= total:
        return found
    together, made = -(-blocks // total), list[Placed]()
    run = 0
    for one in found:
        if run and one.is_block:
            made[-1] = _joined(made[-1], one)
        elif one.is_block or not run:
            made.append(one)
        run = (run + one.is_block) % together
    return made


def _next_block(found: Sequence[Placed], at: int) -> int:
    while at < len(found) and not found[at].is_block:
        at += 1
    return at


def _last_block(made: Sequence[Placed]) -> int | None:
    return next((number for number in reversed(range(len(made))) if made[number].is_block), None)


def _joined(one: Placed, other: Placed) -> Placed:
    return Placed((*one.parts, *other.parts), one.first, other.last)


def _without_overlaps(found: Sequence[Placed], total: int) -> list[Placed]:
    """Return them one behind the other, each block on a column at least, as long as there are as many."""
    _make_room(found, total)
    made: list[Placed] = []
    cursor = 0
    for one in found:
        first, last = max(one.first, cursor), one.last
        if one.is_block:
            last = max(last, first + 1)
        last = min(last, total)
        if last > first:
            one.first, one.last = first, last
            made.append(one)
            cursor = last
    return made


def _make_room(found: Sequence[Placed], total: int) -> None:
    """End what lies before a block where that begins, and so early that each block has a column before the end."""
    begins = until = total
    for one in reversed(found):
        if one.is_block:
            one.last = min(one.last, until)
            until -= 1
            begins = one.first = min(one.first, until)
        else:
            one.last = min(one.last, begins)
