"""Files of postings: each entry once in a file of a kind, unless asked; the database refuses all else; DATEV's rows."""

from __future__ import annotations

import csv
import io
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest
from sqlalchemy import event, insert, select, text, update
from sqlalchemy.exc import DatabaseError

from app.exports.postings import made_file
from app.extensions import db
from billing.errors.export_errors import NotExportable, NothingToExport, StaleExport
from billing.models import Entry, ExportedEntry, LedgerAccount, Posting, PostingExport
from billing.period_names import named_period
from billing.posting_exports.audit import broken_exports
from billing.posting_exports.recording import content_of_export, record_export
from billing.posting_exports.selection import preview_export
from billing.posting_exports.terms import DatevTermsInput, change_datev_terms
from booking.kernel.transaction import in_write_transaction, write_transaction
from booking.models import Member
from tests.builders import SOMEBODY
from tests.conftest import MONDAY
from tests.integration.money.harvester_pool import cost, post
from tests.integration.money.test_money_audits import tamper

YEAR = named_period("2026")


@pytest.fixture(autouse=True)
def context(app):
    with app.app_context():
        yield


@pytest.fixture
def posted(session, charged):
    """The charges of June, and an allocation that counts them; DATEV's numbers are known."""
    cost(session, charged, "variable", 12_345)
    post(session, charged)
    with write_transaction(session):
        change_datev_terms(session, DatevTermsInput(29_098, 55_003), by=SOMEBODY, now=MONDAY)
    return charged


def export(session, kind="datev", *, is_again=False):
    preview = preview_export(session, kind, YEAR, is_again=is_again)
    name, content = made_file(session, preview, "csv", now=MONDAY)
    return in_write_transaction(
        session, lambda: record_export(session, preview, content, name, by=SOMEBODY, now=MONDAY)
    )


def test_each_line_of_the_ledger_is_in_the_file_on_its_account(session, posted, seven):
    with write_transaction(session):
        session.execute(update(Member).where(Member.id == seven[0]).values(name="Łukasz \N{COW}"))
    (changed,) = preview_export(session, "datev", YEAR).changed_names
    assert (changed.kind, changed.id, changed.written) == ("member", seven[0], "Lukasz ?")

    export_id = export(session)

    rows = list(csv.reader(io.StringIO(content_of_export(session, export_id).decode("cp1252")), delimiter=";"))
    sums: Counter[str] = Counter()
    for row in rows[2:]:
        cents = int(row[0].replace(",", "")) * (1 if row[1] == "S" else -1)
        sums[row[6]] += cents
        sums[row[7]] -= cents
    wanted: Counter[str] = Counter()
    lines = select(Posting.cents, Posting.member_id, LedgerAccount.skr03).join(
        LedgerAccount, LedgerAccount.id == Posting.account_id
    )
    for cents, member_id, number in session.execute(lines):
        wanted[number if member_id is None else str(10_000 + member_id)] += cents
    assert any("Lukasz ?" in row[13] for row in rows)
    assert +sums == +wanted
    assert -sums == -wanted
    assert rows[0][10:17] == ["29098", "55003", "20260101", "4", "20260101", "20261231", "Ringbuch 2026"]
    assert {len(row) for row in rows[2:]} == {125}
    made = session.get(PostingExport, export_id)
    assert (made.file_name, made.entries) == ("EXTF_Buchungsstapel_2026.csv", session.query(Entry).count())


def test_an_entry_is_in_one_file_of_a_kind_unless_that_is_asked_for(session, posted):
    first = export(session)
    entries = session.get(PostingExport, first).entries
    with pytest.raises(NothingToExport):
        export(session)
    export(session, "journal")  # a file of another kind

    cost(session, posted, "fixed", 900)
    post(session, posted)
    second = export(session)
    assert session.get(PostingExport, second).entries == 1
    third = export(session, is_again=True)
    assert session.get(PostingExport, third).entries == entries + 1
    turns = session.scalars(select(ExportedEntry.turn).where(ExportedEntry.export_id == third).distinct()).all()
    assert turns == [2]
    assert list(broken_exports(session)) == []


