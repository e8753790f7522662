"""The snapshot of the schema is what the migrations lead to, and is left aside where it is not."""

from __future__ import annotations

import os

import pytest
from sqlalchemy import text

from app.storage import migrate, schema_snapshot
from app.storage.backup import database_at

HOW_TO_RENEW = "RINGBUCH_SCHEMA=1 writes it"


@pytest.fixture(scope="module")
def migrated(tmp_path_factory):
    """A database made by the migrations alone."""
    url = f"sqlite:///{tmp_path_factory.mktemp('migrated') / 'ring.sqlite'}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema_snapshot, "stored", lambda: None)
        migrate.upgrade(url)
    return url


def test_the_snapshot_and_the_migrations_make_the_same_database(migrated, tmp_path):
    """After a change of an old migration, and now and then after new ones: RINGBUCH_SCHEMA=1 writes the file."""
    if "RINGBUCH_SCHEMA" in os.environ:
        with database_at(migrated) as connection:
            schema_snapshot.write(schema_snapshot.taken_of(connection, migrate.head_revision()))
    stored = schema_snapshot.stored()
    assert stored is not None, f"an old migration has changed: {HOW_TO_RENEW}"

    url = f"sqlite:///{tmp_path / 'ring.sqlite'}"
    migrate.upgrade(url)

    with database_at(migrated) as by_migrations, database_at(url) as by_snapshot:
        assert migrate.current_revision(by_snapshot) == migrate.head_revision()
        assert content_of(by_snapshot) == content_of(by_migrations)


def content_of(connection) -> list[list[str]]:
    """Return what makes a database, whatever the order of indexes and constraints: SQLAlchemy keeps them in sets."""
    statements = schema_snapshot.taken_of(connection, migrate.head_revision()).statements
    return sorted(lines_of(one) for one in statements)


def lines_of(statement: str) -> list[str]:
    """Return the lines of a statement in their order, which of columns and in a trigger counts; constraints last."""
    lines = [line.strip().rstrip(",") for line in statement.splitlines()]
    return sorted(lines, key=lambda line: line if line.startswith("CONSTRAINT") else "")


def test_only_constraints_may_stand_in_another_order():
    table = "CREATE TABLE a (\n\tb INTEGER,\n\tc INTEGER,\n\tCONSTRAINT d CHECK (b),\n\tCONSTRAINT e CHECK (c)\n)"
    head, b, c, d, e, end = table.splitlines()

    assert lines_of("\n".join((head, b, c, f"{e},", d[:-1], end))) == lines_of(table)
    assert lines_of("\n".join((head, c, b, d, e, end))) != lines_of(table)


@pytest.mark.parametrize("spoilt", ["digest", "file"])
def test_a_snapshot_of_other_migrations_is_left_aside(spoilt, monkeypatch, tmp_path):
    file = tmp_path / "schema.sql"
    if spoilt == "digest":
        content = schema_snapshot.FILE.read_text(encoding="utf-8")
        digest = schema_snapshot.stored().digest
        file.write_text(content.replace(digest, digest[::-1]), encoding="utf-8")
    monkeypatch.setattr(schema_snapshot, "FILE", file)

    assert schema_snapshot.stored() is None


def test_migrations_after_the_snapshot_are_run_upon_it(migrated, monkeypatch, tmp_path):
    """As after an upgrade whose release did not renew the file."""
    url, older = f"sqlite:///{tmp_path / 'ring.sqlite'}", f"{int(migrate.head_revision()) - 1:04}"
    migrate.upgrade(url)
    migrate.downgrade(url, older)
    with database_at(url) as connection:
        snapshot = schema_snapshot.taken_of(connection, older)
    monkeypatch.setattr(schema_snapshot, "stored", lambda: snapshot)
    again = f"sqlite:///{tmp_path / 'again.sqlite'}"

    migrate.upgrade(again)

    with database_at(again) as connection, database_at(migrated) as by_migrations:
        assert migrate.current_revision(connection) == migrate.head_revision()
        names = text("SELECT name FROM sqlite_master ORDER BY name")
        assert connection.scalars(names).all() == by_migrations.scalars(names).all()
