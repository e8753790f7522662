"""Rows of the plan as they were rendered, kept until they would look different.

A week of fifty machines has thousands of cells, and hardly any of them changes between two looks. A row is kept
by the mark of its machine (see BoardOutline), by what is looked at (Look) and by what the viewer may know of it.
Each process keeps its own rows; nothing is shared, so nothing has to be told to others.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Protocol

from flask import current_app

from app.pages.plan.cells import Eyes
from booking.queries import Board, BoardRow, BoardWorkshop

OCTETS_MAX = 8 * 1024 * 1024
OCTETS_OF_A_ROW = 1_000  # what Python needs beside the texts
Marks = Mapping[int, tuple[int, int]]
Fill = Callable[[set[int]], Board]
Name = tuple["Look", int, tuple[int, int]]
Variant = tuple[bool, int | None, bool]


@dataclass(frozen=True, slots=True)
class Look:
    """What a row looks like apart from its machine and the viewer: view, time, columns, language, and the minute,
    because what is past and what may still be reserved moves with it."""

    view: str
    start: datetime
    columns: int
    language: str
    minute: datetime


class Painter(Protocol):
    """Renders the row of a machine."""

    @property
    def look(self) -> Look: ...

    def paint(self, row: BoardRow, place: BoardWorkshop) -> str: ...


@dataclass(slots=True)
class Kept:
    """A row as rendered: who holds something in it, and its text for each way of looking at it."""

    member_ids: frozenset[int]
    texts: dict[Variant, str]

    @property
    def octets(self) -> int:
        """Roughly what keeping it costs."""
        return OCTETS_OF_A_ROW + sum(map(sys.getsizeof, self.texts.values()))


class Shelf:
    """The kept rows, the least used thrown away first. Shared by the threads of a process."""

    def __init__(self, octets_max: int = OCTETS_MAX) -> None:
        self._octets_max = octets_max
        self._octets = 0
        self._rows: OrderedDict[Name, Kept] = OrderedDict()
        self._lock = Lock()

    def find(self, name: Name, eyes: Eyes, workshop_id: int) -> str | None:
        """The row for this viewer, if it is kept."""
        with self._lock:
            kept = self._rows.get(name)
            if kept is None:
                return None
            self._rows.move_to_end(name)
            return kept.texts.get(variant_of(eyes, workshop_id, kept.member_ids))

    def keep(self, name: Name, member_ids: frozenset[int], variant: Variant, text: str) -> None:
        """Put a row on the shelf, and let the longest unused go when room is short."""
        with self._lock:
            kept = self._rows.pop(name, None)
            if kept is None:
                kept = Kept(member_ids, {})
            else:
                self._octets -= kept.octets
            kept.texts[variant] = text
            self._rows[name] = kept
            self._octets += kept.octets
            while self._octets > self._octets_max:
                self._octets -= self._rows.popitem(last=False)[1].octets


def variant_of(eyes: Eyes, workshop_id: int, member_ids: frozenset[int]) -> Variant:
    """Whether the viewer may know names in this row, the viewer's member where it holds something in it, and
    whether free time is a link."""
    knows = eyes.workshop_ids is None or workshop_id in eyes.workshop_ids
    return knows, eyes.member_id if eyes.member_id in member_ids else None, eyes.may_reserve


def painted(shown: Board, marks: Marks, painters: Sequence[Painter], eyes: Eyes, fill: Fill) -> list[dict[int, str]]:
    """For each painter the rows of the shown machines by machine id.

    fill: reads what holds some machines; asked once, for the machines of which a row is not kept.
    """
    shelf: Shelf = current_app.extensions.setdefault("plan_shelf", Shelf())
    wanted = {row.machine.id for row in shown.rows}
    found = [_kept(shelf, painter.look, shown, marks, eyes) for painter in painters]
    to_read = set().union(*(wanted - texts.keys() for texts in found))
    if to_read:
        full = fill(to_read)
        for painter, texts in zip(painters, found, strict=True):
            _paint_missing(shelf, painter, full, marks, eyes, texts)
    return found


def _kept(shelf: Shelf, look: Look, shown: Board, marks: Marks, eyes: Eyes) -> dict[int, str]:
    texts = {}
    for place in shown.workshops:
        for machine_id in (row.machine.id for row in place.rows):
            if (text := shelf.find((look, machine_id, marks[machine_id]), eyes, place.id)) is not None:
                texts[machine_id] = text
    return texts


def _paint_missing(
    shelf: Shelf, painter: Painter, full: Board, marks: Marks, eyes: Eyes, texts: dict[int, str]
) -> None:
    for place in full.workshops:
        for row in place.rows:
            machine_id = row.machine.id
            if machine_id in texts:
                continue
            texts[machine_id] = painter.paint(row, place)
            member_ids = frozenset(entry.member_id for entry in row.entries if entry.member_id is not None)
            name, variant = (painter.look, machine_id, marks[machine_id]), variant_of(eyes, place.id, member_ids)
            shelf.keep(name, member_ids, variant, texts[machine_id])
