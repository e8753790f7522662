"""The row of a text about one machine, room, tool or person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import LazyString

from booking.machine_sorts import PERSON, ROOM, TOOL


@dataclass(frozen=True, slots=True, kw_only=True)
class SortText:
    """A text about one machine, room, tool or person, with the same placeholders in each."""

    code: str
    machine: LazyString
    room: LazyString
    tool: LazyString
    person: LazyString

    def of(self, sort: str) -> LazyString:
        """Return the sentence of a sort; a sort of a later version reads as a machine."""
        return {ROOM: self.room, TOOL: self.tool, PERSON: self.person}.get(sort, self.machine)


def by_code(rows: Iterable[SortText]) -> dict[str, SortText]:
    """Return the texts by their codes. Raises ValueError for a code that has two texts."""
    found: dict[str, SortText] = {}
    for row in rows:
        if found.setdefault(row.code, row) is not row:
            raise ValueError(f"sort text {row.code} has two rows")
    return found
