"""The order of a list by one of its columns, as it stands in the address: ?sort=name, and ?sort=-name from the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sorting:
    """The column that a list is sorted by. default: the order without an argument, as it would stand in the address."""

    column: str
    is_descending: bool
    default: str

    @classmethod
    def of(cls, arguments: Mapping[str, str], columns: Iterable[str], default: str) -> Sorting:
        """Return the order of a query string; default where it names no column of the list."""
        wanted = arguments.get("sort", default)
        if wanted.removeprefix("-") not in columns:
            wanted = default
        return cls(wanted.removeprefix("-"), wanted.startswith("-"), default)

    @property
    def argument(self) -> str | None:
        """The argument that keeps this order in another address of the list; None for the default."""
        written = f"-{self.column}" if self.is_descending else self.column
        return None if written == self.default else written

    def argument_for(self, column: str) -> str | None:
        """Return the argument behind the head of a column: its order, or the other way round if it is sorted by it."""
        if column == self.column:
            return Sorting(column, not self.is_descending, self.default).argument
        is_descending = f"-{column}" == self.default
        return Sorting(column, is_descending, self.default).argument

    def aria(self, column: str) -> str | None:
        """Return the value of aria-sort of a column; None for a column that the list is not sorted by."""
        if column != self.column:
            return None
        return "descending" if self.is_descending else "ascending"
