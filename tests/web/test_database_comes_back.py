"""PostgreSQL goes away and comes back: who asks meanwhile is told so, and nobody has to start anything again."""

from __future__ import annotations

from threading import Timer

import pytest
from sqlalchemy import func, select

from app.extensions import db
from app.mail.models import Mail
from app.worker.scheduler import work_once
from booking.kernel import engine
from booking.models import Reservation
from tests.builders import hours, reserve
from tests.conftest import MONDAY
from tests.wires import wired

pytestmark = pytest.mark.postgresql

PATHS = ["/", "/machines", "/plan", "/api/v1/machines", "/feeds/no-such-secret.ics", "/nowhere"]


@pytest.fixture
def line(postgresql_template, tmp_path):
    with postgresql_template.copy(tmp_path) as url, wired(url) as wire_and_url:
        yield wire_and_url


@pytest.fixture
def wire(line):
    return line[0]


@pytest.fixture
def database_url(line):
    return line[1]


@pytest.fixture
def anna(app, village, log_in, monkeypatch):
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)  # also a page of an error may need the database
    browser = log_in(village.anna_login)
    assert browser.get("/machines").status_code == 200
    return browser


def test_while_the_database_is_gone_everybody_is_told_so(anna, wire):
    wire.cut()

    for path in PATHS:
        answer = anna.get(path)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5"), path
        words = answer.json["detail"] if answer.is_json else answer.text
        assert "Datenbank antwortet nicht" in words or "database does not answer" in words, path
    ready = anna.get("/readyz")
    assert (ready.status_code, ready.json["reason"]) == (503, "database_unreachable")
    assert anna.get("/healthz").status_code == 200


def test_it_comes_back_by_itself(anna, wire):
    wire.cut()
    assert anna.get("/machines").status_code == 503
    wire.mend()

    assert [anna.get(path).status_code for path in ("/readyz", "/machines", "/plan")] == [200, 200, 200]


def test_a_database_that_was_started_anew_between_two_requests_is_noticed_by_nobody(anna, wire):
    db.session.remove()
    wire.cut()
    wire.mend()

    assert anna.get("/machines").status_code == 200


def test_a_reservation_asked_for_meanwhile_is_not_stored(session, anna, village, wire):
    wish = {"machine_id": village.combine, "starts_at": "2026-12-01T08:00:00Z", "ends_at": "2026-12-01T09:00:00Z"}
    wire.cut()
    refused = anna.post("/api/v1/reservations", json=wish)
    wire.mend()

    assert (refused.status_code, refused.json["code"]) == (503, "database_unreachable")
    assert session.scalar(select(func.count()).select_from(Reservation)) == 0
    assert anna.post("/api/v1/reservations", json=wish).status_code == 201


def test_a_database_that_falls_silent_is_waited_for_so_long_and_no_longer(monkeypatch, anna, wire):
    """One that stays silent for a minute is mended then, so that this test would fail and not hang."""
    monkeypatch.setattr(engine, "SILENCE_SECONDS", 0.2)
    db.session.remove()
    wire.silence()
    in_the_end = Timer(60, wire.mend)
    in_the_end.start()

    assert anna.get("/machines").status_code == 503
    assert anna.get("/readyz").status_code == 503

    in_the_end.cancel()
    wire.mend()
    assert anna.get("/machines").status_code == 200


def test_both_waits_together_are_shorter_than_five_seconds():
    waits = engine.connect_args("postgresql+psycopg://ring@db.example/ring")

    assert engine.SILENCE_SECONDS + waits["connect_timeout"] < 5
    assert engine.connect_args("postgresql+psycopg://db.example/ring?connect_timeout=9").get("connect_timeout") is None
    assert engine.connect_args("sqlite:///ring.sqlite") == {}


def test_the_worker_goes_on_when_the_database_is_back(app, session, village, wire):
    reserve(session, village.splitter, village.anna, hours(MONDAY, 48, 50), now=MONDAY)
    wire.cut()
    assert not work_once(app)
    wire.mend()

    assert work_once(app)
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Mail).where(Mail.sent_at.is_not(None))) == 2
