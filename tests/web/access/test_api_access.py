"""Who gets in: tokens, read-only tokens, a browser's session with its CSRF header."""

from __future__ import annotations

import pytest
from flask_wtf.csrf import generate_csrf

from app.auth import api_tokens
from app.auth.models import ApiToken, User
from booking.kernel.transaction import write_transaction
from booking.models import Reservation
from tests.builders import SOMEBODY
from tests.conftest import MONDAY
from tests.web.programs import Program, rows, token_of, wish

READS = [
    "/machines",
    "/machines/1",
    "/machines/1/free",
    "/machines/free",
    "/reservations",
    "/usage",
    "/pools",
    "/exports/slips",
]


@pytest.mark.parametrize("path", READS)
def test_requests_without_a_token_get_401_with_a_challenge(nobody, sample_ring, path):
    answer = nobody.get(path)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json["code"] == "not_logged_in"


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer wrong", "Basic YTpi", "wrong", "Bearer \xff"])
def test_what_is_no_token_opens_nothing(app, sample_ring, header):
    answer = app.test_client().get("/api/v1/machines", headers={"Authorization": header})

    assert answer.status_code == 401


def test_the_scheme_may_be_written_small(app, session, sample_ring):
    token = token_of(session, sample_ring.anna_login, now=MONDAY)

    answer = app.test_client().get("/api/v1/machines", headers={"Authorization": f"bearer {token}"})

    assert answer.status_code == 200


def test_a_read_only_token_looks_and_changes_nothing(app, session, sample_ring):
    program = Program(app, token_of(session, sample_ring.anna_login, now=MONDAY, is_read_only=True))

    answer = program.post("/reservations", wish(sample_ring.combine))

    assert answer.status_code == 403
    assert answer.json["code"] == "token_read_only"
    assert program.get("/machines").status_code == 200
    assert rows(session, Reservation) == 0


def test_a_revoked_token_opens_nothing_at_once(app, session, sample_ring):
    program = Program(app, token_of(session, sample_ring.anna_login, now=MONDAY))
    assert program.get("/machines").status_code == 200

    with write_transaction(session):
        api_tokens.revoke(session, session.query(ApiToken.id).scalar(), by=SOMEBODY, now=MONDAY)

    assert program.get("/machines").status_code == 401


def test_the_token_of_a_disabled_login_opens_nothing(anna, session, sample_ring):
    with write_transaction(session):
        session.get_one(User, sample_ring.anna_login).disabled_at = MONDAY

    assert anna.get("/machines").status_code == 401


def test_a_token_opens_no_page(app, session, sample_ring):
    token = token_of(session, sample_ring.anna_login, now=MONDAY)

    answer = app.test_client().get("/reservations", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 303


def test_a_session_reads_and_writes_only_with_its_csrf_header(app, sample_ring, log_in):
    app.config["WTF_CSRF_ENABLED"] = True
    browser = log_in(sample_ring.anna_login)
    with app.test_request_context():
        token, secret = generate_csrf(), _raw_token()
    with browser.session_transaction() as cookie:
        cookie["csrf_token"] = secret

    assert browser.get("/api/v1/machines").status_code == 200
    without = browser.post("/api/v1/reservations", json=wish(sample_ring.combine))
    assert without.status_code == 400
    assert without.content_type == "application/problem+json"
    headed = browser.post("/api/v1/reservations", json=wish(sample_ring.combine), headers={"X-CSRFToken": token})
    assert headed.status_code == 201


def _raw_token() -> str:
    from flask import session as cookie

    return cookie["csrf_token"]


def test_a_token_needs_no_csrf_header(app, anna, sample_ring):
    app.config["WTF_CSRF_ENABLED"] = True

    assert anna.post("/reservations", wish(sample_ring.combine)).status_code == 201


def test_beside_a_token_the_session_does_not_count(app, sample_ring, log_in):
    browser = log_in(sample_ring.rita_login)

    answer = browser.post(
        "/api/v1/reservations", json=wish(sample_ring.combine), headers={"Authorization": "Bearer wrong"}
    )

    assert answer.status_code == 401


def test_a_foreign_host_is_refused_by_a_problem(app):
    answer = app.test_client().get("/api/v1/machines", headers={"Host": "evil.example"})

    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"


def test_answers_are_kept_by_no_cache(anna):
    assert anna.get("/machines").headers["Cache-Control"] == "no-store"


def test_the_token_command_prints_a_token_that_opens(app, sample_ring):
    result = app.test_cli_runner().invoke(args=["ring", "token", "add", "anna@ring.example", "--read-only"])

    assert result.exit_code == 0
    assert Program(app, result.output.strip()).get("/machines").status_code == 200
    assert Program(app, result.output.strip()).post("/reservations", wish(sample_ring.combine)).status_code == 403


def test_the_token_command_lists_and_revokes(app, sample_ring):
    run = app.test_cli_runner().invoke
    token = run(args=["ring", "token", "add", "anna@ring.example", "--label", "scales"]).output.strip()
    listed = run(args=["ring", "token", "list", "anna@ring.example"]).output

    assert "scales" in listed
    assert token not in listed
    assert run(args=["ring", "token", "revoke", listed.split("\t")[0]]).exit_code == 0
    assert Program(app, token).get("/machines").status_code == 401
    assert run(args=["ring", "token", "revoke", "99"]).exit_code == 1
    assert "no login" in run(args=["ring", "token", "add", "nobody@ring.example"]).output
