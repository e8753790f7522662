"""Backups: one consistent SQLite file of a whole ring, made while it is in use, from either database.

The file is an ordinary database of the program's schema, so a backup of PostgreSQL restores into SQLite and
the other way round, and any SQLite tool can read it. Its application_id marks the format.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, NullPool, create_engine
from sqlalchemy.engine import make_url

from app.storage import migrate, table_copy
from app.storage.migrate import PRIVATE
from booking.kernel import progress
from booking.kernel.database_url import file_url
from booking.kernel.deadlines import COPY, extended
from booking.kernel.engine import WRITING, connect_args, prepare_engine
from booking.kernel.write_lock import LOCK_FILE_SUFFIXES

BACKUP_FORMAT = 0x52494E47  # "RING"
CHECK_CACHE_KB = 64 * 1024  # each row finds its entries in all indexes: with 2 MB, pages were read many times
LAST_BACKUP = "last_backup"  # in the instance folder: the path of the last backup, written when it was complete


class BackupRefused(Exception):
    """A backup that cannot be made or used; the message says why and what to do."""


@dataclass(frozen=True)
class BackupReport:
    """The content of a backup. repaired: texts in which NUL was replaced when it was restored."""

    file: Path
    revision: str
    bytes: int
    rows: int
    repaired: int = 0


def make_backup(database_uri: str, file: Path) -> BackupReport:
    """Write everything committed at this moment into one file, and verify it.

    An existing backup of that name is replaced when the new one is complete. Raises BackupRefused.
    """
    _refuse_foreign_file(file)
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        unfinished.touch(mode=PRIVATE)
        is_sqlite = make_url(database_uri).get_backend_name() == "sqlite"
        copied_per_cent = 10 if is_sqlite else 80  # SQLite copies pages; the check of every index takes longer
        with progress.part(0, copied_per_cent):
            (_copy_sqlite if is_sqlite else _copy_from_server)(database_uri, unfinished)
        _set_format(unfinished)
        with progress.part(copied_per_cent, 100):
            report = verify_backup(unfinished)
        unfinished.replace(file)
        return BackupReport(file, report.revision, report.bytes, report.rows)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
            raise
        raise BackupRefused(f"There is no room for the backup {file}. The ring itself is unharmed.") from error
    except OSError as error:
        raise BackupRefused(f"The backup {file} cannot be written ({error.strerror or error}).") from error
    finally:
        unfinished.unlink(missing_ok=True)


def verify_backup(file: Path) -> BackupReport:
    """Check the integrity of a backup and return its content. Raises BackupRefused."""
    if not file.is_file():
        raise BackupRefused(f"There is no file {file}.")
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as database:
            database.execute(f"PRAGMA cache_size=-{CHECK_CACHE_KB}")
            revision = database.execute("SELECT version_num FROM alembic_version").fetchone()
            rows = _count_all(database)
            sound = _is_sound(database, rows)
            orphans = database.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError as error:
        raise BackupRefused(f"{file} is not a sound backup of Ringbuch ({error}). Take an earlier one.") from error
    if not sound or orphans or not revision:
        raise BackupRefused(f"{file} is damaged and was not used. Take an earlier backup.")
    return BackupReport(file, revision[0], file.stat().st_size, sum(rows.values()))


@contextmanager
def database_at(uri: str, *, writing: bool = False, isolation: str | None = None) -> Iterator[Connection]:
    """Open a connection with one transaction, in which a statement may take hours."""
    engine = create_engine(uri, poolclass=NullPool, connect_args=connect_args(uri))
    prepare_engine(engine)
    options = {WRITING: writing} | ({"isolation_level": isolation} if isolation else {})
    try:
        with extended(COPY), engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection
    finally:
        engine.dispose()


def _refuse_foreign_file(file: Path) -> None:
    """Raise BackupRefused unless the file is missing, empty or an earlier backup."""
    if not file.parent.is_dir():
        raise BackupRefused(f"There is no folder {file.parent}.")
    if not file.exists() or (file.is_file() and file.stat().st_size == 0):
        return
    if not file.is_file() or _format_of(file) != BACKUP_FORMAT:
        raise BackupRefused(f"{file} exists and is not a backup; choose another name.")


def _format_of(file: Path) -> int | None:
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as database:
            application_id: int = database.execute("PRAGMA application_id").fetchone()[0]
            return application_id
    except sqlite3.DatabaseError:
        return None


def _set_format(file: Path) -> None:
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA journal_mode=DELETE")  # one file, without -wal and -shm
        database.execute(f"PRAGMA application_id={BACKUP_FORMAT}")


def _copy_sqlite(database_uri: str, file: Path) -> None:
    """Copy by SQLite's backup API in one step; writers continue in the WAL."""
    source_file = make_url(database_uri).database
    if not source_file or not Path(source_file).exists():
        raise BackupRefused("There is no database yet, so there is nothing to back up.")
    file.touch(mode=0o600)
    with closing(sqlite3.connect(source_file)) as source, closing(sqlite3.connect(file)) as target:
        source.backup(target)


def _copy_from_server(database_uri: str, file: Path) -> None:
    with database_at(database_uri, isolation="REPEATABLE READ") as source:
        current = migrate.current_revision(source)
        if current != migrate.head_revision():
            raise BackupRefused(f"The database is at schema {current or 'none'}; type first: ring prepare")
        file.touch(mode=0o600)
        target_uri = file_url(file.resolve())
        migrate.upgrade(target_uri)
        with database_at(target_uri, writing=True) as target:
            table_copy.copy_rows(source, target)
    for suffix in LOCK_FILE_SUFFIXES:
        file.with_name(file.name + suffix).unlink(missing_ok=True)


def _is_sound(database: sqlite3.Connection, rows: dict[str, int]) -> bool:
    """Return whether every page, and every entry of every index, is as it should be.

    The structure of the whole file is checked first, then one table after the other, so that there is a progress.
    """
    total = sum(rows.values())
    done, steps = 0, total + total // 4
    if database.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
        return False
    for name, count in rows.items():
        progress.report(total // 4 + done, steps)
        if database.execute(f'PRAGMA integrity_check("{name}")').fetchone() != ("ok",):
            return False
        done += count
    return True


def _count_all(database: sqlite3.Connection) -> dict[str, int]:
    """Return table name -> number of rows."""
    tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return {
        name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608
        for (name,) in tables.fetchall()
    }
