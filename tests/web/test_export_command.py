"""ring export: the same files as on the pages, for scripts."""

from __future__ import annotations

import io

import openpyxl
import pytest

from tests.web.test_costs_pages import YEAR, cost, pool, posted

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
    assert openpyxl.load_workbook(io.BytesIO(file.read_bytes())).active.max_row == 3


def test_bills_and_prices_are_written_too(export, pool, cost):
    assert "Huber" in export("costs", pool).stdout
    assert "Preis für Mitglieder" in export("tariffs", "--on", YEAR[1]).stdout
    assert "no cost pool number 7" in export("costs", 7).output


def test_what_does_not_exist_gets_a_sentence(export):
    assert "no allocation number 7" in export("allocation", 7).output
    assert "no machine 'x'" in export("slips", "--from", YEAR[0], "--until", YEAR[1], "--machine", "x").output
    assert "ends before it starts" in export("slips", "--from", YEAR[1], "--until", YEAR[0]).output
    assert export("slips", "--from", "yesterday", "--until", YEAR[1]).exit_code == 2
