"""The tables that leave the house: their columns by code, their rows as plain values.

The words over the columns, and those for codes, are given by the edge, which knows the reader's language.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

TEXT, CODE, DAY, WHOLE, EXACT, MONEY = "text", "code", "day", "whole", "exact", "money"

# Stands in the properties of a file that has no day of its own: never the clock's.
EMPTY_ON = date(2020, 1, 1)

Cell = str | int | Decimal | date | None
Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    kind: text, code (one of a few, which has a word), day, whole (integer), exact (decimal) or money (integer cents,
    shown in euro).

    The cells of a column are of its kind, or None.
    """

    code: str
    kind: str


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows; made_on stands in the file's properties, so that it does not depend on the clock."""

    name: str
    columns: tuple[Column, ...]
    rows: Iterator[Row]
    made_on: date
