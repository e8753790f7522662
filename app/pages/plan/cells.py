"""A machine's segments as cells of the table: width in columns, class, text, link.

The table has thousands of cells, so its texts are looked up once and its cells hold no more than needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from app.pages.plan import segments
from app.pages.plan.axis import Axis
from app.pages.plan.segments import Segment
from app.wording.formats import format_clock_span
from app.wording.local_time import url_instant
from app.wording.whereabouts import due_text
from booking.queries import BoardEntry
from booking.timespan import TimeSpan

MIN_TARGET_PX = 24
MIN_TEXT_PX = {"t": 44, "k": 44, "s": 84}  # cells that are narrower keep their text for hovering and for readers
BOARD_PX = 1110  # the width of the time area on a screen of 1280 px, the narrowest that shows the table whole

# Kind of segment -> class of the cell; short, because they are repeated so often (see static/css/board.css). Free
# time has none. In cells of UNLINKED kinds the text stands alone, without an element around them.
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
UNBROKEN = "\N{WORD JOINER}"  # a time is never broken over two lines: half of it would be another time


@dataclass(slots=True)
class Cell:
    """One cell: colspan, classes, text, and address ("" without a link)."""

    width: int
    css: str
    text: str
    href: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether the text stands alone."""
        return self.css in UNLINKED


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at the plan: whose names may be shown, and whether free time is a link. workshop_ids: None is all."""

    member_id: int | None
    workshop_ids: frozenset[int] | None = frozenset()
    may_reserve: bool = True

    def is_own(self, entry: BoardEntry) -> bool:
        """Return whether the entry is the viewer's own reservation."""
        return entry.member_id is not None and entry.member_id == self.member_id

    def may_know(self, entry: BoardEntry, workshop_id: int) -> bool:
        """Return whether the viewer may know whose the entry is."""
        return self.is_own(entry) or self.workshop_ids is None or workshop_id in self.workshop_ids


class Labels:
    """The labels of the board in the language of the page, looked up once."""

    def __init__(self) -> None:
        self.of_kind = {
            segments.CLOSED: _("closed"),
            segments.GONE: _("past"),
            segments.EARLY: _("too soon to reserve"),
            segments.FAR: _("too far ahead"),
            segments.SETUP: _("set-up"),
            segments.CLEANING: _("cleaning"),
        }
        self.free = _("free")
        self.taken = _("taken")
        self.closure = _("closure")
        self.requested = _("requested")
        self.in_use = _("in use")
        self.some_free = _("%(free)s of %(places)s free")
        self.yours = _("mine")
        self.still_out = _("still out, was due %(due)s")
        self.some_out = _("%(places)s still out")

    def state(self, entry: BoardEntry) -> str:
        """Return what a name alone does not say."""
        return {"requested": self.requested, "in_use": self.in_use}.get(entry.status, "")


