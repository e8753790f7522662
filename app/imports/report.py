"""What becomes of a table, row by row."""

from __future__ import annotations

from dataclasses import dataclass

ENTERED, CHANGED, SAME, REFUSED = "entered", "changed", "same", "refused"


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What becomes of a row: entered, changed, same or refused, with the reasons as sentences."""

    line: int
    key: str
    outcome: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What becomes of a table."""

    rows: tuple[RowOutcome, ...]

    def count(self, outcome: str) -> int:
        """How many rows end like this."""
        return sum(row.outcome == outcome for row in self.rows)

    def is_clean(self) -> bool:
        """Whether no row is refused, so that the table can be stored."""
        return not self.count(REFUSED)
