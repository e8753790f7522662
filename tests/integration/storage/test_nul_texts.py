"""Texts with NUL, which earlier versions stored in SQLite: found, replaced, and restored into either database."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import text

from app.extensions import db
from app.storage.backup import database_at, make_backup
from app.storage.restore import restore_backup
from booking.kernel.transaction import write_transaction
from booking.models import Machine, Member
from tests.builders import hours, reserve
from tests.conftest import MONDAY
from tests.databases import uri_of

of_sqlite = pytest.mark.of_sqlite


@pytest.fixture
def old_row(session, database_url, sample_ring):
    """A machine with NUL in its description, as an earlier version stored it: the guard was not there."""
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 4), now=MONDAY)
    db.session.remove()
    db.engine.dispose()
    with closing(sqlite3.connect(uri_of(database_url).removeprefix("sqlite:///"))) as database, database:
        (guard,) = database.execute(
            "SELECT sql FROM sqlite_master WHERE name = 'booking_machine_texts_UPDATE'"
        ).fetchone()
        database.execute("DROP TRIGGER booking_machine_texts_UPDATE")
        database.execute(
            "UPDATE booking_machine SET description = 'a' || char(0) || 'b' WHERE id = ?", (sample_ring.combine,)
        )
        database.execute(guard)
    return sample_ring.combine


@of_sqlite
def test_ring_check_finds_them_and_repairs_them(app, session, old_row):
    run = app.test_cli_runner().invoke

    found = run(args=["ring", "check", "texts"])
    assert found.exit_code == 1
    assert "booking_machine.description of 1 rows holds NUL; type: ring check texts --repair" in found.output
    assert run(args=["ring", "check", "mail", "--repair"]).exit_code == 2

    repaired = run(args=["ring", "check", "texts", "--repair"])
    assert (repaired.exit_code, repaired.output) == (0, "texts: NUL was replaced in 1 texts\ntexts: ok\n")
    assert session.get_one(Machine, old_row).description == "a\ufffdb"
    assert run(args=["ring", "check", "events"]).exit_code == 0


@of_sqlite
def test_a_row_that_holds_one_can_still_be_changed(session, old_row):
    with write_transaction(session):
        session.get_one(Machine, old_row).location = "Shed 2"
    assert session.get_one(Machine, old_row).location == "Shed 2"


@of_sqlite
@pytest.mark.parametrize("target", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_a_backup_with_them_is_restored(app, old_row, tmp_path, target, request):
    file = tmp_path / "ring.backup"
    make_backup(app.config["SQLALCHEMY_DATABASE_URI"], file)

    folder = tmp_path / "empty"
    folder.mkdir()
    with request.getfixturevalue(f"{target}_template").copy(folder) as url:
        report = restore_backup(uri_of(url), file)
        with database_at(uri_of(url)) as connection:
            stored = connection.scalar(text("SELECT description FROM booking_machine WHERE description LIKE 'a%b'"))

    assert (report.repaired, stored) == (1, "a\ufffdb")


@of_sqlite
def test_the_guard_survives_a_table_that_is_rebuilt(session, sample_ring):
    """The guard is set again after every upgrade, whatever a revision did to a table."""
    from migrations import text_guard

    with write_transaction(session):
        connection = session.connection()
        text_guard.remove(connection)
        text_guard.install(connection)
    with pytest.raises(Exception, match="a text of booking_member holds NUL"), write_transaction(session):
        session.get_one(Member, sample_ring.anna).name = "A\0"
