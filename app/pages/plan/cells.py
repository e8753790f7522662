"""A machine's segments as cells of the table: width in columns, classes, text, link.

The table has thousands of cells, so its texts are looked up once and its cells hold no more than needed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from app.pages.plan import placing, segments
from app.pages.plan.axis import Axis
from app.pages.plan.labels import Labels, minutes_of, nearest_hours, short_clock, short_clock_of, short_moment
from app.pages.plan.placing import Placed
from app.pages.plan.reasons import Reasons
from app.pages.plan.room import (
    ALWAYS_TURNED,
    CHARACTER_PX,
    NARROWEST_PX,
    TURNED_CHARACTERS,
    Room,
    columns_px,
    rooms,
    shown_from,
    turned_left,
    wider,
)
from app.pages.plan.segments import Segment
from app.pages.plan.targets import Target, drop_overlapping_targets
from app.pages.plan.viewer import Viewer
from app.wording.local_time import url_instant
from app.wording.whereabouts import due_text
from booking.models import Status
from booking.queries import BoardEntry, BoardRow, BoardWorkshop
from booking.times.wall_clock import local_day, to_wall

# Kind of segment -> class of the cell; short, because they are repeated so often (see static/css/board.css).
# Free time that can be reserved has none. In cells of UNLINKED kinds the text stands alone, without an element around.
CSS = {
    segments.CLOSED: "c",
    segments.GONE: "g",
    segments.EARLY: "e",
    segments.FAR: "e",
    segments.FREE: "",
    segments.SETUP: "b",
    segments.CLEANING: "b",
    segments.WORK: "t",
    segments.CLOSURE: "k",
    segments.SHARED: "s",
}
UNLINKED = ("c", "g", "e", "b")
COUNT_PADDING_PX = 8
MOVABLE = (Status.REQUESTED, Status.CONFIRMED)


@dataclass(slots=True)
class Cell:
    """One cell: colspan, classes, what it says, and address ("" without a link).

    name: who, or what; may be cut. time: beside it, never cut. hidden: for readers and the card before the name, more
    after it. reservation_id: of a block about which the card may tell more. at: when a block of one's own that can be
    moved begins and ends, in minutes since 1970, for the script. names: who and when, or why, as paper tells it below
    the machine where the block has a number instead (app/pages/plan/printed.py). turned: what stands in place of a name
    that is no name and would be cut where it is turned.
    """

    width: int
    css: str
    name: str = ""
    time: str = ""
    hidden: str = ""
    more: str = ""
    href: str = ""
    at: str = ""
    reservation_id: int | None = None
    names: tuple[tuple[str, str], ...] = ()
    number: int = 0
    turned: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether the text stands alone."""
        return self.css in UNLINKED

    @property
    def is_own(self) -> bool:
        """Whether it is a single reservation of the viewer."""
        return f"{self.css} ".startswith("t m ") and " x" not in self.css

    @property
    def is_block(self) -> bool:
        """Whether it is a use, a closure, or time of a machine with several places."""
        return self.css[:1] in ("t", "k", "s")

    @property
    def flows(self) -> bool:
        """Whether its text may be wider than itself."""
        return self.css[:1] == "t" and " m" not in self.css

    @property
    def flowing_text(self) -> str:
        """The text that needs room around it; "" where it stays inside."""
        return (self.name or self.time) if self.flows else ""

    @property
    def text(self) -> str:
        """All it says, as one text."""
        return " ".join(filter(None, (self.hidden, self.name, self.time, self.more)))


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the links of cells lead: the form for a new reservation, reservations ("/" at the end), the plan."""

    new: str
    show: str
    plan: str


class LaidOut(NamedTuple):
    """The cells of a row; where their segments lie; of each block what _fit() returns; links that are narrow."""

    cells: list[Cell]
    placed: list[Placed]
    texts: list[tuple[Room, str, bool]]
    narrow: list[Target]


class CellMaker:
    """Turns the segments of rows into cells, for one viewer and one axis."""

    def __init__(self, axis: Axis, viewer: Viewer, labels: Labels, addresses: Addresses, *, is_day: bool) -> None:
        self.axis, self.viewer, self.labels, self.addresses, self.is_day = axis, viewer, labels, addresses, is_day

    def laid_out(self, row_segments: Iterable[Segment], row: BoardRow, place: BoardWorkshop, now: datetime) -> LaidOut:
        """Return the cells of a row with what was decided about them."""
        reasons = Reasons(self.axis, row, place, now, self.viewer.eligibility_for(row.machine))
        placed = placing.place(reasons.with_closed_days(row_segments), self.axis, self.viewer.member_id)
        made = [self._cell(one, row, place.id, reasons) for one in placed]
        narrow = drop_overlapping_targets(made, columns_px(1, self.axis.columns, NARROWEST_PX))
        return LaidOut(made, placed, self._fit(made, placed), narrow)

    def single_cell(self, entry: BoardEntry, width: int, workshop_id: int, *, is_left: bool) -> Cell:
        """Return the cell of a reservation that is the viewer's own, or of another one with its text before it."""
        cell = self._entry_cell(entry, width, workshop_id)
        _fit_text(cell, Room(width, width), self.axis.columns, is_left=is_left)
        return cell

    def _fit(self, cells: list[Cell], placed: list[Placed]) -> list[tuple[Room, str, bool]]:
        """Add to each block the classes by which its text has as much room as there is.

        Return the room of each block, the text that flows out of it, and whether a part of that is enough.
        """
        total = self.axis.columns
        found = rooms([cell.width for cell in cells], [one.is_busy for one in placed])
        blocks = [(cell, room) for cell, room in zip(cells, found, strict=True) if cell.is_block]
        texts = [(room, cell.flowing_text, bool(cell.name)) for cell, room in blocks]
        left = turned_left(texts, total)
        for (cell, room), is_left in zip(blocks, left, strict=True):
            if cell.css[:1] == "s":
                _fit_count(cell, room.own, total)
            else:
                _fit_text(cell, room, total, is_left=is_left)
        for cell in cells:
            if not cell.css and not cell.href:
                cell.css = CSS[segments.GONE]
        return texts

    def _cell(self, one: Placed, row: BoardRow, workshop_id: int, reasons: Reasons) -> Cell:
        segment, width = one.segment, one.last - one.first
        if len(one.parts) > 1:
            return self._joined_cell(one, width, workshop_id)
        cell = self._single_cell(segment, width, row, workshop_id, reasons)
        if one.is_at_right:
            cell.css += " j"
        return cell

    def _joined_cell(self, one: Placed, width: int, workshop_id: int) -> Cell:
        """Return the cell of several uses that are too short to be drawn each by itself."""
        entries = [segment.entry for segment in one.parts if segment.entry is not None]
        cells = [self._entry_cell(entry, width, workshop_id) for entry in entries]
        css = "t m x" if any(self.viewer.is_own(entry) for entry in entries) else "t x"
        day = local_day(entries[0].starts_at, self.axis.zone)
        href = f"{self.addresses.plan}?day={day.isoformat()}&view={'list' if self.is_day else 'day'}"
        names = tuple(chain.from_iterable(cell.names for cell in cells))
        more = "; ".join(cell.text for cell in cells)
        return Cell(width, css, time=f"{len(cells)}×", more=more, href=href, names=names)

    def _single_cell(self, segment: Segment, width: int, row: BoardRow, workshop_id: int, reasons: Reasons) -> Cell:
        css, machine = CSS[segment.kind], row.machine
        if segment.kind in placing.BLOCKS and segment.entry is not None:
            return self._entry_cell(segment.entry, width, workshop_id)
        if segment.kind == segments.SETUP:
            return Cell(width, css, self.labels.setup)
        if segment.kind == segments.CLEANING:
            return Cell(width, css, self.labels.cleaning)
        if segment.kind == segments.SHARED or (segment.kind == segments.FREE and machine.places > 1):
            return self._places_cell(segment, width, row, reasons)
        if segment.kind == segments.FREE and segment.starts_at is not None:
            return Cell(width, css, self.free_text(segment), href=self._new(segment, machine.slug))
        return Cell(width, css or "e", "" if segment.kind == segments.GONE else reasons.of(segment))

    def free_text(self, segment: Segment) -> str:
        """Return free 8–12, or that all of a day is free."""
        start = segment.starts_at or segment.start
        first, last = to_wall(start, self.axis.zone), to_wall(segment.end, self.axis.zone)
        if (first.hour, first.minute, last.hour, last.minute) == (0, 0, 0, 0):
            return self.labels.all_free_on(first)
        return f"{self.labels.free} {short_clock_of(first, last)}"

    def _entry_cell(self, entry: BoardEntry, width: int, workshop_id: int) -> Cell:
        if entry.is_closure:
            reason = entry.text or self.labels.closure
            return Cell(width, CSS[segments.CLOSURE], reason, hidden=self.labels.closure, names=((reason, ""),))
        if entry.due_at is not None:
            return self._late_cell(entry, entry.due_at, width, workshop_id)
        clock = short_clock(entry.starts_at, entry.ends_at, self.axis.zone)
        if not self.viewer.may_know(entry, workshop_id):
            return Cell(width, "t", time=clock, hidden=self.labels.taken)
        is_own = self.viewer.is_own(entry)
        css = "t m" if is_own else "t"
        if entry.status == "requested":
            css += " p"
        name = self.labels.mine if is_own else entry.member_name
        more = " · ".join(filter(None, (self.labels.state(entry), entry.text)))
        at = minutes_of(entry) if is_own and entry.status in MOVABLE else ""
        href = f"{self.addresses.show}{entry.reservation_id}"
        made = Cell(width, css, name, clock, more=more, href=href, at=at, reservation_id=entry.reservation_id)
        made.names = ((name, clock),)
        return made

    def _late_cell(self, entry: BoardEntry, due_at: datetime, width: int, workshop_id: int) -> Cell:
        """Return the cell of a place that should be back: who has it, if one may know, and since when."""
        text = self.labels.still_out % {"due": due_text(due_at, self.axis.zone, entry.ends_at)}
        if not self.viewer.may_know(entry, workshop_id):
            return Cell(width, "t o", text, turned=short_moment(due_at, entry.ends_at, self.axis.zone))
        is_own = self.viewer.is_own(entry)
        name = self.labels.mine if is_own else entry.member_name
        css = "t m o" if is_own else "t o"
        href = f"{self.addresses.show}{entry.reservation_id}"
        names = ((name, text),)
        return Cell(width, css, name, more=text, href=href, reservation_id=entry.reservation_id, names=names)

    def _places_cell(self, segment: Segment, width: int, row: BoardRow, reasons: Reasons) -> Cell:
        places = row.machine.places
        level = round(10 * (places - segment.free) / places)
        if 0 < segment.free < places:
            level = min(max(level, 1), 9)  # neither empty nor full must look so
        more = []
        if own := sum(entry.places for entry in segment.own):
            more.append(f"{self.labels.yours} {own}")
        if segment.late:
            more.append(self.labels.some_out % {"places": segment.late})
        if segment.starts_at is None and segment.end > reasons.now and segment.free and segment.kind == segments.FREE:
            more.append(reasons.of(segment))
        text = self.labels.some_free % {"free": segment.free}
        css = f"s n{level}" + (" mn" if own else "")
        href = self._new(segment, row.machine.slug)
        return Cell(width, css, text, str(segment.free), more=" · ".join(more), href=href)

    def _new(self, segment: Segment, slug: str) -> str:
        if segment.starts_at is None or not self.viewer.may_reserve:
            return ""
        return f"{self.addresses.new}?machine={slug}&start={url_instant(segment.starts_at)}"


