"""A machine's runs as cells of the table: width in columns, class, words, link.

The table is large (thousands of cells), so its words are looked up once and its cells carry no more than needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from app.pages.plan import runs
from app.pages.plan.axis import Axis
from app.pages.plan.runs import Run
from app.wording.formats import clock_span_words
from app.wording.local_time import url_instant
from booking.queries import BoardEntry
from booking.timespan import TimeSpan

MIN_TARGET_PX = 24
WORDS_PX = {"t": 44, "k": 44, "s": 84}  # cells that are narrower keep their words for hovering and for readers
BOARD_PX = 1110  # the width of the time area on a screen of 1280 px, the narrowest that shows the table whole

# Kind of run -> class of the cell; short, because they are repeated so often (see static/css/board.css). Free
# time has none. In cells of UNLINKED kinds the words stand alone, without an element around them.
CSS = {
    runs.CLOSED: "c",
    runs.GONE: "g",
    runs.EARLY: "e",
    runs.FAR: "e",
    runs.FREE: "",
    runs.SETUP: "b",
    runs.CLEANING: "b",
    runs.WORK: "t",
    runs.CLOSURE: "k",
    runs.SHARED: "s",
}
UNLINKED = ("c", "g", "e", "b")
UNBROKEN = "\N{WORD JOINER}"  # a time stands on one line or is cut with a sign; half of it would be another time


@dataclass(slots=True)
class Cell:
    """One cell: colspan, classes, what it says, and where it leads ("" nowhere)."""

    width: int
    css: str
    words: str
    href: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether the words stand alone."""
        return self.css in UNLINKED


@dataclass(frozen=True, slots=True)
class Eyes:
    """Who looks: what may be known of whom, and whether free time leads to the form. workshop_ids: None is all."""

    member_id: int | None
    workshop_ids: frozenset[int] | None = frozenset()
    may_reserve: bool = True

    def is_own(self, entry: BoardEntry) -> bool:
        """Whether the entry is the viewer's own reservation."""
        return entry.member_id is not None and entry.member_id == self.member_id

    def may_know(self, entry: BoardEntry, workshop_id: int) -> bool:
        """Whether the viewer may know whose the entry is."""
        return self.is_own(entry) or self.workshop_ids is None or workshop_id in self.workshop_ids


class Words:
    """The words of the board in the language of the page, looked up once."""

    def __init__(self) -> None:
        self.of_kind = {
            runs.CLOSED: _("closed"),
            runs.GONE: _("past"),
            runs.EARLY: _("too soon to reserve"),
            runs.FAR: _("too far ahead"),
            runs.SETUP: _("set-up"),
            runs.CLEANING: _("cleaning"),
        }
        self.free = _("free")
        self.taken = _("taken")
        self.closure = _("closure")
        self.requested = _("requested")
        self.in_use = _("in use")
        self.some_free = _("%(free)s of %(places)s free")
        self.yours = _("mine")

    def state(self, entry: BoardEntry) -> str:
        """What a name alone does not say."""
        return {"requested": self.requested, "in_use": self.in_use}.get(entry.status, "")


