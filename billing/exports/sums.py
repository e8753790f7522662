"""Sums of the columns of a table, added up while its rows are written."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from billing.exports.tables import Column, Row


class ColumnSum:
    """The sum of one column; it makes sense as long as some other columns have a single value each."""

    def __init__(self, position: int, same: Sequence[int]) -> None:
        self.position = position
        self.value: int | Decimal = 0
        self.makes_sense = True
        self._same = tuple(same)
        self._first: Row | None = None

    def add(self, row: Row) -> None:
        """Add the cell of a row; an empty one counts nothing."""
        cell = row[self.position]
        if isinstance(cell, (int, Decimal)):
            self.value += cell
        values = tuple(row[position] for position in self._same)
        if self._first is None:
            self._first = values
        elif values != self._first:
            self.makes_sense = False


def sums_of(columns: Sequence[Column]) -> list[ColumnSum]:
    """Return a sum for each column that may be summed."""
    positions = {column.code: position for position, column in enumerate(columns)}
    return [
        ColumnSum(positions[column.code], [positions[code] for code in column.sums_while])
        for column in columns
        if column.sums_while is not None
    ]
