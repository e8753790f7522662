"""The model of an exported table: columns by code, rows as plain values.

Headers and the texts of codes are added by the caller, which knows the language.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

TEXT, CODE, DAY, WHOLE, EXACT, MONEY = "text", "code", "day", "whole", "exact", "money"

# Creation date in the properties of a file whose content has no date: never the clock, so that bytes repeat.
UNDATED = date(2020, 1, 1)

Cell = str | int | Decimal | date | None
Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    kind: text, code (one of a fixed set, each with a text), day, whole (integer), exact (decimal) or money (integer
    cents, shown in euro). Cells are of this kind, or None.
    """

    code: str
    kind: str


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows. made_on: creation date in the file's properties."""

    name: str
    columns: tuple[Column, ...]
    rows: Iterator[Row]
    made_on: date


def dated_name(name: str, first: date, last: date) -> str:
    """Return the name of a table of some days: slips-20260101-20261231."""
    return f"{name}-{first:%Y%m%d}-{last:%Y%m%d}"