def test_no_line_of_the_ledger_is_read_while_it_is_locked(session, posted):
    preview, statements = preview_export(session, "datev", YEAR), []
    event.listen(db.engine, "before_cursor_execute", lambda *words: statements.append(words[2]))
    in_write_transaction(session, lambda: record_export(session, preview, b"", "x", by=SOMEBODY, now=MONDAY))
    assert statements
    assert not [one for one in statements if "FROM billing_posting" in one]


def test_of_two_treasurers_who_export_at_once_one_is_refused(app, session, posted):
    together = Barrier(2)

    def export_at_once(_number):
        with app.app_context():
            own = db.session()
            preview = preview_export(own, "datev", YEAR)
            name, content = made_file(own, preview, "csv", now=MONDAY)
            own.rollback()
            together.wait()
            try:
                return in_write_transaction(
                    own, lambda: record_export(own, preview, content, name, by=SOMEBODY, now=MONDAY)
                )
            except StaleExport as refusal:
                return refusal.code

    with ThreadPoolExecutor(2) as threads:
        answers = set(threads.map(export_at_once, range(2)))
    assert answers == {1, "stale_export"}
    assert list(broken_exports(session)) == []


WRONG = (
    "UPDATE billing_export SET entries = 1",
    "DELETE FROM billing_export",
    "UPDATE billing_export_entry SET turn = 7",
    "DELETE FROM billing_export_entry",
    "DELETE FROM billing_export_file",
    # into the file that was made; into another one unasked; out of turn; without an export
    "INSERT INTO billing_export_entry VALUES (1, 99, 1, 'datev', 2)",
    "INSERT INTO billing_export_entry VALUES (2, 1, 1, 'datev', 1)",
    "INSERT INTO billing_export_entry VALUES (2, 1, 1, 'datev', 3)",
    "INSERT INTO billing_export_entry VALUES (2, 1, 1, 'journal', 1)",
)


def test_the_database_refuses_to_change_an_export_and_one_that_is_not_what_it_states(session, posted):
    export(session)
    for wrong in WRONG:
        with pytest.raises(DatabaseError), write_transaction(session):
            session.execute(text(wrong))
    stored = session.get(PostingExport, 1)
    row = {column.key: getattr(stored, column.key) for column in PostingExport.__table__.columns}
    for changes in ({"is_again": False}, {"entries": 2}, {"kind": "journal"}):
        stated = row | {"id": 2, "entries": 1, "is_again": True} | changes
        with pytest.raises(DatabaseError, match="billing_export_incomplete"):
            in_write_transaction(session, partial(_insert_again, session, stated))

    tamper(session, "billing_export_file", "content = substr(content, 3)")  # no longer what can be unpacked
    assert [one.code for one in broken_exports(session)] == ["export_file"]
    tamper(session, "billing_export", "cents = cents + 1")
    tamper(session, "billing_export", "sha256 = 'other'")
    assert [one.code for one in broken_exports(session)] == ["export_sums", "export_file", "export_hash"]
    for table in ("billing_export_file", "billing_export_entry", "billing_export"):
        tamper(session, table, "kind = kind" if table != "billing_export_file" else "content = content")
        with write_transaction(session):
            session.execute(text(f"DELETE FROM {table}"))
    assert [one.code for one in broken_exports(session)] == ["export_hash"]


def _insert_again(session, stated):
    again = {"export_id": 2, "number": 1, "entry_id": 1, "kind": "datev", "turn": 2}
    session.execute(insert(ExportedEntry), [again])
    session.execute(insert(PostingExport), [stated])


def test_what_is_missing_is_named_and_nothing_is_made(session, posted):
    with write_transaction(session):
        change_datev_terms(session, DatevTermsInput(), by=SOMEBODY, now=MONDAY)
        session.execute(update(LedgerAccount).where(LedgerAccount.code == "receivables").values(skr03="14000"))
    preview = preview_export(session, "datev", YEAR)
    assert [one.code for one in preview.problems] == ["adviser", "client", "lengths"]
    assert preview.problems[2].names == ("receivables",)
    with pytest.raises(NotExportable), write_transaction(session):
        record_export(session, preview, b"", "x", by=SOMEBODY, now=MONDAY)

    preview = preview_export(session, "journal", named_period("2026-01"))
    assert (preview.entry_ids, preview.cents, preview.earlier) == ((), 0, 0)
    with pytest.raises(NothingToExport), write_transaction(session):
        record_export(session, preview, b"", "x", by=SOMEBODY, now=MONDAY)