class CellMaker:
    """Turns the runs of rows into cells, for one viewer and one axis."""

    def __init__(self, axis: Axis, eyes: Eyes, words: Words, new_address: str, show_address: str) -> None:
        self.axis, self.eyes, self.words = axis, eyes, words
        self.new_address, self.show_address = new_address, show_address

    def cells(self, row_runs: Iterable[Run], slug: str, places: int, workshop_id: int) -> list[Cell]:
        """The cells of a row; runs shorter than half a column vanish, entries never do."""
        made: list[Cell] = []
        cursor, total = 0, self.axis.columns
        for run in row_runs:
            first, last = max(self.axis.column(run.start), cursor), self.axis.column(run.end)
            if run.kind in (runs.WORK, runs.CLOSURE):
                last = max(last, first + 1)
            last = min(last, total)
            if last <= first:
                continue
            made.append(self._cell(run, last - first, slug, places, workshop_id))
            cursor = last
        space(made, BOARD_PX / total)
        for cell in made:
            if cell.width * BOARD_PX / total < WORDS_PX.get(cell.css[:1], 0):
                cell.css = "z" if cell.css == "t" else f"{cell.css} z"
        return made

    def lines(self, row_runs: Iterable[Run], slug: str, places: int, workshop_id: int, now: datetime) -> list[Cell]:
        """The same as lines of a list: what is closed, past or too short is left out."""
        return [self._line(run, slug, places, workshop_id) for run in row_runs if not _goes_without_saying(run, now)]

    def _line(self, run: Run, slug: str, places: int, workshop_id: int) -> Cell:
        cell = self._cell(run, 1, slug, places, workshop_id)
        if run.kind not in (runs.WORK, runs.FREE) or places > 1:
            cell.words = f"{self.clock(run.starts_at or run.start, run.end)} {cell.words}"
        return cell

    def _cell(self, run: Run, width: int, slug: str, places: int, workshop_id: int) -> Cell:
        css = CSS[run.kind]
        if run.kind == runs.WORK and run.entry is not None:
            return self._entry_cell(run.entry, width, workshop_id)
        if run.kind == runs.FREE and places == 1:
            words = f"{self.words.free} {self.clock(run.starts_at or run.start, run.end)}"
            return Cell(width, css, words, self._new(run, slug))
        if run.kind in (runs.FREE, runs.SHARED):
            return self._places_cell(run, width, slug, places)
        if run.kind == runs.CLOSURE and run.entry is not None:
            return Cell(width, css, " ".join(filter(None, (self.words.closure, run.entry.text))))
        return Cell(width, css, self.words.of_kind[run.kind])

    def _entry_cell(self, entry: BoardEntry, width: int, workshop_id: int) -> Cell:
        clock = self.clock(entry.starts_at, entry.ends_at).replace("–", f"–{UNBROKEN}")
        if not self.eyes.may_know(entry, workshop_id):
            return Cell(width, "t", f"{self.words.taken} {clock}")
        css = "t m" if self.eyes.is_own(entry) else "t"
        if entry.status == "requested":
            css += " p"
        words = " ".join(filter(None, (entry.member_name, clock, self.words.state(entry))))
        return Cell(width, css, words, f"{self.show_address}{entry.reservation_id}")

    def _places_cell(self, run: Run, width: int, slug: str, places: int) -> Cell:
        level = round(10 * (places - run.free) / places)
        if 0 < run.free < places:
            level = min(max(level, 1), 9)  # neither empty nor full must look so
        words = self.words.some_free % {"free": run.free, "places": places}
        own = sum(entry.places for entry in run.own)
        if own:
            words += f" · {self.words.yours} {own}"
        return Cell(width, f"s n{level}" + (" m" if own else ""), words, self._new(run, slug))

    def _new(self, run: Run, slug: str) -> str:
        if run.starts_at is None or not self.eyes.may_reserve:
            return ""
        return f"{self.new_address}?machine={slug}&start={url_instant(run.starts_at)}"

    def clock(self, start: datetime, end: datetime) -> str:
        """7:30–11:35 by the clock of the board; over several days with the weekdays."""
        return clock_span_words(TimeSpan(start, end), self.axis.zone)


def _goes_without_saying(run: Run, now: datetime) -> bool:
    """Whether a list of a day is better without this stretch."""
    if run.kind == runs.FREE:
        return run.starts_at is None
    if run.kind == runs.SHARED:
        return run.end <= now and not run.own
    return run.kind in (runs.CLOSED, runs.GONE, runs.SETUP, runs.CLEANING)


def space(cells: Sequence[Cell], column_px: float) -> None:
    """Take links that are too narrow to hit beside another one (WCAG 2.2, 2.5.8); the day view has them all.

    Free time goes first: where both are too close, a reservation gives up its link.
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
    """A link on the row: the edges of what can be hit, in pixels."""

    cell: Cell
    left: float
    right: float

    @property
    def is_narrow(self) -> bool:
        """Whether it is smaller than a target should be."""
        return self.right - self.left < MIN_TARGET_PX

    def is_too_close_to(self, other: Target) -> bool:
        """Whether a circle around the middle of a narrow one touches the other, or the circle around it."""
        apart = abs(self.left + self.right - other.left - other.right) / 2
        if self.is_narrow and other.is_narrow:
            return apart < MIN_TARGET_PX
        if not (self.is_narrow or other.is_narrow):
            return False
        wide = other if self.is_narrow else self
        return apart - (wide.right - wide.left) / 2 < MIN_TARGET_PX / 2
