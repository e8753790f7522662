"""When the fault is ours: a problem that says so, never a page and never a stack of lines."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from app.api.machines import machines
from app.auth import logins
from booking.kernel.errors import Busy
from tests.web.programs import wish


def broken_by(error: Exception):
    def fail(*_arguments, **_named):
        raise error

    return fail


GONE = OperationalError("SELECT", {}, Exception("server closed the connection"))
BUSY = Busy(retry_after_seconds=1)


@pytest.mark.parametrize(
    ("error", "code", "wait"),
    [(GONE, "database_unreachable", "5"), (NoConnectionFree(), "busy", "1"), (BUSY, "busy", "1")],
)
@pytest.mark.parametrize("where", [(logins, "by_api_token"), (machines.queries, "machine_cards")], ids=["door", "call"])
def test_a_database_that_does_not_answer_is_503_with_a_time_to_come_back(anna, monkeypatch, where, error, code, wait):
    monkeypatch.setattr(*where, broken_by(error))

    answer = anna.get("/machines")

    assert answer.status_code == 503
    assert answer.content_type == "application/problem+json"
    assert (answer.json["code"], answer.headers["Retry-After"]) == (code, wait)


def test_a_bug_is_500_without_details(app, anna, monkeypatch):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr(machines.queries, "machine_cards", broken_by(RuntimeError("secret of the house")))

    answer = anna.get("/machines")

    assert answer.status_code == 500
    assert answer.content_type == "application/problem+json"
    assert "secret" not in answer.text


def test_what_met_a_busy_ring_may_be_sent_again_under_its_key(anna, sample_ring, monkeypatch):
    from app.api.reservations import reservations

    with monkeypatch.context() as patched:
        patched.setattr(reservations, "request_reservation", broken_by(Busy(retry_after_seconds=1)))
        assert anna.post("/reservations", wish(sample_ring.combine), Idempotency_Key="k").status_code == 503

    assert anna.post("/reservations", wish(sample_ring.combine), Idempotency_Key="k").status_code == 201
