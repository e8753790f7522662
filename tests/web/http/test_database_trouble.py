"""The disk is full, the database may only be read, the file is damaged: who reads is served, who writes is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import create_app
from app.auth import authentication
from app.extensions import db
from app.storage import migrate
from booking.kernel.errors import Busy
from booking.models import Reservation, Status
from tests.builders import hours, reserve
from tests.conftest import MONDAY

PAGE = 4096


@pytest.fixture
def reservation(session, sample_ring):
    return reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 48, 50), now=MONDAY).id


@pytest.fixture
def anna(sample_ring, log_in):
    return log_in(sample_ring.anna_login)


def pragma(setting: str) -> None:
    """Give the one connection of the test a setting of SQLite's."""
    db.session.connection().exec_driver_sql(f"PRAGMA {setting}")
    db.session.rollback()


def cancel(browser, reservation: int):
    page = f"/reservations/{reservation}"
    return browser.post(f"{page}/cancel", data={"revision": "0"}, headers={"Referer": f"http://localhost{page}"})


def reserve_until_refused(browser, sample_ring):
    """The pages that the file has are used up by a few reservations."""
    for hour in range(200):
        span = hours(MONDAY, 100 + hour, 101 + hour)
        wish = {"machine_id": sample_ring.combine, "starts_at": span.start.isoformat(), "ends_at": span.end.isoformat()}
        answer = browser.post("/api/v1/reservations", json={**wish, "purpose": "x" * 500})
        if answer.status_code != 201:
            return answer
    raise AssertionError("there was room for everything")


def test_on_a_full_disk_writes_fail_and_reads_succeed(anna, sample_ring, reservation):
    pragma("max_page_count = 1")  # SQLite takes the present size instead: not a page more

    refused = reserve_until_refused(anna, sample_ring)

    assert (refused.status_code, refused.json["code"], refused.headers["Retry-After"]) == (503, "disk_full", "60")
    assert "The disk of the server is full." in refused.json["detail"]
    assert anna.get(f"/reservations/{reservation}").status_code == 200

    pragma("max_page_count = 1000000")
    assert cancel(anna, reservation).status_code == 303


def test_a_database_that_can_only_be_read_is_read(session, anna, reservation):
    pragma("query_only = 1")

    refused = cancel(anna, reservation)

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "60")
    assert "The database is read-only at the moment." in refused.text
    assert f'href="/reservations/{reservation}"' in refused.text, "the page on which the button stood"
    assert anna.get(f"/reservations/{reservation}").status_code == 200
    assert session.get(Reservation, reservation, populate_existing=True).status == Status.CONFIRMED

    pragma("query_only = 0")
    assert cancel(anna, reservation).status_code == 303


@pytest.fixture
def damaged_machines(app, sample_ring):
    """The page on which the machines begin is overwritten."""
    first_page = db.session.connection().exec_driver_sql(
        "SELECT rootpage FROM sqlite_master WHERE name = 'booking_machine'"
    )
    place = (first_page.scalar_one() - 1) * PAGE
    db.session.rollback()
    pragma("wal_checkpoint(TRUNCATE)")
    db.engine.dispose()
    with Path(db.engine.url.database).open("r+b") as file:
        file.seek(place)
        file.write(b"\xaa" * PAGE)


@pytest.mark.parametrize("path", ["/machines", "/plan", "/api/v1/machines"])
def test_a_damaged_file_is_503_with_its_code(anna, damaged_machines, path):
    answer = anna.get(path)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert "Sicherung" in answer.text or answer.json["code"] == "database_corrupt"


@pytest.mark.parametrize("revision", ["0001", "9999"])
def test_a_database_of_another_version_is_said_to_be_one_and_a_bug_stays_a_bug(anna, app, monkeypatch, revision):
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    head = migrate.head_revision()
    connection = db.session.connection()
    connection.exec_driver_sql("ALTER TABLE booking_workshop RENAME TO former_workshop")
    connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")
    db.session.commit()

    page, call = anna.get("/machines"), anna.get("/api/v1/machines")

    assert (page.status_code, call.status_code, call.json["code"]) == (503, 503, "schema_differs")
    assert "Das Programm und seine Datenbank haben zurzeit verschiedene Versionen." in page.text
    assert page.headers["Retry-After"]
    monkeypatch.setitem(app.view_functions, "today.show", lambda: {}["a word of the other version"])
    monkeypatch.setitem(app.view_functions, "api.list_reservations", lambda: {}["a word of the other version"])
    assert [anna.get(path).status_code for path in ("/today", "/api/v1/reservations")] == [503, 503]
    db.session.connection().exec_driver_sql(f"UPDATE alembic_version SET version_num = '{head}'")
    db.session.commit()
    bugs = ("/machines", "/api/v1/machines", "/today", "/api/v1/reservations")
    assert [anna.get(path).status_code for path in bugs] == [500] * 4


def test_a_read_only_folder_is_reported(anna, reservation, monkeypatch):
    def refuse(*_args, **_facts):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("booking.kernel.write_lock._LOCKS._made", {})
    monkeypatch.setattr("booking.kernel.write_lock.os.open", refuse)

    assert cancel(anna, reservation).status_code == 503


def test_a_busy_login_gets_the_retry_after_of_the_database_and_not_of_the_limit(app, sample_ring, monkeypatch):
    def busy(*_args, **_facts):
        raise Busy(retry_after_seconds=1)

    monkeypatch.setattr(authentication, "log_in", busy)
    settings = {name: app.config[name] for name in ("DATABASE_URL", "SECRET_KEY", "TESTING", "CLOCK")}
    limited = create_app(
        {**settings, "WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": True}, instance_path=app.instance_path
    )
    try:
        answer = limited.test_client().post("/login", data={"email": "anna@ring.example", "password": "x"})
    finally:
        with limited.app_context():
            db.engine.dispose()

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
