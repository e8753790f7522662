"""The connection to PostgreSQL is lost at a chosen moment: a read is repeated, a write has a true answer."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import psycopg
import pytest
from click import ClickException
from sqlalchemy import create_engine, event, func, select, text

from app import create_app
from app.auth import api_tokens
from app.commands.prepare import prepare_database
from app.extensions import db
from app.storage import migrate
from app.web.large_requests import LARGE
from booking.kernel import deadlines, postgresql, stalled_commits
from booking.kernel.database_url import sqlalchemy_url
from booking.kernel.postgresql_connection import DeadlineConnection
from booking.kernel.transaction import write_transaction
from booking.models import Member, Reservation
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY, SECRET_KEY
from tests.ports import free_port
from tests.tcp_proxy import proxied

pytestmark = pytest.mark.postgresql

COMMIT = b"COMMIT\0"
IN_GERMAN = {"Accept-Language": "de"}


@pytest.fixture
def direct_url(postgresql_template, tmp_path):
    with postgresql_template.copy(tmp_path) as url:
        yield url


@pytest.fixture
def proxy_and_url(direct_url):
    with proxied(direct_url) as both:
        yield both


@pytest.fixture
def proxy(proxy_and_url):
    yield proxy_and_url[0]
    stalled_commits.clear()


@pytest.fixture
def database_url(proxy_and_url):
    return proxy_and_url[1]


@pytest.fixture
def anna(app, sample_ring, log_in, monkeypatch):
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    browser = log_in(sample_ring.anna_login)
    assert browser.get("/machines").status_code == 200
    return browser


def end_all_connections(url):
    with psycopg.connect(url, autocommit=True) as connection:
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
        connection.execute(ended + "pg_backend_pid()")


def wish_of(sample_ring, hour=48):
    span = hours(MONDAY, hour, hour + 1)
    return {
        "machine_id": sample_ring.combine,
        "starts_at": span.start.isoformat(),
        "ends_at": span.end.isoformat(),
    }


def test_reads_survive_the_end_of_every_connection(anna, direct_url):
    end_all_connections(direct_url)

    paths = ["/machines", "/plan", "/api/v1/machines", "/today", "/readyz", "/", "/feeds/unknown.ics", "/machines"]
    assert [anna.get(path).status_code for path in paths] == [200, 200, 200, 200, 200, 303, 404, 200]


def test_a_connection_that_dies_under_a_request_spoils_no_answer(app, sample_ring, direct_url):
    """Outside a context of the test, so that each request ends its session itself."""
    browser = create_app({"DATABASE_URL": app.config["DATABASE_URL"], "SECRET_KEY": SECRET_KEY}).test_client()
    inner = browser.application
    inner.config["PROPAGATE_EXCEPTIONS"] = False
    inner.after_request(lambda response: end_all_connections(direct_url) or response)
    db.session.remove()

    try:
        assert [browser.get(path).status_code for path in ("/", "/readyz", "/login")] == [200, 200, 200]
    finally:
        with inner.app_context():
            db.engine.dispose()


def test_a_write_whose_connection_was_lost_before_the_commit_is_repeated(anna, sample_ring, proxy, session):
    proxy.cut_before(b"booking_reservation")

    answer = anna.post("/api/v1/reservations", json=wish_of(sample_ring))

    assert answer.status_code == 201
    assert session.scalar(select(func.count()).select_from(Reservation)) == 1


def test_a_write_whose_connection_is_left_within_a_pipeline_is_repeated(anna, sample_ring, session, monkeypatch):
    """So psycopg leaves one of thirty connections that are ended while it sends many rows at once."""
    left, leave = [], psycopg.Pipeline._exit

    def stick(pipeline, error):
        if left:
            return leave(pipeline, error)
        left.append(pipeline.pgconn)
        pipeline.level -= 1
        raise psycopg.OperationalError("cannot exit pipeline mode while busy")

    monkeypatch.setattr(psycopg.Pipeline, "_exit", stick)
    answer = anna.post("/api/v1/reservations", json=wish_of(sample_ring))

    assert answer.status_code == 201, answer.text
    assert left[0].status == psycopg.pq.ConnStatus.BAD
    assert session.scalar(select(func.count()).select_from(Reservation)) == 1


@pytest.mark.parametrize("by_token", [False, True])
def test_a_write_whose_connection_is_lost_while_the_login_is_read_is_carried_out(
    anna, client, sample_ring, proxy, session, by_token
):
    headers = {}
    if by_token:
        with write_transaction(session):
            token = api_tokens.create(
                session, sample_ring.anna_login, label="x", is_read_only=False, by=SOMEBODY, now=MONDAY
            )
        headers = {"Authorization": f"Bearer {token}"}
    db.session.remove()
    proxy.cut_before(b"auth_api_token" if by_token else b"auth_session")

    answer = anna.post("/api/v1/reservations", json=wish_of(sample_ring), headers=headers)

    assert answer.status_code == 201, answer.text
    assert session.scalar(select(func.count()).select_from(Reservation)) == 1


@pytest.mark.parametrize("moment", ["cut_before", "cut_after"])
def test_a_lost_commit_among_several_decisions_is_unknown_and_the_rest_is_not_tried(
    app, sample_ring, log_in, session, proxy, moment, monkeypatch
):
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    waiting = [
        reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, at, at + 2), now=MONDAY).id
        for at in (25, 49, 73)
    ]
    wanda = log_in(sample_ring.wanda_login)
    wanda.get("/approvals")
    getattr(proxy, moment)(COMMIT)

    page = wanda.post("/approvals", data={"action": "approve", "chosen": [f"{one}:0" for one in waiting]})

    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert "We do not know whether it was stored" in page.text
    assert page.text.count("Not tried: the database did not answer before.") == 2
    assert "the other requests are unchanged" not in page.text
    session.rollback()
    stored = [session.get_one(Reservation, one, populate_existing=True).status for one in waiting]
    assert stored == ["confirmed" if moment == "cut_after" else "requested", "requested", "requested"]


def test_a_new_connection_is_not_asked_whether_it_lives(anna, monkeypatch):
    """Through PgBouncer each one opens and is dead while no server is there: two in a row were a fault, and a 500."""
    db.session.remove()
    monkeypatch.setattr(DeadlineConnection, "is_alive", lambda *_: False)

    assert [anna.get("/machines").status_code for _ in range(2)] == [200, 200]


def test_a_connection_that_became_read_only_is_thrown_away(anna, sample_ring):
    """As after a switch-over: the server behind it is a replica now, and a new connection reaches the primary."""
    db.session.connection().exec_driver_sql("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
    db.session.commit()

    assert anna.post("/api/v1/reservations", json=wish_of(sample_ring)).status_code == 201
    assert not migrate.is_read_only(db.session.connection())


def test_a_replica_is_not_ready_and_no_place_to_start(app, database_url, tmp_path):
    replica = database_url + "?options=-c%20default_transaction_read_only%3Don"
    on_replica = create_app({"DATABASE_URL": replica, "SECRET_KEY": SECRET_KEY}, instance_path=tmp_path)

    answer = on_replica.test_client().get("/readyz")

    assert (answer.status_code, answer.json["reason"]) == (503, "database_read_only")
    with on_replica.app_context():
        with pytest.raises(
            ClickException, match=r"it is a replica, or set read-only\. Name the primary in DATABASE_URL"
        ):
            prepare_database()
        db.engine.dispose()


def test_exports_imports_and_allocations_may_take_longer(app, anna):
    assert all(any(rule.endpoint.startswith(name) for rule in app.url_map.iter_rules()) for name in LARGE)
    seen = []
    app.before_request_funcs[None].insert(
        1, lambda: seen.append(db.session.connection().scalar(text("SHOW statement_timeout")))
    )

    for path in ("/api/v1/exports/charges", "/machines"):
        db.session.remove()
        anna.get(path)

    assert seen == ["59500ms", "4s"]


def test_of_several_hosts_the_one_that_answered_is_tried_first(proxy, database_url):
    port = urlsplit(database_url).port
    engine = create_engine(sqlalchemy_url(database_url.replace(f":{port}", f":{free_port()},127.0.0.1:{port}")))
    order = postgresql.Opening()
    event.listen(engine, "do_connect", order.open)

    with engine.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    engine.dispose()
    assert order._best == ("127.0.0.1", str(port))


@pytest.mark.parametrize("moment", ["cut_before", "cut_after"])
def test_a_lost_commit_is_an_unknown_outcome_and_the_key_tells_which(anna, sample_ring, proxy, session, moment):
    key = {"Idempotency-Key": "one"}
    getattr(proxy, moment)(COMMIT)

    lost = anna.post("/api/v1/reservations", json=wish_of(sample_ring), headers=key)
    again = anna.post("/api/v1/reservations", json=wish_of(sample_ring), headers=key)

    assert (lost.status_code, lost.json["code"], lost.headers["Retry-After"]) == (503, "outcome_unknown", "5")
    assert again.status_code == 201
    assert (again.headers.get("Idempotency-Replayed") == "true") is (moment == "cut_after")
    assert session.scalar(select(func.count()).select_from(Reservation)) == 1


def test_a_form_whose_commit_is_lost_is_shown_again_with_what_was_typed(anna, sample_ring, proxy, session):
    proxy.cut_after(COMMIT)

    lost = anna.post("/account/contact", data={"phone": "089 1234567"})

    assert (lost.status_code, lost.headers["Retry-After"]) == (503, "5")
    assert "We do not know whether it was stored. Look, or send the same again." in lost.text
    assert 'href="/account">Look whether it is stored</a>' in lost.text
    assert 'value="089 1234567"' in lost.text
    assert session.scalar(select(Member.phone).where(Member.id == sample_ring.anna)) == "089 1234567"


@pytest.mark.parametrize("moment", ["cut_before", "cut_after"])
def test_a_reservation_sent_again_after_a_lost_commit_is_entered_once(anna, sample_ring, proxy, session, moment):
    typed = {
        "machine": "combine",
        "date": "2026-12-01",
        "time": "09:00",
        "until": "length",
        "hours": "2",
        "places": "1",
    }
    typed |= {"form_key": "the-form-that-was-open", "purpose": "Mais"}
    getattr(proxy, moment)(COMMIT)

    lost, again = (anna.post("/reservations/new", data=typed) for _ in range(2))

    assert (lost.status_code, again.status_code) == (503, 303), lost.text
    assert 'href="/reservations">' in lost.text
    assert 'value="the-form-that-was-open"' in lost.text
    assert "Mais</textarea>" in lost.text
    assert session.scalar(select(func.count()).select_from(Reservation)) == 1


def test_a_button_whose_commit_is_lost_can_be_pressed_again(anna, proxy):
    proxy.cut_after(COMMIT)

    lost = anna.post("/account/devices/end-all", data={"reason": "<b>"}, headers=IN_GERMAN)

    assert (lost.status_code, lost.headers["Retry-After"]) == (503, "5")
    assert "Wir wissen nicht, ob es gespeichert ist. Sehen Sie nach, oder senden Sie dasselbe noch einmal." in lost.text
    assert 'href="/account/devices">Nachsehen, ob es gespeichert ist</a>' in lost.text
    assert 'action="/account/devices/end-all"' in lost.text
    assert 'name="reason" value="&lt;b&gt;"' in lost.text


def test_no_password_is_written_into_the_page_of_a_lost_commit(client, sample_ring, app, proxy, monkeypatch):
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    proxy.cut_before(COMMIT)

    lost = client.post("/login", data={"email": "anna@ring.example", "password": "geheim-und-lang"})

    assert lost.status_code == 503
    assert "geheim" not in lost.text


def test_a_commit_that_is_not_confirmed_ends_in_time_and_lets_no_further_writer_in(
    anna, sample_ring, proxy, monkeypatch
):
    """As when every synchronous standby is frozen."""
    monkeypatch.setattr(deadlines, "ORDINARY", deadlines.Deadlines(statement_seconds=5.0, commit_seconds=0.3))
    monkeypatch.setattr(deadlines, "current", lambda: deadlines.ORDINARY)
    proxy.swallow(COMMIT)
    started = time.monotonic()

    codes = [anna.post("/api/v1/reservations", json=wish_of(sample_ring, hour)).json["code"] for hour in (48, 72, 96)]

    assert codes == ["outcome_unknown", "busy", "busy"]
    assert anna.get("/machines").status_code == 200
    assert time.monotonic() - started < 3
    db.session.remove()
    proxy.cut()
    proxy.restore()
    assert anna.post("/api/v1/reservations", json=wish_of(sample_ring, 72)).status_code == 201
