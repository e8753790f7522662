"""The guards of the database: triggers and, on PostgreSQL, exclusions and checks.

Without one of them the program goes on as if nothing were missing, and what must never happen can. The files name
those of a new database; `tests/architecture/test_schema.py` compares them with the migrations and writes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, text

from app.storage.migrate import MIGRATIONS

ON_SQLITE = text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
ON_POSTGRESQL = text("""
    SELECT trigger.tgname FROM pg_trigger AS trigger JOIN pg_class AS class ON class.oid = trigger.tgrelid
    WHERE NOT trigger.tgisinternal AND trigger.tgenabled <> 'D' AND class.relnamespace = current_schema()::regnamespace
    UNION
    SELECT conname FROM pg_constraint WHERE contype IN ('x', 'c') AND connamespace = current_schema()::regnamespace
""")


def file_of(dialect: str) -> Path:
    """Return the file that names the guards of a database."""
    return MIGRATIONS / f"guards_on_{dialect}.txt"


def present(connection: Connection) -> set[str]:
    """Return the names of the guards that are there and switched on."""
    query = ON_SQLITE if connection.dialect.name == "sqlite" else ON_POSTGRESQL
    return set(connection.scalars(query))


def missing(connection: Connection) -> Sequence[str]:
    """Return the names of the guards that are not there, in order."""
    expected = file_of(connection.dialect.name).read_text(encoding="utf-8").split()
    return sorted(set(expected) - present(connection))
