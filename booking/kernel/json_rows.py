"""Rows of a subquery aggregated into one JSON value, alike on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class json_rows(FunctionElement[list[list[Any]]]):  # noqa: N801 - an SQL function, written like SQLAlchemy's own
    """The rows of a group as a list of lists, one item per column; order unspecified.

    Without rows: [] on SQLite, None on PostgreSQL. Dates arrive as "YYYY-MM-DD" on both.
    """

    type = JSON()
    inherit_cache = True

    def __init__(self, *columns: ColumnElement[Any]) -> None:
        super().__init__(*columns)


@compiles(json_rows, "sqlite")
def _sqlite(element: json_rows, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **kwargs)}))"


@compiles(json_rows, "postgresql")
def _postgresql(element: json_rows, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"json_agg(json_build_array({compiler.process(element.clauses, **kwargs)}))"
