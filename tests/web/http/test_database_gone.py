"""When the database does not answer, everybody is told to come back, whoever asks and in whatever state."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import OperationalError

from app.auth import logins
from app.web import trouble_log


@pytest.fixture
def anna_without_database(app, sample_ring, log_in, monkeypatch):
    """Anna's browser, whose log-in cannot be looked up any more."""
    browser = log_in(sample_ring.anna_login)

    def gone(*_args, **_facts):
        raise OperationalError("SELECT ...", {}, Exception("server closed the connection unexpectedly"))

    monkeypatch.setattr(logins, "by_session_token", gone)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    return browser


def test_a_database_that_is_gone_is_logged_once_until_it_is_back(anna_without_database, monkeypatch, caplog):
    trouble_log.troubles._troubles.clear()
    for path in ("/", "/today", "/api/v1/machines", "/plan"):
        anna_without_database.get(path)
    monkeypatch.undo()
    anna_without_database.get("/plan")
    anna_without_database.get("/plan")

    ours = [record.getMessage() for record in caplog.records if record.name == trouble_log.__name__]
    assert ours == [
        "a request cannot be served (database_unreachable): server closed the connection unexpectedly",
        "database_unreachable is over, after 4 times",
    ]


def test_a_bug_is_logged_once_with_its_traceback(app, client, sample_ring, monkeypatch, caplog):
    def fail():
        raise ValueError("wrong")

    monkeypatch.setitem(app.view_functions, "home.show", fail)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)

    assert [client.get("/").status_code for _ in range(3)] == [500, 500, 500]
    assert caplog.text.count("Traceback") == 1


@pytest.mark.parametrize("path", ["/", "/today", "/plan", "/reservations/1", "/api/v1/machines", "/nowhere"])
def test_requests_with_a_login_get_retry_after(anna_without_database, path):
    answer = anna_without_database.get(path)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
