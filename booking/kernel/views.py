"""Read-only views: the columns that a statement selects, derived from the fields of the view."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    FromClause,
    Select,
    String,
    TypeDecorator,
    case,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute

from booking.kernel.orm import Base

Source = type[Base] | FromClause
Selectable = ColumnElement[Any] | InstrumentedAttribute[Any]


def columns_of(view: type[Any], source: Source, /, **named: Selectable | None) -> tuple[Any, ...]:
    """Return the columns that fill a view, one for each of its fields, in the same order.

    A field is read from the column of the same name in source, unless named gives its column, so that
    `view(*row)` makes a view out of a row of `select(*columns_of(view, source, ...))`.

    Args:
        view: a dataclass or a NamedTuple.
        source: a model; or a table, for hot paths that must not pay for the ORM.
        named: field -> its column, where the name differs, or the column belongs to another model; None for a
            field that is not read but given beside the row.

    Raises:
        TypeError: a field without a column, or a named column without a field. Both are bugs of the caller,
            and views are put together on import.
    """
    names = fields_of(view)
    if unknown := named.keys() - set(names):
        raise TypeError(f"{view.__name__} has no field {', '.join(sorted(unknown))}")
    own = source.c if isinstance(source, FromClause) else source
    columns = (_labelled(named[name], name) if name in named else _own(view, own, name) for name in names)
    return tuple(column for column in columns if column is not None)


def fields_of(view: type[Any]) -> tuple[str, ...]:
    """Return the names of the fields of a dataclass or a NamedTuple, in order."""
    if is_dataclass(view):
        return tuple(field.name for field in fields(view) if field.init)
    return tuple(view._fields)


def converted(column: Selectable, convert: Callable[[str], Any]) -> ColumnElement[Any]:
    """Return a column of text whose values are read through a function: a zone out of its name, say."""
    return type_coerce(column, _Converted(convert))


def without_index(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return a condition that no index can answer, so that a list is read in the order of its own index.

    A planner without statistics would else read all rows of the condition, and sort them to show the first.
    """
    return case((condition, 1), else_=0) == 1


def first_of_each(
    ids: Select[int], ways: Sequence[ColumnElement[bool]], order: Sequence[Any], limit: int
) -> CompoundSelect[int]:
    """Return a statement of the first ids by each of some conditions, each read in the order of an index.

    A single condition with OR would read and sort the whole table to show its first page. One found in two ways stands
    in it twice, which an IN does not mind: a UNION makes newer SQLite merge its parts, and read them in order of id.
    """
    parts = (ids.where(way).order_by(*order).limit(limit).subquery() for way in ways)
    return union_all(*(select(part.c.id) for part in parts))


def in_order(keys: Iterable[Selectable], last: Selectable, *, is_descending: bool) -> tuple[ColumnElement[Any], ...]:
    """Return the order of a statement by some keys, and by a last one that tells equal rows apart."""
    return tuple(key.desc() if is_descending else key.asc() for key in (*keys, last))


class _Converted(TypeDecorator[Any]):
    """Text that is converted as it is read; null stays None."""

    impl = String
    cache_ok = True

    def __init__(self, convert: Callable[[str], Any]) -> None:
        super().__init__()
        self.convert = convert

    def process_result_value(self, value: str | None, dialect: object) -> Any:
        return None if value is None else self.convert(value)


def _own(view: type[Any], source: Any, name: str) -> Selectable:
    column: Selectable | None = getattr(source, name, None)
    if column is None:
        raise TypeError(f"{view.__name__}.{name} has no column in {source!r}: name it")
    return column


def _labelled(column: Selectable | None, name: str) -> Selectable | None:
    return column if column is None or getattr(column, "key", None) == name else column.label(name)
