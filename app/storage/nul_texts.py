"""NUL in the texts of a SQLite database, which earlier versions stored: found, and replaced by U+FFFD.

Replaced and not removed, so that two unique texts do not become the same, and a reader sees that something is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, String, Table, func, select, text
from sqlalchemy.engine import make_url

from app.storage.backup import database_at
from app.storage.table_copy import constraints_disabled
from booking.kernel.orm import Base
from booking.kernel.texts import NUL, REPLACEMENT
from booking.kernel.write_lock import write_lock_of

WAIT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class NulTexts:
    """How many rows of a table hold NUL in a column."""

    table: str
    column: str
    rows: int


def find(connection: Connection) -> Iterator[NulTexts]:
    """Yield the columns of a SQLite database that hold NUL. Reads every table once."""
    for table in Base.metadata.sorted_tables:
        columns = _text_columns(table)
        if not columns:
            continue
        counts = connection.execute(
            select(*(func.coalesce(func.sum(func.instr(table.c[name], func.char(0)) > 0), 0) for name in columns))
        ).one()
        yield from (
            NulTexts(table.name, name, int(count)) for name, count in zip(columns, counts, strict=True) if count
        )


def replace_all(database_uri: str) -> int:
    """Replace NUL in all texts of a SQLite database, posted ones too; return in how many. PostgreSQL has none."""
    url = make_url(database_uri)
    if url.get_backend_name() != "sqlite" or not url.database:
        return 0
    lock = write_lock_of(Path(url.database)).acquire(WAIT_SECONDS) if Path(url.database).exists() else nullcontext()
    with lock, database_at(database_uri, writing=True) as connection:
        found = list(find(connection))
        if found:
            with constraints_disabled(connection):
                for each in found:
                    _replace(connection, each)
        return sum(each.rows for each in found)


def _replace(connection: Connection, found: NulTexts) -> None:
    table, column = found.table, found.column
    rows = connection.execute(
        text(f'SELECT rowid, "{column}" FROM "{table}" WHERE instr("{column}", char(0))')  # noqa: S608
    ).all()
    for rowid, stored in rows:
        connection.execute(
            text(f'UPDATE "{table}" SET "{column}" = :text WHERE rowid = :row'),  # noqa: S608
            {"text": stored.replace(NUL, REPLACEMENT), "row": rowid},
        )


def _text_columns(table: Table) -> list[str]:
    return [column.name for column in table.columns if isinstance(column.type, String)]
