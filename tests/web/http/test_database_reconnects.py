"""PostgreSQL goes away and comes back: requests get 503 meanwhile, and every process reconnects by itself."""

from __future__ import annotations

from threading import Timer

import pytest
from sqlalchemy import func, select

from app.extensions import db
from app.mail.models import Mail
from app.worker.scheduler import work_once
from booking.kernel import engine, postgresql
from booking.models import Reservation
from tests.builders import hours, reserve
from tests.conftest import MONDAY
from tests.tcp_proxy import proxied

pytestmark = pytest.mark.postgresql

PATHS = ["/", "/machines", "/plan", "/api/v1/machines", "/feeds/no-such-secret.ics", "/nowhere"]


@pytest.fixture
def proxied_database(postgresql_template, tmp_path):
    with postgresql_template.copy(tmp_path) as url, proxied(url) as proxy_and_url:
        yield proxy_and_url


@pytest.fixture
def proxy(proxied_database):
    return proxied_database[0]


@pytest.fixture
def database_url(proxied_database):
    return proxied_database[1]


@pytest.fixture
def anna(app, sample_ring, log_in, monkeypatch):
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)  # error pages may need the database too
    browser = log_in(sample_ring.anna_login)
    assert browser.get("/machines").status_code == 200
    return browser


def test_requests_get_503_while_the_database_is_unreachable(anna, proxy):
    proxy.cut()

    for path in PATHS:
        answer = anna.get(path)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5"), path
        message = answer.json["detail"] if answer.is_json else answer.text
        assert "Datenbank antwortet nicht" in message or "database does not answer" in message, path
    ready = anna.get("/readyz")
    assert (ready.status_code, ready.json["reason"]) == (503, "database_unreachable")
    assert anna.get("/healthz").status_code == 200


def test_requests_succeed_when_the_database_is_back(anna, proxy):
    proxy.cut()
    assert anna.get("/machines").status_code == 503
    proxy.restore()

    assert [anna.get(path).status_code for path in ("/readyz", "/machines", "/plan")] == [200, 200, 200]


def test_a_restart_between_two_requests_causes_no_error(anna, proxy):
    db.session.remove()
    proxy.cut()
    proxy.restore()

    assert anna.get("/machines").status_code == 200


def test_a_reservation_requested_meanwhile_is_not_stored(session, anna, sample_ring, proxy):
    wish = {"machine_id": sample_ring.combine, "starts_at": "2026-12-01T08:00:00Z", "ends_at": "2026-12-01T09:00:00Z"}
    proxy.cut()
    refused = anna.post("/api/v1/reservations", json=wish)
    proxy.restore()

    assert (refused.status_code, refused.json["code"]) == (503, "database_unreachable")
    assert session.scalar(select(func.count()).select_from(Reservation)) == 0
    assert anna.post("/api/v1/reservations", json=wish).status_code == 201


def test_an_unresponsive_database_causes_503_after_the_timeout(monkeypatch, anna, proxy):
    """A timer restores the connection after a minute, so that this test would fail and not hang."""
    monkeypatch.setattr(postgresql, "SILENCE_SECONDS", 0.2)
    db.session.remove()
    proxy.silence()
    fallback = Timer(60, proxy.restore)
    fallback.start()

    assert anna.get("/machines").status_code == 503
    assert anna.get("/readyz").status_code == 503

    fallback.cancel()
    proxy.restore()
    assert anna.get("/machines").status_code == 200


def test_both_timeouts_together_are_shorter_than_five_seconds():
    arguments = engine.connect_args("postgresql+psycopg://ring@db.example/ring")

    assert postgresql.SILENCE_SECONDS + arguments["connect_timeout"] < 5
    assert engine.connect_args("postgresql+psycopg://db.example/ring?connect_timeout=9").get("connect_timeout") is None
    assert engine.connect_args("sqlite:///ring.sqlite") == {}


def test_the_worker_continues_when_the_database_is_back(app, session, sample_ring, proxy):
    reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 48, 50), now=MONDAY)
    proxy.cut()
    assert not work_once(app)
    proxy.restore()

    assert work_once(app)
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Mail).where(Mail.sent_at.is_not(None))) == 2
