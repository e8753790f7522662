"""What the security log notes of requests, and the administrator's page of it."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select

from app.auth import security_log
from app.auth.models import SecurityEntry
from booking.models import Member
from tests.web.conftest import PASSWORD

SECRET = "typed-by-somebody@evil.example"


@pytest.fixture
def rita(log_in, sample_ring):
    return log_in(sample_ring.rita_login)


@pytest.fixture
def noted(app, session):
    """Write what was noted, and return kind, network and login of the rows."""

    def read():
        app.extensions[security_log.EXTENSION].write()
        session.rollback()
        columns = (SecurityEntry.kind, SecurityEntry.network, SecurityEntry.user_id)
        return {tuple(row) for row in session.execute(select(*columns))}

    app.extensions[security_log.EXTENSION] = security_log.SecurityLog(app)
    return read


def test_log_ins_and_refusals_are_noted_without_what_was_typed(client, people, noted):
    here = {"REMOTE_ADDR": "203.0.113.77"}
    client.post("/login", data={"email": SECRET, "password": "wrong"}, environ_base=here)
    client.post("/login", data={"email": "anna@ring.example", "password": "wrong"}, environ_base=here)
    client.post("/login", data={"email": "anna@ring.example", "password": PASSWORD}, environ_base=here)
    client.post("/password/forgotten", data={"email": SECRET}, environ_base=here)
    client.get("/invitation/guess", environ_base=here)
    client.get("/admin/members", environ_base=here)
    client.get("/api/v1/machines", headers={"Authorization": "Bearer ring_guess"}, environ_base=here)

    network = "203.0.113.0/24"
    found = noted()
    assert {
        ("login_refused", network, 0),
        ("login_refused", network, people.anna_login),
        ("logged_in", network, people.anna_login),
        ("reset_asked", network, 0),
        ("link_refused", network, 0),
        ("token_refused", network, 0),
        ("access_refused", network, people.anna_login),
    } <= found
    assert SECRET not in str(found)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        (f"/feeds/{'a' * 43}.ics", "link_refused"),
        (f"/plan/wall/{'a' * 43}", "link_refused"),
        ("/metrics", "token_refused"),
        ("/machines/nothing", None),
    ],
)
def test_each_guess_at_a_secret_in_an_address_is_noted(app, client, sample_ring, noted, monkeypatch, address, kind):
    monkeypatch.setitem(app.config, "METRICS_TOKEN", "a-token-of-the-operator")

    assert client.get(address, headers={"Authorization": "Bearer guess"}).status_code == 404

    assert noted() == ({(kind, "127.0.0.0/24", 0)} if kind else set())


def test_a_line_of_the_file_holds_nothing_that_a_client_sent(app, client, people, noted, tmp_path):
    seclog = app.extensions[security_log.EXTENSION]
    seclog._file = tmp_path / "security.log"
    forged = f"{SECRET}\r\n2026-11-23T07:00:00Z ringbuch: logged_in from 198.51.100.0/24 login 1"
    headers = {
        "User-Agent": forged.replace("\r\n", " "),
        "X-Forwarded-For": "198.51.100.9",
        "X-Real-IP": "198.51.100.9",
    }
    client.post("/login", data={"email": forged, "password": forged}, headers=headers)
    client.get("/api/v1/machines", headers=headers | {"Authorization": "Bearer 198.51.100.9"})

    lines = seclog._file.read_text().splitlines()
    pattern = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ringbuch: (login|token)_refused from 127\.0\.0\.0/24 login 0"
    assert len(lines) == 2
    assert all(re.fullmatch(pattern, line) for line in lines)


def test_files_and_pauses_are_noted(client, rita, sample_ring, noted):
    assert rita.get("/admin/members/file.csv").data
    answers = [client.post("/login", data={"email": SECRET, "password": "wrong"}).status_code for _try in range(7)]

    assert 429 in answers
    found = noted()
    assert ("exported", "127.0.0.0/24", sample_ring.rita_login) in found
    assert ("paused", "127.0.0.0/24", 0) in found


def files(session):
    session.rollback()
    columns = (SecurityEntry.network, SecurityEntry.file, SecurityEntry.row_count)
    return {tuple(row) for row in session.execute(select(*columns).where(SecurityEntry.kind == security_log.EXPORTED))}


def test_exports_name_their_file_and_its_rows_on_pages_and_in_the_terminal(
    app, rita, sample_ring, session, noted, tmp_path
):
    members = session.scalar(select(func.count(Member.id)))
    assert rita.get("/admin/members/file.xlsx").data[:2] == b"PK"
    assert rita.get("/costs/tariffs/file.csv").data
    noted()
    here = "127.0.0.0/24"
    assert {(here, "members.xlsx", members)} < files(session)
    assert {file for _network, file, _rows in files(session)} == {"members.xlsx", "tariffs.csv"}
    assert f"Members (XLSX), {members} rows" in rita.get("/admin/security").text

    terminal = app.test_cli_runner()
    assert terminal.invoke(args=["ring", "export", "members"]).exit_code == 0
    backup = terminal.invoke(args=["ring", "backup", str(tmp_path / "ring.backup")])
    rows = int(re.search(r"(\d+) rows", backup.output)[1])
    assert {("terminal", "members.csv", members), ("terminal", "backup", rows)} <= files(session)
    assert f"Backup, {rows} rows" in rita.get("/admin/security").text


def test_administrators_see_the_log_and_choose_a_kind(rita, sample_ring, noted):
    assert rita.get("/admin/members/file.csv").data
    noted()

    page = rita.get("/admin/security").text
    assert "127.0.0.0/24" in page
    assert f"/admin/logins/{sample_ring.rita_login}" in page
    assert "127.0.0.0/24" not in rita.get("/admin/security?kind=login_refused").text
    assert rita.get("/admin/security?kind=nonsense&page=99999999999").status_code == 200


@pytest.mark.parametrize("way", ["/account/tokens", "/feeds/new"])
def test_a_secret_shown_once_is_in_no_cookie_and_not_shown_by_a_copy_of_it(app, rita, session, sample_ring, way):
    answer = rita.post(way, data={"label": "Meter", "shows": f"machine:{sample_ring.combine}"})
    assert answer.status_code == 303
    with rita.session_transaction() as cookie, app.test_client() as copy:
        values = dict(cookie)
        with copy.session_transaction() as copied:
            copied.update(values)
        page = rita.get(answer.headers["Location"]).text
        secret = re.search(r"ring_[\w-]{40,}|(?<=/feeds/)[\w-]{40,}", page).group()
        assert secret not in str(values)
        stored = session.connection().exec_driver_sql("SELECT COUNT(*) FROM auth_shown_once").scalar()
        assert stored == 0
        assert secret not in copy.get(answer.headers["Location"]).text


@pytest.mark.parametrize("address", ["/", "/login", "/nothing", "/static/app.css", "/api/v1/machines", "/feeds/x.ics"])
def test_no_answer_is_for_search_engines_or_pages_of_other_sites(client, sample_ring, address):
    headers = client.get(address).headers
    assert (headers["X-Robots-Tag"], headers["Cross-Origin-Resource-Policy"]) == ("noindex", "same-origin")
