"""When the database does not answer, everybody is told to come back, whoever asks and in whatever state."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import OperationalError

from app.auth import logins


@pytest.fixture
def anna_without_database(app, sample_ring, log_in, monkeypatch):
    """Anna's browser, whose log-in cannot be looked up any more."""
    browser = log_in(sample_ring.anna_login)

    def gone(*_args, **_facts):
        raise OperationalError("SELECT ...", {}, Exception("server closed the connection unexpectedly"))

    monkeypatch.setattr(logins, "by_session_token", gone)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    return browser


@pytest.mark.parametrize("path", ["/", "/today", "/plan", "/reservations/1", "/api/v1/machines", "/nowhere"])
def test_requests_with_a_login_get_retry_after(anna_without_database, path):
    answer = anna_without_database.get(path)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
