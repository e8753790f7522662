"""A backup counts only when it was restored and looked at: from each database into each.

A backup is the same file whatever it was made from, so what happens to it afterwards is looked at with one of SQLite.
"""

from __future__ import annotations

import shutil
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from app.extensions import db
from app.schema import metadata
from app.storage import migrate, table_copy
from app.storage.backup import BackupRefused, database_at, make_backup, verify_backup
from app.storage.restore import restore_backup
from app.storage.table_copy import FILLED_BY_PROGRAM
from billing.allocations.advances import AdvanceInput, post_advance
from billing.models import AccountingPeriod
from billing.pools.pools import enter_pool
from billing.pools.shares import set_shares
from booking.kernel.sealing import seal_next
from booking.kernel.transaction import write_transaction
from booking.models import Reservation
from tests.builders import SOMEBODY, hours, machine, reserve
from tests.conftest import MONDAY
from tests.databases import uri_of

OVERLAP = """
INSERT INTO booking_occupancy (unit_id, occupied_from, occupied_until, hold_id)
SELECT unit_id, occupied_from, occupied_until, hold_id FROM booking_occupancy
"""
LEDGER = (
    "UPDATE billing_posting SET cents = 1",
    "INSERT INTO billing_posting (entry_id, number, account_id, topic, cents) VALUES (1, 3, 1, 'use', 5)",
    "INSERT INTO billing_posting (entry_id, number, account_id, topic, cents) VALUES (2, 1, 1, 'use', 5)",
)


@pytest.fixture
def database_uri(app):
    return app.config["SQLALCHEMY_DATABASE_URI"]


