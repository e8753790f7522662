"""A machine's segments as cells of the table: width in columns, classes, text, link.

The table has thousands of cells, so its texts are looked up once and its cells hold no more than needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from app.pages.plan import segments
from app.pages.plan.axis import Axis
from app.pages.plan.labels import Labels, short_clock
from app.pages.plan.reasons import Reasons
from app.pages.plan.room import BOARD_PX, columns_px, rooms, shown_from, wider
from app.pages.plan.segments import Segment
from app.pages.plan.targets import drop_overlapping_targets
from app.pages.plan.viewer import Viewer
from app.wording import formats
from app.wording.local_time import url_instant
from app.wording.whereabouts import due_text
from booking.queries import BoardEntry, BoardRow, BoardWorkshop
from booking.wall_clock import to_wall

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
OWN_NAME_PX = 14  # one's own block is drawn at least as wide as a target, and says no more than "Me"
BUSY = (segments.WORK, segments.CLOSURE, segments.SHARED)


@dataclass(slots=True)
class Cell:
    """One cell: colspan, classes, what it says, and address ("" without a link).

    name: who, or what; may be cut. time: beside it, never cut. hidden: for readers and the card before the name, more
    after it.
    """

    width: int
    css: str
    name: str = ""
    time: str = ""
    hidden: str = ""
    more: str = ""
    href: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether the text stands alone."""
        return self.css in UNLINKED

    @property
    def text(self) -> str:
        """All it says, as one text."""
        return " ".join(filter(None, (self.hidden, self.name, self.time, self.more)))


class CellMaker:
    """Turns the segments of rows into cells, for one viewer and one axis."""

    def __init__(self, axis: Axis, viewer: Viewer, labels: Labels, new_address: str, show_address: str) -> None:
        self.axis, self.viewer, self.labels = axis, viewer, labels
        self.new_address, self.show_address = new_address, show_address

    def cells(self, row_segments: Iterable[Segment], row: BoardRow, place: BoardWorkshop, now: datetime) -> list[Cell]:
        """Return the cells of a row; segments shorter than half a column are dropped, entries never."""
        reasons = Reasons(self.axis, row, place, now, self.viewer.eligibility_for(row.machine))
        made: list[Cell] = []
        kinds: list[str] = []
        cursor, total = 0, self.axis.columns
        for segment in _with_closed_days(row_segments, reasons):
            first, last = max(self.axis.column(segment.start), cursor), self.axis.column(segment.end)
            if segment.kind in (segments.WORK, segments.CLOSURE):
                last = max(last, first + 1)
            last = min(last, total)
            if last <= first:
                continue
            made.append(self._cell(segment, last - first, row, place.id, reasons))
            kinds.append(segment.kind)
            cursor = last
        drop_overlapping_targets(made, columns_px(1, total, BOARD_PX))
        self._fit(made, kinds)
        return made

    def _fit(self, cells: list[Cell], kinds: list[str]) -> None:
        """Add to each block the classes by which its text has as much room as there is."""
        total = self.axis.columns
        room = rooms([cell.width for cell in cells], [kind in BUSY for kind in kinds])
        for cell, columns in zip(cells, room, strict=True):
            if cell.css.startswith("t") and " m" not in cell.css:
                _fit_text(cell, columns, total)
            elif cell.css[:1] in ("t", "k", "s"):
                _fit_text(cell, cell.width, total)
            elif not cell.css and not cell.href:
                cell.css = CSS[segments.GONE]

    def _cell(self, segment: Segment, width: int, row: BoardRow, workshop_id: int, reasons: Reasons) -> Cell:
        css, machine = CSS[segment.kind], row.machine
        if segment.kind == segments.WORK and segment.entry is not None:
            return self._entry_cell(segment.entry, width, workshop_id)
        if segment.kind == segments.CLOSURE and segment.entry is not None:
            return Cell(width, css, segment.entry.text or self.labels.closure, hidden=self.labels.closure)
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
            return self.labels.all_free % {"day": formats.format_short_weekday(first)}
        return f"{self.labels.free} {short_clock(start, segment.end, self.axis.zone)}"

    def _entry_cell(self, entry: BoardEntry, width: int, workshop_id: int) -> Cell:
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
        return Cell(width, css, name, clock, more=more, href=f"{self.show_address}{entry.reservation_id}")

    def _late_cell(self, entry: BoardEntry, due_at: datetime, width: int, workshop_id: int) -> Cell:
        """Return the cell of a place that should be back: who has it, if one may know, and since when."""
        text = self.labels.still_out % {"due": due_text(due_at, self.axis.zone, entry.ends_at)}
        if not self.viewer.may_know(entry, workshop_id):
            return Cell(width, "t o", text)
        is_own = self.viewer.is_own(entry)
        name = self.labels.mine if is_own else entry.member_name
        css = "t m o" if is_own else "t o"
        return Cell(width, css, name, more=text, href=f"{self.show_address}{entry.reservation_id}")

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
        return Cell(width, css, text, more=" · ".join(more), href=self._new(segment, row.machine.slug))

    def _new(self, segment: Segment, slug: str) -> str:
        if segment.starts_at is None or not self.viewer.may_reserve:
            return ""
        return f"{self.new_address}?machine={slug}&start={url_instant(segment.starts_at)}"


def _fit_text(cell: Cell, columns: int, total: int) -> None:
    """Show as much of a block's text as fits into some columns; the rest is said where it is pointed at."""
    if cell.name and cell.time and shown_from(cell.time, columns, total):
        cell.more, cell.time = " ".join(filter(None, (cell.time, cell.more))), ""
    shown = cell.name or cell.time
    if " m" in cell.css and columns_px(columns, total) >= OWN_NAME_PX:
        return
    is_cut = bool(cell.name) and cell.css[:1] != "s"
    room = wider(cell.width, columns, shown, total) if cell.name else ""  # a time is never cut: it has its room
    extra = shown_from(shown, columns, total, may_be_cut=is_cut), room
    cell.css = " ".join(filter(None, (cell.css, *extra)))


def _with_closed_days(row_segments: Iterable[Segment], reasons: Reasons) -> Iterator[Segment]:
    for segment in row_segments:
        if segment.kind == segments.CLOSED:
            yield from reasons.parts_of_closed(segment)
        else:
            yield segment
