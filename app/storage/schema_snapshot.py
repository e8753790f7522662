"""The schema that the migrations lead to on SQLite, as one file of statements, for databases that are still empty.

Running 159 migrations on an empty file takes a second of processor time, these statements a tenth of that. Only the
migrations decide: the file names the last of them and a digest of all up to it, and is left aside where one has changed
since. What came after it is migrated as usual. `tests/architecture/test_schema_snapshot.py` compares and writes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
FILE = MIGRATIONS / "schema_on_sqlite.sql"
WRITTEN_BY = "-- Written by tests/architecture/test_schema_snapshot.py, never edited."
END = "\n;\n"  # of each statement; no statement has a line with a semicolon alone
# In the order of sqlite_master, so that each index comes after its table.
TABLES_AND_INDEXES = "SELECT sql FROM sqlite_master WHERE type <> 'trigger' AND sql IS NOT NULL ORDER BY rowid"
TRIGGERS = "SELECT sql FROM sqlite_master WHERE type = 'trigger' ORDER BY rowid"
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid"


class Snapshot(NamedTuple):
    """The statements that make an empty database one of a revision; digest: of the migrations that led to it."""

    revision: str
    digest: str
    statements: tuple[str, ...]

    @property
    def is_current(self) -> bool:
        """Whether the migrations up to its revision are those that led to it."""
        return self.digest == digest_of_migrations(self.revision)


def stored() -> Snapshot | None:
    """Return the snapshot of the file, or None where there is none that the migrations of this program lead to."""
    if not FILE.exists():
        return None
    head, *statements = FILE.read_text(encoding="utf-8").split(END)
    revision, digest = head.split()[-2:]
    found = Snapshot(revision, digest, tuple(statements[:-1]))
    return found if found.is_current else None


def create(connection: Connection, snapshot: Snapshot) -> None:
    """Make the schema in an empty SQLite database, within the transaction of a connection."""
    for statement in snapshot.statements:
        connection.exec_driver_sql(statement)


def is_empty(connection: Connection) -> bool:
    """Return whether the database is a SQLite file without any table."""
    return (
        connection.dialect.name == "sqlite"
        and not connection.exec_driver_sql("SELECT EXISTS (SELECT 1 FROM sqlite_master)").scalar()
    )


def taken_of(connection: Connection, revision: str) -> Snapshot:
    """Return the snapshot of a migrated database in which nothing was entered yet."""
    statements = (
        *connection.exec_driver_sql(TABLES_AND_INDEXES).scalars(),
        *_rows(connection),  # before the triggers, some of which refuse or repeat what is entered
        *connection.exec_driver_sql(TRIGGERS).scalars(),
    )
    return Snapshot(revision, digest_of_migrations(revision), statements)


def write(snapshot: Snapshot) -> None:
    """Write the file."""
    head = f"{WRITTEN_BY}\n-- {snapshot.revision} {snapshot.digest}"
    FILE.write_text(END.join([head, *snapshot.statements, ""]), encoding="utf-8")


@lru_cache(maxsize=4)
def digest_of_migrations(revision: str) -> str:
    """Return a digest of all migrations up to a revision and of the modules that they share."""
    versions = (file for file in (MIGRATIONS / "versions").glob("0*.py") if file.name.partition("_")[0] <= revision)
    digest = sha256()
    for file in sorted([*MIGRATIONS.glob("*.py"), *versions]):
        content = file.read_bytes().replace(b"\r\n", b"\n")  # as it is stored, whatever a checkout made of its lines
        digest.update(b"%s %d\n" % (file.name.encode(), len(content)) + content)
    return digest.hexdigest()


def _rows(connection: Connection) -> Iterator[str]:
    """Yield the rows that migrations enter as statements, those of a table in its own order."""
    for table in connection.exec_driver_sql(TABLES).scalars().all():
        columns = [f'"{one.name}"' for one in connection.exec_driver_sql(f"PRAGMA table_info('{table}')")]
        literals = " || ', ' || ".join(f"quote({column})" for column in columns)
        rows = connection.exec_driver_sql(f'SELECT {literals} FROM "{table}" ORDER BY rowid')  # noqa: S608
        into = f'INSERT INTO "{table}" ({", ".join(columns)}) VALUES'
        yield from (f"{into} ({values})" for values in rows.scalars())