@pytest.fixture
def lived_in(session, sample_ring):
    """A ring with reservations, an entry of the ledger in a closed period, a sealed log and a photo."""
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 4), now=MONDAY)
    reserve(session, sample_ring.cold_store, sample_ring.bernd, hours(MONDAY, 1, 40), now=MONDAY, places=20)
    called = AdvanceInput(MONDAY.date(), MONDAY.date(), shares_on=MONDAY.date(), unit_cents=5_000)
    with write_transaction(session):
        as_of = {"by": SOMEBODY, "now": MONDAY}
        pool_id = enter_pool(
            session, sample_ring.combine, "Combine", {"fixed": "shares"}, charges_are="advance", **as_of
        ).id
        set_shares(session, pool_id, sample_ring.anna, 2, MONDAY.date(), **as_of)
        post_advance(session, pool_id, called, **as_of)
        session.execute(
            metadata.tables["booking_photo"].insert(),
            {"content": b"\x00\xff", "media_type": "image/jpeg", "taken_at": MONDAY},
        )
        seal_next(session, now=MONDAY)
        # Over the entry's day: the target has to take an entry that its trigger would refuse.
        year = {"name": "2026", "first_day": date(2026, 1, 1), "last_day": date(2026, 12, 31), "state": "closed"}
        seal = {"entries": 1, "lines": 2, "debit_cents": 10_000, "sha256": "0" * 64, "closed_at": MONDAY}
        session.add(AccountingPeriod(**year, **seal))
    return sample_ring


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def empty_instance(request, tmp_path):
    """A second database, of either kind, with nothing but its schema."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    with request.getfixturevalue(f"{request.param}_template").copy(folder) as url:
        yield uri_of(url)


def write(uri: str, statement: str) -> None:
    with database_at(uri, writing=True) as connection:
        connection.execute(text(statement))


def content(uri: str) -> dict[str, list]:
    """Return every row of every table."""
    with database_at(uri) as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
            for table in metadata.sorted_tables
        }


def test_a_backup_of_either_database_restores_into_either(database_uri, lived_in, empty_instance, tmp_path):
    make_backup(database_uri, tmp_path / "ring.backup")

    restore_backup(empty_instance, tmp_path / "ring.backup")

    assert content(empty_instance) == content(database_uri)
    assert len(content(empty_instance)["booking_occupancy"]) == 21
    assert content(empty_instance)["billing_balance"] == [(lived_in.anna, 10_000, 1, 0)]  # not once more by its trigger
    if empty_instance.startswith("postgresql"):
        with database_at(empty_instance) as connection:
            assert connection.scalar(text("SELECT count(*) FROM pg_stats WHERE tablename = 'booking_occupancy'"))


@pytest.mark.of_sqlite
def test_a_backup_is_for_its_owner_alone(database_uri, lived_in, tmp_path):
    file = make_backup(database_uri, tmp_path / "backup.sqlite").file

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.of_sqlite
def test_a_restored_ring_goes_on(database_uri, lived_in, empty_instance, tmp_path):
    """The guard, the append-only log and the numbering of new rows are all back."""
    make_backup(database_uri, tmp_path / "ring.backup")
    restore_backup(empty_instance, tmp_path / "ring.backup")

    with database_at(empty_instance, writing=True) as connection:
        member = {"number": "M-new", "name": "New"}
        made = connection.execute(metadata.tables["booking_member"].insert().values(**member)).inserted_primary_key
        assert made == (max(lived_in.anna, lived_in.bernd) + 1,)
    for forbidden in (OVERLAP, "DELETE FROM booking_event", "UPDATE booking_seal SET digest = ''", *LEDGER):
        with pytest.raises(DBAPIError, match=r"(?i)no_overlap|append-only|complete|foreign key"):
            write(empty_instance, forbidden)


def test_a_backup_taken_while_members_reserve_is_one_moment_of_the_ring(app, database_uri, sample_ring, tmp_path):
    """Every reservation in the backup has its occupancy and its event; nothing is half there."""
    done = Event()

    def keep_reserving() -> int:
        with app.app_context():
            session, made = db.session(), 0
            while not done.is_set() and made < 200:
                reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, made, made + 1), now=MONDAY)
                made += 1
            return made

    with ThreadPoolExecutor() as pool:
        writer = pool.submit(keep_reserving)
        for number in range(3):
            make_backup(database_uri, tmp_path / f"{number}.backup")
        done.set()
        assert writer.result() > 0

    for number in range(3):
        rows = content(f"sqlite:///{tmp_path / f'{number}.backup'}")
        assert len(rows["booking_reservation"]) == len(rows["booking_occupancy"]) == len(rows["booking_event"])


@pytest.mark.of_sqlite
def test_an_instance_with_members_is_left_alone(database_uri, lived_in, tmp_path):
    make_backup(database_uri, tmp_path / "ring.backup")
    before = content(database_uri)

    with pytest.raises(BackupRefused, match="holds data already"):
        restore_backup(database_uri, tmp_path / "ring.backup")

    assert content(database_uri) == before


def damaged(file: Path) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[:8192] + b"\xaa" * 8192 + whole[16384:])


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:20_000])


def a_letter(file: Path) -> None:
    file.write_text("Dear treasurer, this is no backup. " * 100)


def from_the_future(file: Path) -> None:
    with closing(sqlite3.connect(file)) as backup:
        backup.execute("UPDATE alembic_version SET version_num = '9999'")
        backup.commit()


def an_orphan(file: Path) -> None:
    with closing(sqlite3.connect(file)) as backup:
        backup.execute("DELETE FROM booking_member")
        backup.commit()


SPOILS = (damaged, cut_short, a_letter, from_the_future, an_orphan, Path.unlink)


@pytest.mark.of_sqlite
def test_a_backup_that_is_none_is_refused_and_nothing_is_written(database_uri, lived_in, empty_instance, tmp_path):
    make_backup(database_uri, tmp_path / "ring.backup")

    for spoil in SPOILS:
        spoilt = Path(shutil.copy(tmp_path / "ring.backup", tmp_path / "spoilt.backup"))
        spoil(spoilt)
        with pytest.raises(BackupRefused):
            restore_backup(empty_instance, spoilt)

    assert not any(rows for table, rows in content(empty_instance).items() if table not in FILLED_BY_PROGRAM)


@pytest.mark.of_sqlite
def test_a_backup_made_by_an_older_program_is_brought_up_to_date(lived_in, database_uri, empty_instance, tmp_path):
    file = tmp_path / "old.backup"
    make_backup(database_uri, file)
    migrate.downgrade(f"sqlite:///{file}", "-1")
    older = verify_backup(file).revision

    restore_backup(empty_instance, file)

    with database_at(empty_instance) as connection:
        assert migrate.current_revision(connection) == migrate.head_revision()
        assert connection.scalar(select(func.count()).select_from(Reservation)) == 2
    assert verify_backup(file).revision == older < migrate.head_revision()


# SQLite's own restore is one transaction of SQLite; only on PostgreSQL is there a half way to stand in.
@pytest.mark.of_sqlite
@pytest.mark.parametrize("empty_instance", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True)
def test_a_restore_that_fails_half_way_leaves_an_empty_ring(
    monkeypatch, database_uri, lived_in, empty_instance, tmp_path
):
    make_backup(database_uri, tmp_path / "ring.backup")
    copy_table, copied = table_copy._copy_table, []

    def power_cut(source, target, table, done, total):
        done = copy_table(source, target, table, done, total)
        copied.append(table)
        if len(copied) == 10:
            raise OSError("power cut")
        return done

    monkeypatch.setattr(table_copy, "_copy_table", power_cut)
    with pytest.raises(OSError, match="power cut"):
        restore_backup(empty_instance, tmp_path / "ring.backup")

    assert not any(rows for table, rows in content(empty_instance).items() if table not in FILLED_BY_PROGRAM)


@pytest.mark.of_sqlite
def test_a_backup_replaces_only_a_backup(database_uri, lived_in, session, tmp_path):
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear treasurer")
    make_backup(database_uri, tmp_path / "ring.backup")
    machine(session, lived_in.hall, "baler")

    make_backup(database_uri, tmp_path / "ring.backup")
    with pytest.raises(BackupRefused, match="not a backup"):
        make_backup(database_uri, letter)

    assert letter.read_text() == "Dear treasurer"
    assert len(content(f"sqlite:///{tmp_path / 'ring.backup'}")["booking_machine"]) == 5


@pytest.mark.of_sqlite
def test_a_backup_never_writes_over_the_ring_itself(database_uri, lived_in):
    with pytest.raises(BackupRefused, match="not a backup"):
        make_backup(database_uri, Path(database_uri.removeprefix("sqlite:///")))


@pytest.mark.of_sqlite
def test_the_commands_report_errors_in_sentences(app, lived_in, tmp_path):
    runner = app.test_cli_runner()

    made = runner.invoke(args=["ring", "backup", str(tmp_path / "ring.backup")])
    refused = runner.invoke(args=["ring", "restore", str(tmp_path / "ring.backup")])
    nowhere = runner.invoke(args=["ring", "backup", str(tmp_path / "no" / "such" / "folder")])

    assert (made.exit_code, refused.exit_code, nowhere.exit_code) == (0, 1, 1)
    assert "Backup complete and checked" in made.output
    assert refused.output.startswith("Error: This instance holds data already")
    assert nowhere.output.startswith("Error: There is no folder")
