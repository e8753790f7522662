"""Every verb of the account book has a page and a call of the API that docs/api.md describes.

A new address that changes something of it fails here until it has a row, and a row until both exist.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.test_scheduling_verbs import API, ROOT, changing_addresses

ROWS = (Path(__file__).parent / "money_verbs.txt").read_text(encoding="utf-8").splitlines()[1:]
VERBS = [tuple(cell.strip() for cell in row.split("|")) for row in ROWS]
DESKS = re.compile(r"^\S+ /(costs|fees|invoices)/")


@pytest.mark.parametrize(("page", "call"), [verb[1:] for verb in VERBS], ids=[verb[0] for verb in VERBS])
def test_a_verb_has_its_page_and_its_call(page, call):
    declared = changing_addresses()
    assert f"POST {page}" in declared
    assert call.replace(" ", f" {API}") in declared


def test_whatever_changes_the_account_book_is_a_verb():
    known = {f"POST {page}" for _name, page, _call in VERBS}
    assert [one for one in sorted(changing_addresses()) if DESKS.match(one) and one not in known] == []


def test_the_description_of_the_api_names_every_call():
    described = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    names = {[part for part in call.split("/") if part != "<>"][-1] for *_rest, call in VERBS}
    assert [name for name in sorted(names) if not re.search(rf"[/`]{re.escape(name)}\b", described)] == []
