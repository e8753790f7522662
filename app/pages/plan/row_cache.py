"""Rendered rows of the plan, cached until they would look different.

A week of fifty machines has thousands of cells, and few of them change between two requests. A row is cached by the
mark of its machine (see BoardOutline), by what is shown (RenderKey) and by what the viewer may know. Each process has
its own cache, so nothing needs to be invalidated across processes.

Members who hold something in a row each see it in another way. What these ways have in common is cached beside them:
what holds the machine need not be read again, nor cut into segments, and mostly others' cells need not be made again
(own_cells.py). Fifty members who look at the same moment wait for the first of them, instead of all doing its work.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock
from typing import Protocol

from flask import current_app

from app.pages.plan.own_cells import OthersRow
from app.pages.plan.segments import Segment
from app.pages.plan.viewer import Viewer
from booking.kernel.lru_byte_cache import LruByteCache
from booking.queries import Board, BoardMachine, BoardRow, BoardWorkshop
from booking.rules.eligibility import MemberEligibility

BYTES_MAX = 8 * 1024 * 1024
TURN_SECONDS = 1.0
ROW_OVERHEAD_BYTES = 1_000  # of Python's objects beside the texts
ENTRY_BYTES, SEGMENT_BYTES = 700, 250  # measured, with their instants
Marks = Mapping[int, tuple[int, int]]
Fill = Callable[[set[int]], Board]
Name = tuple["RenderKey", int, tuple[int, int]]
Variant = tuple[bool, int | None, bool, MemberEligibility | None]


@dataclass(frozen=True, slots=True)
class RenderKey:
    """What the text of a row depends on beside its machine and the viewer.

    minute: what is past and what may still be reserved moves with it. window: the hours drawn wide.
    """

    view: str
    start: datetime
    columns: int
    language: str
    minute: datetime
    window: tuple[int, int] = (0, 1440)


@dataclass(frozen=True, slots=True)
class RowSource:
    """What a row is rendered from: the same for all viewers.

    place: without its rows, which would stay in memory as long as one of them. segments: by what they depend on in the
    viewer, filled in by who renders. for_others: likewise, how those see the row who hold nothing in it.
    """

    row: BoardRow
    place: BoardWorkshop
    segments: dict[Hashable, Sequence[Segment]] = field(default_factory=dict)
    for_others: dict[Hashable, OthersRow] = field(default_factory=dict)

    @property
    def member_ids(self) -> frozenset[int]:
        """The members who hold something in it."""
        return frozenset(entry.member_id for entry in self.row.entries if entry.member_id is not None)

    @property
    def size(self) -> int:
        """Roughly how many bytes it takes."""
        of_others = sum(one.size for one in self.for_others.values())
        return ENTRY_BYTES * len(self.row.entries) + SEGMENT_BYTES * sum(map(len, self.segments.values())) + of_others


class RowRenderer(Protocol):
    """Renders the row of a machine."""

    @property
    def key(self) -> RenderKey: ...

    def render(self, source: RowSource) -> str: ...


@dataclass(frozen=True, slots=True)
class CachedRow:
    """A rendered row: the members who hold something in it, and its text for each variant.

    source: where there are such members, for whom it will be rendered again.
    """

    member_ids: frozenset[int]
    texts: Mapping[Variant, str]
    source: RowSource | None = None

    @property
    def size(self) -> int:
        """Roughly how many bytes it takes."""
        of_source = 0 if self.source is None else self.source.size
        return ROW_OVERHEAD_BYTES + of_source + sum(map(sys.getsizeof, self.texts.values()))


class RowCache:
    """The rendered rows of a process, the least recently used dropped first."""

    def __init__(self, bytes_max: int = BYTES_MAX) -> None:
        self._rows = LruByteCache[CachedRow](bytes_max, lambda row: row.size)
        self._turn = Lock()

    def find(self, name: Name, viewer: Viewer, machine: BoardMachine) -> str | None:
        """Return the cached row for this viewer, if any."""
        row = self._rows.get(name)
        return None if row is None else row.texts.get(variant_of(viewer, machine, row.member_ids))

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait, but not for long, until no other thread reads and renders: it probably makes what this one needs."""
        is_mine = self._turn.acquire(timeout=TURN_SECONDS)
        try:
            yield
        finally:
            if is_mine:
                self._turn.release()

    def source(self, name: Name) -> RowSource | None:
        """Return what a cached row was rendered from, if it is still known."""
        row = self._rows.get(name)
        return None if row is None else row.source

    def keep(
        self, name: Name, member_ids: frozenset[int], variant: Variant, text: str, source: RowSource | None = None
    ) -> None:
        """Keep a row in one variant beside its other ones."""
        row = self._rows.get(name)
        texts = {} if row is None else row.texts
        self._rows.put(name, CachedRow(member_ids, {**texts, variant: text}, source if member_ids else None))


def variant_of(viewer: Viewer, machine: BoardMachine, member_ids: frozenset[int]) -> Variant:
    """Return what the text of a row depends on in the viewer.

    Whether names may be shown, the viewer's member if it holds something in the row, whether free time is a link,
    and what the viewer's member may run.
    """
    own_id = viewer.member_id if viewer.member_id in member_ids else None
    return viewer.knows_names_of(machine.workshop_id), own_id, viewer.may_reserve, viewer.eligibility_for(machine)


def render_rows(
    shown: Board, marks: Marks, renderers: Sequence[RowRenderer], viewer: Viewer, fill: Fill
) -> list[dict[int, str]]:
    """Return for each renderer the rows of the shown machines by machine id.

    fill: reads what holds some machines; called once, for the machines without a cached row.
    """
    cache: RowCache = current_app.extensions.setdefault("plan_row_cache", RowCache())
    machines = [row.machine for row in shown.rows]
    made = [_Rows(cache, renderer, marks, viewer) for renderer in renderers]
    if any(rows.render_known(machines) for rows in made):
        with cache.turn():
            to_read = set[int]().union(*(rows.render_known(machines) for rows in made))
            if to_read:
                places = fill(to_read).workshops
                read = [RowSource(row, replace(place, rows=())) for place in places for row in place.rows]
                for rows in made:
                    rows.render(read)
    return [rows.texts for rows in made]


class _Rows:
    """The rows that one renderer makes for a viewer, by machine id."""

    def __init__(self, cache: RowCache, renderer: RowRenderer, marks: Marks, viewer: Viewer) -> None:
        self._cache, self._renderer, self._marks, self._viewer = cache, renderer, marks, viewer
        self.texts: dict[int, str] = {}

    def _name(self, machine_id: int) -> Name:
        return self._renderer.key, machine_id, self._marks[machine_id]

    def render_known(self, machines: Iterable[BoardMachine]) -> set[int]:
        """Render what is cached or known well enough; return the ids of the machines of which nothing is known."""
        unknown = set()
        for machine in machines:
            if machine.id in self.texts:
                continue
            name = self._name(machine.id)
            if (text := self._cache.find(name, self._viewer, machine)) is not None:
                self.texts[machine.id] = text
            elif (source := self._cache.source(name)) is not None:
                self.render([source])
            else:
                unknown.add(machine.id)
        return unknown

    def render(self, sources: Iterable[RowSource]) -> None:
        """Render and cache the rows that are not rendered yet."""
        for source in sources:
            machine, member_ids = source.row.machine, source.member_ids
            if machine.id not in self.texts:
                text = self.texts[machine.id] = self._renderer.render(source)
                variant = variant_of(self._viewer, machine, member_ids)
                self._cache.keep(self._name(machine.id), member_ids, variant, text, source)
