"""The security log: what it notes, that it holds nothing that was typed, its bounds, and that fail2ban can read it."""

from __future__ import annotations

import re
import stat
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.auth import security_log
from app.auth.models import SecurityEntry
from app.auth.security_log import SecurityLog
from booking.kernel.transaction import in_write_transaction
from tests.conftest import MONDAY

DOCS = Path(__file__).resolve().parents[3] / "docs" / "operators-security.md"


@pytest.fixture
def seclog(app, tmp_path):
    """A log of the application that writes its file into a folder of its own."""
    made = SecurityLog(app)
    made._file = tmp_path / "security.log"
    app.extensions[security_log.EXTENSION] = made
    return made


def entries(session):
    columns = (SecurityEntry.kind, SecurityEntry.network, SecurityEntry.user_id, SecurityEntry.count)
    session.rollback()
    return {tuple(row) for row in session.execute(select(*columns))}


def test_counts_of_a_minute_are_one_row_and_add_up(session, seclog):
    for _again in range(2):
        for _try in range(3):
            seclog.note(security_log.LOGIN_REFUSED, "203.0.113.0/24", 7, MONDAY)
        seclog.note(security_log.LOGIN_REFUSED, "203.0.113.0/24", 0, MONDAY)
        seclog.write()

    assert entries(session) == {
        ("login_refused", "203.0.113.0/24", 7, 6),
        ("login_refused", "203.0.113.0/24", 0, 2),
    }


def test_exports_are_one_row_for_each_file_and_their_rows_add_up(session, seclog, monkeypatch):
    def note(file, row_count):
        seclog.note(security_log.EXPORTED, "203.0.113.0/24", 7, MONDAY, file=file, row_count=row_count)

    note("members.csv", 300)
    note("slips.xlsx", 4)
    with monkeypatch.context() as patched:
        patched.setattr(security_log, "add_counts", _away)
        seclog.write()
    note("members.csv", 12)
    seclog.write()

    columns = (SecurityEntry.file, SecurityEntry.count, SecurityEntry.row_count)
    assert {tuple(row) for row in session.execute(select(*columns))} == {("members.csv", 2, 312), ("slips.xlsx", 1, 4)}
    last = seclog._file.read_text().splitlines()[-1]
    assert last.endswith("ringbuch: exported from 203.0.113.0/24 login 7 file members.csv rows 12")


def test_a_flood_from_many_networks_is_counted_in_bounded_rows_and_lines(session, seclog):
    began = time.process_time()
    for number in range(5_000):
        seclog.note(security_log.LOGIN_REFUSED, f"10.{number // 256}.{number % 256}.0/24", 0, MONDAY)
        if number in (1_000, 2_000):  # it is written each second
            seclog.write()
    took = time.process_time() - began
    seclog.write()

    rows = entries(session)
    assert len(rows) == security_log.KEYS_MAX + 1
    assert sum(row[3] for row in rows) == 5_000
    assert len(seclog._file.read_text().splitlines()) == security_log.LINES_MAX
    assert took < 2, "a refusal costs microseconds"


def test_a_flood_from_one_network_writes_thirty_lines_a_minute(seclog):
    for second in range(120):
        seclog.note(security_log.LOGIN_REFUSED, "203.0.113.0/24", 0, MONDAY + timedelta(seconds=second))

    lines = seclog._file.read_text().splitlines()
    assert len(lines) == 2 * security_log.LINES_MAX_OF_ONE
    assert stat.S_IMODE(seclog._file.stat().st_mode) == 0o600


def test_counts_wait_while_the_database_is_away(app, session, seclog, monkeypatch):
    seclog.note(security_log.PAUSED, "203.0.113.0/24", 0, MONDAY)
    with monkeypatch.context() as patched:
        patched.setattr(security_log, "add_counts", _away)
        seclog.write()
    seclog.write()

    assert entries(session) == {("paused", "203.0.113.0/24", 0, 1)}


def _away(*_arguments):
    from sqlalchemy.exc import OperationalError

    raise OperationalError("INSERT", {}, Exception("away"))


def test_entries_and_files_are_kept_for_90_days(session, tmp_path):
    def add():
        for days in (0, 89, 91):
            moment = MONDAY - timedelta(days=days)
            counts = Counter({(moment, "logged_in", "203.0.113.0/24", 1, ""): 1})
            security_log.add_counts(session, counts, Counter())

    in_write_transaction(session, add)
    in_write_transaction(session, lambda: security_log.delete_old(session, now=MONDAY))
    assert session.scalar(select(func.count(SecurityEntry.id))) == 2

    for name in ("security.log", "security.log.2026-11-01", "security.log.2026-08-01"):
        (tmp_path / name).write_text("line\n")
    security_log.rotate_file(tmp_path, now=MONDAY)
    security_log.rotate_file(tmp_path, now=MONDAY)
    assert sorted(path.name for path in tmp_path.glob("security*")) == [
        "security.log.2026-11-01",
        "security.log.2026-11-23",
    ]


def test_fail2ban_reads_a_line_by_the_filter_of_the_documents(seclog):
    seclog.note(security_log.LOGIN_REFUSED, "203.0.113.0/24", 17, MONDAY)
    seclog.note(security_log.TOKEN_REFUSED, "2001:db8:1:2::/64", 0, MONDAY)
    seclog.note(security_log.LOGGED_IN, "203.0.113.0/24", 17, MONDAY)
    pattern = re.search(r"^failregex = (.*)$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)[1]
    subnet = r"(?P<ip4>(?:\d{1,3}\.){3}\d{1,3}/\d+)|(?P<ip6>[0-9a-fA-F:]+/\d+)"
    failregex = re.compile(pattern.replace("<SUBNET>", f"(?:{subnet})"))

    lines = seclog._file.read_text().splitlines()
    found = [failregex.search(line.removeprefix("2026-11-23T07:00:00Z")) for line in lines]
    assert [each and (each["ip4"] or each["ip6"]) for each in found] == ["203.0.113.0/24", "2001:db8:1:2::/64", None]