class CellMaker:
    """Turns the segments of rows into cells, for one viewer and one axis."""

    def __init__(self, axis: Axis, viewer: Viewer, labels: Labels, new_address: str, show_address: str) -> None:
        self.axis, self.viewer, self.labels = axis, viewer, labels
        self.new_address, self.show_address = new_address, show_address

    def cells(self, row_segments: Iterable[Segment], slug: str, places: int, workshop_id: int) -> list[Cell]:
        """Return the cells of a row; segments shorter than half a column are dropped, entries never."""
        made: list[Cell] = []
        cursor, total = 0, self.axis.columns
        for segment in row_segments:
            first, last = max(self.axis.column(segment.start), cursor), self.axis.column(segment.end)
            if segment.kind in (segments.WORK, segments.CLOSURE):
                last = max(last, first + 1)
            last = min(last, total)
            if last <= first:
                continue
            made.append(self._cell(segment, last - first, slug, places, workshop_id))
            cursor = last
        drop_overlapping_targets(made, BOARD_PX / total)
        for cell in made:
            if cell.width * BOARD_PX / total < MIN_TEXT_PX.get(cell.css[:1], 0):
                cell.css = "z" if cell.css == "t" else f"{cell.css} z"
        return made

    def lines(
        self, row_segments: Iterable[Segment], slug: str, places: int, workshop_id: int, now: datetime
    ) -> list[Cell]:
        """Return the lines of a list; what is closed, past or too short is left out."""
        return [
            self._line(segment, slug, places, workshop_id) for segment in row_segments if not _is_left_out(segment, now)
        ]

    def _line(self, segment: Segment, slug: str, places: int, workshop_id: int) -> Cell:
        cell = self._cell(segment, 1, slug, places, workshop_id)
        if segment.kind not in (segments.WORK, segments.FREE) or places > 1:
            cell.text = f"{self.clock(segment.starts_at or segment.start, segment.end)} {cell.text}"
        return cell

    def _cell(self, segment: Segment, width: int, slug: str, places: int, workshop_id: int) -> Cell:
        css = CSS[segment.kind]
        if segment.kind == segments.WORK and segment.entry is not None:
            return self._entry_cell(segment.entry, width, workshop_id)
        if segment.kind == segments.FREE and places == 1:
            text = f"{self.labels.free} {self.clock(segment.starts_at or segment.start, segment.end)}"
            return Cell(width, css, text, self._new(segment, slug))
        if segment.kind in (segments.FREE, segments.SHARED):
            return self._places_cell(segment, width, slug, places)
        if segment.kind == segments.CLOSURE and segment.entry is not None:
            return Cell(width, css, " ".join(filter(None, (self.labels.closure, segment.entry.text))))
        return Cell(width, css, self.labels.of_kind[segment.kind])

    def _entry_cell(self, entry: BoardEntry, width: int, workshop_id: int) -> Cell:
        if entry.due_at is not None:
            return self._late_cell(entry, entry.due_at, width, workshop_id)
        clock = self.clock(entry.starts_at, entry.ends_at).replace("–", f"–{UNBROKEN}")
        if not self.viewer.may_know(entry, workshop_id):
            return Cell(width, "t", f"{self.labels.taken} {clock}")
        css = "t m" if self.viewer.is_own(entry) else "t"
        if entry.status == "requested":
            css += " p"
        text = " ".join(filter(None, (entry.member_name, clock, self.labels.state(entry))))
        return Cell(width, css, text, f"{self.show_address}{entry.reservation_id}")

    def _late_cell(self, entry: BoardEntry, due_at: datetime, width: int, workshop_id: int) -> Cell:
        """Return the cell of a place that should be back: who has it, if one may know, and since when."""
        text = self.labels.still_out % {"due": due_text(due_at, self.axis.zone, entry.ends_at)}
        if not self.viewer.may_know(entry, workshop_id):
            return Cell(width, "t", text)
        css = "t m" if self.viewer.is_own(entry) else "t"
        return Cell(width, css, f"{entry.member_name} {text}", f"{self.show_address}{entry.reservation_id}")

    def _places_cell(self, segment: Segment, width: int, slug: str, places: int) -> Cell:
        level = round(10 * (places - segment.free) / places)
        if 0 < segment.free < places:
            level = min(max(level, 1), 9)  # neither empty nor full must look so
        text = self.labels.some_free % {"free": segment.free, "places": places}
        own = sum(entry.places for entry in segment.own)
        if own:
            text += f" · {self.labels.yours} {own}"
        if segment.late:
            text += " · " + self.labels.some_out % {"places": segment.late}
        return Cell(width, f"s n{level}" + (" m" if own else ""), text, self._new(segment, slug))

    def _new(self, segment: Segment, slug: str) -> str:
        if segment.starts_at is None or not self.viewer.may_reserve:
            return ""
        return f"{self.new_address}?machine={slug}&start={url_instant(segment.starts_at)}"

    def clock(self, start: datetime, end: datetime) -> str:
        """Return 7:30–11:35 by the clock of the board; over several days with the weekdays."""
        return format_clock_span(TimeSpan(start, end), self.axis.zone)


def _is_left_out(segment: Segment, now: datetime) -> bool:
    """Return whether a list of a day omits this segment."""
    if segment.kind == segments.FREE:
        return segment.starts_at is None
    if segment.kind == segments.SHARED:
        return segment.end <= now and not segment.own
    return segment.kind in (segments.CLOSED, segments.GONE, segments.SETUP, segments.CLEANING)


def drop_overlapping_targets(cells: Sequence[Cell], column_px: float) -> None:
    """Remove links that are too narrow to hit beside another one (WCAG 2.2, 2.5.8); the day view has them all.

    Free time has priority: of two that are too close, the reservation loses its link.
    """
    left = 0
    free: list[Target] = []
    others: list[Target] = []
    for cell in cells:
        if cell.href:
            target = Target(cell, left * column_px, (left + cell.width) * column_px)
            (others if cell.css else free).append(target)
        left += cell.width
    kept: list[Target] = []
    for target in (*free, *others):
        if any(target.is_too_close_to(other) for other in kept):
            target.cell.href = ""
        else:
            kept.append(target)


@dataclass(frozen=True, slots=True)
class Target:
    """A link on the row: the edges of its target, in pixels."""

    cell: Cell
    left: float
    right: float

    @property
    def is_narrow(self) -> bool:
        """Whether it is smaller than a target should be."""
        return self.right - self.left < MIN_TARGET_PX

    def is_too_close_to(self, other: Target) -> bool:
        """Return whether a circle around the middle of a narrow one touches the other, or the circle around it."""
        apart = abs(self.left + self.right - other.left - other.right) / 2
        if self.is_narrow and other.is_narrow:
            return apart < MIN_TARGET_PX
        if not (self.is_narrow or other.is_narrow):
            return False
        wide = other if self.is_narrow else self
        return apart - (wide.right - wide.left) / 2 < MIN_TARGET_PX / 2
