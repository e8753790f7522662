"""Report of an import: the outcome of each row, and what the user has to answer before it is certain."""

from __future__ import annotations

from dataclasses import dataclass

from app.imports.history import StoredRecord
from app.imports.leavers import ImportedLeaver
from app.imports.values import CellChange

ENTERED, CHANGED, SAME, REFUSED = "entered", "changed", "same", "refused"


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """The outcome of a row: entered, changed, same or refused, with the reasons or remarks as sentences.

    changes: the values that would change; of a new record all that it would have. kept: the headers of empty cells
    under which something is stored that stays. stored: what was stored, to be taken back. outside: how many
    reservations to come lie outside the changed rules.
    """

    line: int
    key: str
    outcome: str
    reasons: tuple[str, ...] = ()
    changes: tuple[CellChange, ...] = ()
    kept: tuple[str, ...] = ()
    stored: StoredRecord | None = None
    outside: int = 0

    @property
    def emptied(self) -> int:
        """How many stored values would be lost without anything in their place."""
        return sum(change.is_emptied for change in self.changes)


@dataclass(frozen=True, slots=True)
class LostZeros:
    """A number that a spreadsheet may have changed: as written in the file, and as it probably was."""

    line: int
    column: str
    written: str
    probable: str


@dataclass(frozen=True, slots=True)
class Report:
    """The outcomes of all rows of a table. lost_zeros: numbers about which the user has to decide.

    leavers: members who get a last day and still hold or owe something.
    """

    rows: tuple[RowOutcome, ...]
    lost_zeros: tuple[LostZeros, ...] = ()
    leavers: tuple[ImportedLeaver, ...] = ()

    def count(self, outcome: str) -> int:
        """Return the number of rows with an outcome."""
        return sum(row.outcome == outcome for row in self.rows)

    @property
    def emptied(self) -> int:
        """How many stored values would be lost without anything in their place."""
        return sum(row.emptied for row in self.rows)

    @property
    def outside(self) -> int:
        """How many reservations to come lie outside the changed rules."""
        return sum(row.outside for row in self.rows)

    @property
    def kept(self) -> int:
        """How many cells are empty although something is stored, which stays."""
        return sum(len(row.kept) for row in self.rows)

    def is_clean(self) -> bool:
        """Return whether no row is refused, so that the table can be stored."""
        return not self.count(REFUSED)
