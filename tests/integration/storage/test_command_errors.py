"""Commands report what is wrong with an instance in one sentence, without a traceback."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy.exc import OperationalError, ProgrammingError

from app import config
from app.commands import friendly_errors, work
from app.extensions import db
from app.storage import backup
from tests.unit.booking.test_database_errors import from_postgresql, from_sqlite

pytestmark = pytest.mark.of_sqlite


@pytest.fixture
def file(app) -> Path:
    db.session.rollback()
    return Path(db.engine.url.database)


@pytest.fixture
def ring(app):
    """ring(word, ...) -> the output of a command that fails."""

    def run(*words):
        result = app.test_cli_runner().invoke(args=["ring", *words])
        assert result.exit_code == 1, result.output
        return result.output.strip()

    return run


@pytest.mark.parametrize("locked", ["the file", "its folder"])
def test_a_read_only_database_is_not_served(monkeypatch, file, ring, locked):
    """os.access is replaced, because root may write everywhere."""
    place = file if locked == "the file" else file.parent
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != place and access(path, mode))

    output = ring("prepare")

    assert output == (
        f"Error: {file} cannot be written to. Let the user who runs Ringbuch write to it and to its folder."
    )


def test_a_full_disk_is_reported_for_every_error_code_of_sqlite(monkeypatch, file, ring):
    monkeypatch.setattr(friendly_errors, "FREE_BYTES_MIN", 10**18)
    monkeypatch.setattr("app.commands.prepare.migrate.upgrade", raising(from_sqlite("SQLITE_IOERR_SHMSIZE")))

    output = ring("prepare")

    assert output == f"Error: The disk of {file} is full. Make room and try again; what is stored is not lost."


def test_the_worker_of_a_server_tells_a_full_disk_in_one_sentence(app, monkeypatch, file, capsys):
    """As `ring serve` starts it, outside the group of commands, on a disk that has filled up since."""
    monkeypatch.setattr(friendly_errors, "FREE_BYTES_MIN", 10**18)
    monkeypatch.setattr("app.commands.work.migrate.current_revision", raising(from_sqlite("SQLITE_IOERR_SHMSIZE")))

    monkeypatch.setattr(work, "import_module", lambda _name: SimpleNamespace(app=app))

    with pytest.raises(SystemExit, match="1"):
        work.run_worker(until_idle=False)

    told = capsys.readouterr().err
    assert told == f"Error: The disk of {file} is full. Make room and try again; what is stored is not lost.\n"


def raising(error):
    def refuse(*_args, **_facts):
        raise error

    return refuse


UNREACHABLE = OperationalError("SELECT", {}, Exception("connection refused\nIs the server running?"))


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (from_postgresql("53100"), "is full. Make room"),
        (from_sqlite("SQLITE_READONLY"), "cannot be written to"),
        (from_sqlite("SQLITE_CORRUPT"), "is damaged. Move it away"),
        (from_sqlite("SQLITE_BUSY"), "Another process is changing the database"),
        (UNREACHABLE, "The database cannot be used: connection refused"),
        (from_postgresql("42501"), "ALTER DATABASE name OWNER TO role"),
    ],
)
def test_database_errors_are_reported_in_one_sentence(monkeypatch, ring, error, sentence):
    monkeypatch.setattr("app.commands.token.login_of", raising(error))

    output = ring("token", "list", "anna@ring.example")

    assert sentence in output
    assert len(output.splitlines()) == 1


@pytest.mark.parametrize(
    ("revision", "sentence"),
    [
        ("'0001'", "The database is at schema 0001, this program needs "),
        ("'9999'", "The database is at schema 9999, that of a newer program: start the newer one."),
        (None, "There is no ring here yet."),
    ],
)
def test_a_command_names_the_schema_of_another_version_whatever_the_language_of_the_server(
    monkeypatch, session, ring, revision, sentence
):
    change = f"UPDATE alembic_version SET version_num = {revision}" if revision else "DELETE FROM alembic_version"
    session.connection().exec_driver_sql(change)
    session.commit()
    monkeypatch.setattr("app.commands.token.login_of", raising(from_postgresql("42P01", ProgrammingError)))

    assert ring("token", "list", "anna@ring.example").startswith(f"Error: {sentence}")


def test_a_damaged_file_is_not_served(file, ring):
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.engine.dispose()
    with file.open("r+b") as content:
        content.seek(file.stat().st_size // 2 // 4096 * 4096)
        content.write(b"\xaa" * 4096 * 20)

    assert "is damaged. Move it away" in ring("prepare")
    assert "integrity: BROKEN" in ring("check", "integrity")


def test_a_backup_on_a_full_disk_fails_and_leaves_no_file(monkeypatch, app, ring, tmp_path):
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode, full.sqlite_errorname = sqlite3.SQLITE_FULL, "SQLITE_FULL"
    monkeypatch.setattr(backup, "_set_format", raising(full))

    output = ring("backup", str(tmp_path / "ring.backup"))

    assert output == f"Error: There is no room for the backup {tmp_path / 'ring.backup'}. The ring itself is unharmed."
    assert not list(tmp_path.glob("*ring.backup*"))


def test_a_secret_key_that_cannot_be_stored_is_reported(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "fsync", raising(OSError(28, "No space left on device")))

    with pytest.raises(config.SettingError, match=r"cannot be stored in .* \(No space left on device\)"):
        config.load_or_create_secret_key(tmp_path)
    assert not list(tmp_path.iterdir())