def _fit_text(cell: Cell, room: Room, total: int, *, is_left: bool) -> None:
    """Show as much of a block's text as fits into its room; the rest is said where it is pointed at."""
    columns = room.before if is_left else room.behind if cell.flows else room.own
    shown = cell.name or cell.time
    turned = "l" if is_left else shown_from(shown, columns, total, may_be_cut=bool(cell.name))
    if turned and not is_left and cell.turned:
        cell.more, cell.name, cell.time = cell.name, "", cell.turned
    if cell.name and cell.time and (turned or shown_from(cell.time, columns, total)):
        cell.more, cell.time = " ".join(filter(None, (cell.time, cell.more))), ""
    elif turned and not is_left and len(cell.time) > TURNED_CHARACTERS:
        cell.more, cell.time = " ".join(filter(None, (cell.time, cell.more))), nearest_hours(cell.time)
    if cell.is_own:
        return  # drawn at least as wide as a target, and says no more than "Me"
    classes = [cell.css, turned]
    if cell.name:  # a time is never cut: it has its room
        classes.append(wider(cell.width, columns, shown, total, turned))
    cell.css = " ".join(filter(None, classes))


def _fit_count(cell: Cell, columns: int, total: int) -> None:
    """Show how many places are free: of a narrow step the number alone, of a very narrow one nothing."""
    number, cell.time = cell.time, ""
    if not shown_from(cell.name, columns, total):
        return
    before, _number, after = cell.name.partition(number)
    cell.hidden, cell.name = before.strip(), number
    cell.more = " ".join(filter(None, (after.strip(), cell.more)))
    if columns_px(columns, total) < len(number) * CHARACTER_PX + COUNT_PADDING_PX:
        cell.css += f" {ALWAYS_TURNED}"
