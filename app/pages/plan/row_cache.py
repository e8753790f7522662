"""Rendered rows of the plan, cached until they would look different.

A week of fifty machines has thousands of cells, and few of them change between two requests. A row is cached by the
mark of its machine (see BoardOutline), by what is shown (RenderKey) and by what the viewer may know. Each process has
its own cache, so nothing needs to be invalidated across processes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from flask import current_app

from app.pages.plan.viewer import Viewer
from booking.eligibility import MemberEligibility
from booking.kernel.lru_byte_cache import LruByteCache
from booking.queries import Board, BoardMachine, BoardRow, BoardWorkshop

BYTES_MAX = 8 * 1024 * 1024
ROW_OVERHEAD_BYTES = 1_000  # of Python's objects beside the texts
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


class RowRenderer(Protocol):
    """Renders the row of a machine."""

    @property
    def key(self) -> RenderKey: ...

    def render(self, row: BoardRow, place: BoardWorkshop) -> str: ...


@dataclass(frozen=True, slots=True)
class CachedRow:
    """A rendered row: the members who hold something in it, and its text for each variant."""

    member_ids: frozenset[int]
    texts: Mapping[Variant, str]

    @property
    def size(self) -> int:
        """Roughly how many bytes it takes."""
        return ROW_OVERHEAD_BYTES + sum(map(sys.getsizeof, self.texts.values()))


class RowCache:
    """The rendered rows of a process, the least recently used dropped first."""

    def __init__(self, bytes_max: int = BYTES_MAX) -> None:
        self._rows = LruByteCache[CachedRow](bytes_max, lambda row: row.size)

    def find(self, name: Name, viewer: Viewer, machine: BoardMachine) -> str | None:
        """Return the cached row for this viewer, if any."""
        row = self._rows.get(name)
        return None if row is None else row.texts.get(variant_of(viewer, machine, row.member_ids))

    def keep(self, name: Name, member_ids: frozenset[int], variant: Variant, text: str) -> None:
        """Keep a row in one variant beside its other ones."""
        row = self._rows.get(name)
        texts = {} if row is None else row.texts
        self._rows.put(name, CachedRow(member_ids, {**texts, variant: text}))


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
    wanted = {row.machine.id for row in shown.rows}
    found = [_cached(cache, renderer.key, shown, marks, viewer) for renderer in renderers]
    to_read = set().union(*(wanted - texts.keys() for texts in found))
    if to_read:
        full = fill(to_read)
        for renderer, texts in zip(renderers, found, strict=True):
            _render_missing(cache, renderer, full, marks, viewer, texts)
    return found


def _cached(cache: RowCache, key: RenderKey, shown: Board, marks: Marks, viewer: Viewer) -> dict[int, str]:
    texts = {}
    for machine in (row.machine for row in shown.rows):
        if (text := cache.find((key, machine.id, marks[machine.id]), viewer, machine)) is not None:
            texts[machine.id] = text
    return texts


def _render_missing(
    cache: RowCache, renderer: RowRenderer, full: Board, marks: Marks, viewer: Viewer, texts: dict[int, str]
) -> None:
    for place in full.workshops:
        for row in place.rows:
            machine_id = row.machine.id
            if machine_id in texts:
                continue
            texts[machine_id] = renderer.render(row, place)
            member_ids = frozenset(entry.member_id for entry in row.entries if entry.member_id is not None)
            name, variant = (renderer.key, machine_id, marks[machine_id]), variant_of(viewer, row.machine, member_ids)
            cache.keep(name, member_ids, variant, texts[machine_id])
