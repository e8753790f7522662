"""Migrating the database to the schema of this program: all or nothing, once however many processes start."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from functools import lru_cache
from pathlib import Path

from sqlalchemy import Connection, NullPool, create_engine, inspect, text
from sqlalchemy.engine import make_url

from app.storage import schema_snapshot
from booking.kernel.deadlines import COPY, extended
from booking.kernel.engine import WRITING, connect_args, prepare_engine
from booking.kernel.errors import DatabaseReadOnly
from booking.kernel.write_lock import write_lock_of

MIGRATIONS = schema_snapshot.MIGRATIONS
ADVISORY_LOCK = 7_464_001
WAIT_SECONDS = 60.0
PRIVATE = 0o600  # the file holds names, addresses and secrets of the members


class UnknownSchema(Exception):
    """A database that was migrated by a newer program; this one must not change it."""


class DamagedDatabase(Exception):
    """A damaged SQLite file; the message says how to restore a backup."""


def upgrade(database_uri: str) -> None:
    """Apply all missing migrations in one transaction. Raises UnknownSchema."""
    _create_private_file(database_uri)
    with _locked(database_uri), _writing_connection(database_uri) as connection:
        current = current_revision(connection)
        _require_known(current)
        if schema_snapshot.is_empty(connection) and (snapshot := schema_snapshot.stored()) is not None:
            schema_snapshot.create(connection, snapshot)
            current = snapshot.revision
        if current != head_revision():
            _alembic(connection, "upgrade", "head")


def is_new(database_uri: str) -> bool:
    """Return whether there is no database yet, or one without a schema."""
    return revision_of(database_uri) is None


def revision_of(database_uri: str) -> str | None:
    """Return the revision of a database; None for one that is empty or not there."""
    url = make_url(database_uri)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return None  # connecting would create the file
    with _connection(database_uri) as connection:
        return current_revision(connection)


def require_sound(database_uri: str, *, largest_mb: int) -> None:
    """Check the integrity of a SQLite file unless it is larger than largest_mb.

    Raises DamagedDatabase. PostgreSQL checks its own files.
    """
    url = make_url(database_uri)
    if url.get_backend_name() != "sqlite" or not url.database:
        return
    file = Path(url.database)
    if not file.exists() or file.stat().st_size > largest_mb * 1024 * 1024:
        return
    if not is_sound(file):
        raise DamagedDatabase(damage_message(file))


def require_writable(database_uri: str) -> None:
    """Raise DatabaseReadOnly for a read-only SQLite file or a replica, which would fail at the first write only.

    Raises DatabaseNotUnicode for a database whose texts are not UTF-8, as every connection does.
    """
    url = make_url(database_uri)
    if url.get_backend_name() == "postgresql":
        with _connection(database_uri) as connection:
            if is_read_only(connection):
                raise DatabaseReadOnly(retry_after_seconds=0)
        return
    if not url.database or not Path(url.database).exists():
        return
    file = Path(url.database)
    if not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)):
        raise DatabaseReadOnly(retry_after_seconds=0)


def is_read_only(connection: Connection) -> bool:
    """Return whether the database refuses changes: a replica of PostgreSQL, or a server or file set read-only."""
    if connection.dialect.name == "postgresql":
        # Not transaction_read_only: a transaction that only reads says so itself (booking/kernel/engine.py).
        is_set = "current_setting('default_transaction_read_only') = 'on'"
        return bool(connection.scalar(text(f"SELECT pg_is_in_recovery() OR {is_set}")))
    file = Path(connection.engine.url.database or "")
    return file.is_file() and not os.access(file, os.W_OK)


def damage_message(file: Path) -> str:
    """Return the message for a damaged file: how to restore a backup."""
    return (
        f"The database {file} is damaged. Move it away together with its -wal and -shm files, "
        "then type: python3 start.py ring restore BACKUPFILE"
    )


def is_sound(file: Path) -> bool:
    """Return whether a file is an undamaged SQLite database."""
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=rw", uri=True)) as connection:
            return connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise  # locked or not readable, not necessarily damaged
        return False


def _create_private_file(database_uri: str) -> None:
    """Create a missing SQLite file, and its folder. Only the owner can read it; -wal and -shm get the same mode."""
    url = make_url(database_uri)
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        Path(url.database).touch(mode=PRIVATE, exist_ok=True)


def downgrade(database_uri: str, revision: str) -> None:
    """Revert migrations down to a revision, in one transaction."""
    with _locked(database_uri), _writing_connection(database_uri) as connection:
        _alembic(connection, "downgrade", revision)


def head_revision() -> str:
    """Return the newest revision of this program."""
    return max(known_revisions())


@lru_cache(maxsize=1)
def known_revisions() -> frozenset[str]:
    """Return all revisions of this program, from the names of their files; reading them would take 30 ms."""
    return frozenset(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("0*.py"))


def current_revision(connection: Connection) -> str | None:
    """Return the revision of the database; None when it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def has_other_schema(connection: Connection) -> bool:
    """Return whether the schema of the database is not that of this program: older, newer, or none."""
    return current_revision(connection) != head_revision()


def _require_known(current: str | None) -> None:
    if current is not None and current not in known_revisions():
        raise UnknownSchema(
            f"The database is at schema {current}, which this program does not know. "
            "Start the newer program that made it."
        )


def _alembic(connection: Connection, verb: str, revision: str) -> None:
    # Imported here, because most starts find nothing to migrate: 50 ms of each.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    getattr(command, verb)(config, revision)


@contextmanager
def _connection(database_uri: str, *, writing: bool = False) -> Iterator[Connection]:
    engine = create_engine(database_uri, poolclass=NullPool, connect_args=connect_args(database_uri))
    if writing or engine.dialect.name != "sqlite":  # the hooks of SQLite write into the file
        prepare_engine(engine)
    try:
        with extended(COPY), engine.connect().execution_options(**{WRITING: writing}) as connection:
            yield connection
    finally:
        engine.dispose()


@contextmanager
def _writing_connection(database_uri: str) -> Iterator[Connection]:
    with _connection(database_uri, writing=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{WAIT_SECONDS:g}s'")  # another start may migrate now
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ADVISORY_LOCK})
        yield connection


def _locked(database_uri: str) -> AbstractContextManager[None]:
    url = make_url(database_uri)
    if url.get_backend_name() != "sqlite" or not url.database:
        return nullcontext()
    return write_lock_of(Path(url.database)).acquire(WAIT_SECONDS)
