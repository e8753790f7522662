"""Restoring a backup into an empty instance, all or nothing."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from sqlalchemy.engine import make_url

from app.storage import migrate, nul_texts, table_copy
from app.storage.backup import BackupRefused, BackupReport, database_at, verify_backup
from booking.kernel.database_url import file_url
from booking.kernel.write_lock import write_lock_of

WAIT_SECONDS = 60.0


def restore_backup(database_uri: str, file: Path) -> BackupReport:
    """Fill an empty instance from a backup, migrated to the current schema on the way.

    NUL in its texts, which earlier versions stored in SQLite, is replaced. Raises BackupRefused: the backup is
    damaged or newer than this program, or the instance holds data. Nothing has changed then.
    """
    report = verify_backup(file)
    migrate.upgrade(database_uri)
    _refuse_content(database_uri)
    with _copy_at_head(file) as copy:
        repaired = nul_texts.replace_all(file_url(copy))
        if make_url(database_uri).get_backend_name() == "sqlite":
            _into_sqlite(copy, database_uri)
        else:
            _into_server(copy, database_uri)
    return replace(report, repaired=repaired)


@contextmanager
def _copy_at_head(file: Path) -> Iterator[Path]:
    """Yield a copy of the backup, migrated to the current schema; the backup itself is not changed."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "restore.sqlite"
        shutil.copyfile(file, copy)
        try:
            migrate.upgrade(file_url(copy))
        except migrate.UnknownSchema as refusal:
            raise BackupRefused(f"{file} was made by a newer Ringbuch; restore it with that one.") from refusal
        with closing(sqlite3.connect(copy, isolation_level=None)) as database:
            database.execute("PRAGMA application_id=0")  # a ring in use is not a backup
            # What was asked for in the other ring is not carried out in this one.
            database.execute("DELETE FROM background_task_chunk")
            database.execute("DELETE FROM background_task")
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        yield copy


def _refuse_content(database_uri: str) -> None:
    with database_at(database_uri) as connection:
        if table_copy.has_content(connection):
            raise BackupRefused(
                "This instance holds data already, so nothing was restored. Choose an empty one: --instance DIR."
            )


def _into_sqlite(copy: Path, database_uri: str) -> None:
    """Copy by SQLite's backup API in one step, which is one transaction of the target.

    The write lock keeps writers out between the last check and the copy.
    """
    target_file = Path(make_url(database_uri).database or "")
    with write_lock_of(target_file).acquire(WAIT_SECONDS):
        _refuse_content(database_uri)
        with closing(sqlite3.connect(copy)) as source, closing(sqlite3.connect(target_file, timeout=5)) as target:
            target.execute("PRAGMA synchronous=FULL")
            source.backup(target)


def _into_server(copy: Path, database_uri: str) -> None:
    with database_at(file_url(copy)) as source, database_at(database_uri, writing=True) as target:
        table_copy.lock_all(target)
        if table_copy.has_content(target):
            raise BackupRefused("Somebody began to use this instance a moment ago, so nothing was restored.")
        table_copy.copy_rows(source, target)
        # The server would read whole tables until its own autovacuum comes round: /machines took 2.5 x as long.
        target.exec_driver_sql("ANALYZE")
