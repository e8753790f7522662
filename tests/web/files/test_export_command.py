"""ring export: the same files as on the pages, for scripts."""

from __future__ import annotations

import io
import sqlite3
import stat

import openpyxl
import pytest

from billing.posting_exports.terms import DatevTermsInput, change_datev_terms
from tests.integration.money.harvester_pool import do
from tests.web.costs.test_costs_pages import YEAR, cost, pool, posted

__all__ = ["cost", "pool", "posted"]


@pytest.fixture
def export(app):
    def run(*words):
        return app.test_cli_runner().invoke(args=["ring", "export", *map(str, words)])

    return run


def test_an_allocation_is_written_in_the_language_asked_for(export, posted):
    german = export("allocation", posted)
    english = export("allocation", posted, "--language", "en")

    assert german.exit_code == 0
    assert "66,67" in german.stdout
    assert english.stdout.lstrip("\ufeff").startswith("Allocation,Reverses,Cost pool")
    assert export("allocation", posted).stdout_bytes == german.stdout_bytes


def test_slips_are_written_to_a_workbook(export, pool, tmp_path):
    file = tmp_path / "slips.xlsx"
    words = ("slips", "--from", YEAR[0], "--until", YEAR[1], "--machine", "combine", "--format", "xlsx", "-o", file)

    assert export(*words).exit_code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert openpyxl.load_workbook(io.BytesIO(file.read_bytes())).active.max_row == 4  # headers, two slips, their sum


def test_bills_and_prices_are_written_too(export, pool, cost):
    assert "Huber" in export("costs", pool).stdout
    assert "Preis (Mitglied)" in export("tariffs", "--on", YEAR[1]).stdout
    assert "no cost pool number 7" in export("costs", 7).output


def test_members_shares_and_the_list_of_allocations_are_written_too(session, export, pool, posted):
    assert "Mitgliedsnummer;Name;Gewerbe" in export("members").stdout
    assert "Combine" in export("shares", pool).stdout
    assert "no cost pool number 7" in export("shares", 7).output
    assert "100,01" in export("allocations").stdout
    assert "100,01" in export("postings", "2026", "--what", "journal_csv").stdout
    assert "is not in such a file already" in export("postings", "2026", "--what", "journal_csv").output
    assert export("postings", "2026", "--what", "journal_csv", "--again").exit_code == 0
    assert "number of the tax adviser at DATEV is not entered" in export("postings", "2026").output
    do(session, change_datev_terms, DatevTermsInput(29_098, 55_003))
    made = export("postings", "2026")
    assert (made.exit_code, made.stdout[:6]) == (0, '"EXTF"')
    assert "have no tax key, because it is not entered yet" in made.stderr
    assert export("allocations").stdout_bytes == export("allocations").stdout_bytes


def test_all_figures_are_written_and_describe_themselves(export, posted, tmp_path):
    file = tmp_path / "ring.db"
    assert export("figures", "-o", file, "--language", "en").exit_code == 0
    database = sqlite3.connect(file)
    about = dict(database.execute("SELECT column_name, about FROM about_columns WHERE table_name = 'journal'"))
    assert about["amount_cents"] == "Amount in cents"
    assert database.execute("SELECT count(phone) FROM members").fetchone()  # whoever has the terminal has it all
    database.close()


def test_events_are_written_in_the_language_asked_for(export, posted):
    days = ("--from", YEAR[0], "--until", YEAR[1])

    assert "Umlage gebucht" in export("events", *days).stdout
    assert "Allocation posted" in export("events", *days, "--language", "en").stdout
    assert "ends before it starts" in export("events", "--from", YEAR[1], "--until", YEAR[0]).output


def test_a_table_too_long_for_a_workbook_gets_a_sentence(export, pool, monkeypatch, tmp_path):
    monkeypatch.setattr("billing.exports.xlsx.ROWS_MAX", 1)

    refused = export("members", "--format", "xlsx", "-o", tmp_path / "members.xlsx")
    assert refused.exit_code == 1
    assert "Use CSV" in refused.output


def test_what_does_not_exist_gets_a_sentence(export):
    assert "no allocation number 7" in export("allocation", 7).output
    assert "no machine 'x'" in export("slips", "--from", YEAR[0], "--until", YEAR[1], "--machine", "x").output
    assert "ends before it starts" in export("slips", "--from", YEAR[1], "--until", YEAR[0]).output
    assert export("slips", "--from", "yesterday", "--until", YEAR[1]).exit_code == 2
