"""The pages and calls of exported postings: preview, making, fetching again; DATEV's details; all figures as SQLite."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import sqlite3
from decimal import Decimal

import openpyxl
import pytest

from app.exports import figures
from app.exports.figures import figures_file
from app.worker import background_tasks
from billing.exports.members import BILLING_COLUMNS
from booking.kernel import progress
from tests.conftest import MONDAY
from tests.integration.money.harvester_pool import cost, post
from tests.web.costs.test_costs_pages import text

pytestmark = pytest.mark.of_sqlite
NEW = "/costs/exports/new"
AGAIN = {"are_written_again": True}


@pytest.fixture
def karl(sample_ring, log_in):
    return log_in(sample_ring.karl_login)


def digest_of(page):
    return re.search(r'name="digest"[^>]*value="([0-9a-f]{64})"', page.text)[1]


def test_an_account_in_files_becomes_another_one_only_where_the_adviser_knows(session, karl, charged):
    sent = {"adviser": "29098", "client": "55003", "revision": "0", "has_member_accounts": "y"}
    assert karl.post("/costs/exports/datev", data=sent).status_code == 303
    wanted = {"what": "datev", "period": "2026"}
    digest = karl.post("/api/v1/exports/postings", json=wanted).json["digest"]
    made = karl.post("/api/v1/exports/postings", json=wanted | {"preview": False, "digest": digest})
    assert made.status_code == 201
    known, accounts = {"are_written_again": "y"}, karl.get("/api/v1/ledger/chart").json
    assert 'name="are_written_again"' not in karl.get("/costs/exports/datev").text
    terms = {name: value for name, value in sent.items() if name != "has_member_accounts"} | {"revision": "1"}
    numbers = {f"{chart}-{one['code']}": one[chart] for one in accounts["accounts"] for chart in ("skr03", "skr04")}
    chart = {"chart": "skr03", "revision": accounts["revision"]} | numbers | {"skr03-advances": "1719"}
    for address, body, account in (
        ("/costs/exports/datev", terms, "Receivables from members"),
        ("/costs/ledger/chart", chart, "Advances received"),
    ):
        refused = karl.post(address, data=body)
        assert refused.status_code == 422
        assert f"would become others ({account})" in text(refused)
        assert "what takes them back would go where your adviser has nothing" in text(refused)
        assert 'name="are_written_again"' in refused.text
        assert karl.post(address, data=body | known).status_code == 303
    moved = {"chart": "skr04"}
    answers = [karl.patch("/api/v1/datev-terms", json={"has_member_accounts": True} | more) for more in ({}, AGAIN)]
    answers += [karl.put("/api/v1/ledger/chart", json=moved | more) for more in ({}, AGAIN)]
    assert [one.status_code for one in answers] == [422, 200, 422, 200]
    assert answers[0].json["violations"][0]["rule"] == "amounts_in_files"


def test_the_treasurer_sees_makes_and_fetches_a_datev_file(app, session, sample_ring, log_in, karl, charged):
    cost(session, charged, "variable", 12_345)
    post(session, charged)
    assert "No file of postings was made yet." in text(karl.get("/costs/exports"))
    missing = text(karl.get(f"{NEW}?what=datev&year=2026"))
    assert "number of the tax adviser at DATEV is not entered" in missing
    assert "Make the file" not in missing

    assert karl.post("/costs/exports/datev", data={"adviser": "7", "revision": "0"}).status_code == 422
    sent = {"adviser": "29098", "client": "55003", "has_member_accounts": "y", "standard_key": "3", "revision": "0"}
    assert karl.post("/costs/exports/datev", data=sent).status_code == 303
    assert karl.get("/api/v1/datev-terms").json["adviser"] == 29_098

    page = karl.get(f"{NEW}?what=datev&year=2026&month=6")
    assert "7 entries" in text(page)
    assert "6 rows have no tax key, because it is not entered yet how they are taxed" in text(page)
    assert 'href="/invoices/terms"' in page.text
    assert karl.post("/api/v1/exports/postings", json={"what": "datev", "period": "2026"}).json["unknown_vat"] == 6
    wanted = {"what": "datev", "period": "2026-06", "again": "", "digest": digest_of(page)}
    assert karl.post(NEW, data=wanted | {"digest": "0" * 64}).status_code == 409
    made = karl.post(NEW, data=wanted)
    assert made.status_code == 303
    file = karl.get(f"{made.location}/file.bin")
    assert "EXTF_Buchungsstapel_2026-06.csv" in file.headers["Content-Disposition"]
    assert file.data.startswith(b'"EXTF";700;21;')
    assert karl.post(NEW, data=wanted).status_code == 409
    assert "7 entries of this period are in a file of this kind already" in text(
        karl.get(f"{NEW}?what=datev&year=2026&month=6")
    )
    once_more = karl.get(f"{NEW}?what=datev&year=2026&month=6&again=1")
    assert "has these postings twice" in text(once_more)
    again = wanted | {"again": "1", "digest": digest_of(once_more)}
    assert [karl.post(NEW, data=again).status_code for _click in range(2)] == [303, 409]
    assert "once more" in text(karl.get("/costs/exports"))
    assert karl.get("/api/v1/exports/postings").json["items"][0]["is_again"] is True

    cost(session, charged, "fixed", 900)
    post(session, charged)
    asked = {"what": "datev", "period": "2026"}
    digest = karl.post("/api/v1/exports/postings", json=asked).json["digest"]
    asked, key = asked | {"preview": False, "digest": digest}, {"Idempotency-Key": "once"}
    first, second, third = (karl.post("/api/v1/exports/postings", json=asked, headers=sent) for sent in (key, key, {}))
    assert (first.status_code, second.status_code, third.status_code) == (201, 201, 409)
    assert first.json == second.json

    app.test_cli_runner().invoke(args=["ring", "export", "postings", "2026", "--what", "journal_csv"])
    assert "Command at the server" in text(karl.get("/costs/exports"))

    rita, anna = log_in(sample_ring.rita_login), log_in(sample_ring.anna_login)
    assert rita.get("/costs/exports/1").status_code == 200
    assert rita.get(NEW).status_code == 403
    assert anna.get("/costs/exports").status_code == 403
    assert anna.get("/costs/exports/1/file.bin").status_code == 403
    assert karl.get("/costs/exports/99/file.bin").status_code == 404
    for wrong in ("what=datev&year=x", "what=datev&year=2026&month=0"):
        assert karl.get(f"{NEW}?{wrong}").status_code == 404


def test_the_journal_is_the_same_lines_as_csv_and_xlsx_and_each_file_is_recorded_with_its_hash(session, karl, charged):
    cost(session, charged, "variable", 12_345)
    post(session, charged)
    files = {}
    for what, is_again in (("journal_csv", False), ("journal_xlsx", True)):
        wanted = {"what": what, "period": "2026", "again": is_again}
        digest = karl.post("/api/v1/exports/postings", json=wanted).json["digest"]
        made = karl.post("/api/v1/exports/postings", json=wanted | {"digest": digest, "preview": False})
        assert made.status_code == 201, made.json
        files[what] = karl.get(f"/api/v1/exports/postings/{made.json['id']}/file").data
        assert made.json["sha256"] == hashlib.sha256(files[what]).hexdigest()
        page = text(karl.get(f"/costs/exports/{made.json['id']}"))
        assert made.json["sha256"] in page.replace(" ", "")

    lines = list(csv.DictReader(io.StringIO(files["journal_csv"].decode("utf-8-sig"))))
    sheet = openpyxl.load_workbook(io.BytesIO(files["journal_xlsx"])).active
    head, *rows = sheet.iter_rows(values_only=True)
    amount = "Amount in EUR"
    assert list(head) == list(lines[0])
    column = head.index(amount)
    amounts = [Decimal(str(row[column])) for row in rows[:-1]]  # the last one sums them
    assert amounts == [Decimal(line[amount]) for line in lines]
    assert (len(lines) > 12, sum(amounts)) == (True, 0)


def test_all_figures_are_one_documented_file_without_secrets(app, session, karl, tmp_path, charged, monkeypatch):
    assert karl.get("/costs/exports/figures/file.db").status_code == 303  # the worker makes it
    path, seen = tmp_path / "ring.db", []
    with (
        app.test_request_context(),
        progress.listening(lambda *of: seen.append(of)),
        figures_file(session, MONDAY.date(), has_all_of_members=False) as file,
    ):
        path.write_bytes(file.read())
    shares = [done / total for done, total in seen]
    assert shares == sorted(shares)
    assert (shares[0], 0.7 < shares[-1] < 1) == (0, True)
    database = sqlite3.connect(path)
    assert database.execute("SELECT sum(amount_cents), count(*) FROM journal").fetchone() == (0, 12)
    owed = database.execute("SELECT sum(amount_cents) FROM journal WHERE account = 'receivables'").fetchone()
    assert database.execute("SELECT sum(balance_cents) FROM balances").fetchone() == owed
    columns = [row[1] for row in database.execute("PRAGMA table_info(members)")]
    assert columns == [column.code for column in BILLING_COLUMNS]
    assert "phone" not in columns
    described = set(database.execute("SELECT table_name, column_name FROM about_columns"))
    for (table,) in database.execute("SELECT table_name FROM about_tables").fetchall():
        assert {(table, row[1]) for row in database.execute(f"PRAGMA table_info({table})")} <= described
    names = {row[1] for row in database.execute("SELECT name, name FROM sqlite_master")}
    about = dict(database.execute("SELECT table_name, about FROM about_tables"))
    tables = {
        name
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        if not name.startswith("sqlite_")
    }
    assert (tables - {"about_tables", "about_columns"}, "" in about.values()) == (set(about), False)
    assert not [name for name in names if "user" in name or "token" in name or "mail" in name]
    database.close()
    answer = karl.get("/api/v1/exports/figures")
    assert answer.data.startswith(b"SQLite format 3")
    monkeypatch.setattr(figures, "ROWS_AT_ONCE", 0)
    task = karl.get("/api/v1/exports/figures")
    assert (task.status_code, background_tasks.run_next(session)) == (202, 1)
    kept = karl.get(f"{task.json['status_url']}/result")
    assert kept.data == answer.data
    assert kept.headers["Content-Disposition"] == "attachment; filename=ringbuch.db"
    assert "All figures as one file that a program asked for" in text(karl.get("/tasks"))
    assert karl.get(f"/tasks/{task.json['id']}/result").data == answer.data
