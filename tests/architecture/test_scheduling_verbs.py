"""Every verb of scheduling has a page, a call of the API described in docs/api.md, and a mail where it concerns others.

A new address that changes something of scheduling fails here until it has a row, and a row until both exist.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.notifications.kinds import KIND_OF_TEMPLATE

ROOT = Path(__file__).resolve().parent.parent.parent
API = "/api/v1"


@dataclass(frozen=True)
class Verb:
    """A row of scheduling_verbs.txt: what one can do, the page and the call that do it, and the mails about it.

    Addresses are those of docs/permissions.txt, with <> for each of their parts.
    """

    name: str
    page: str
    call: str
    mails: str


VERBS = [
    Verb(*(cell.strip() for cell in row.split("|")))
    for row in (Path(__file__).parent / "scheduling_verbs.txt").read_text(encoding="utf-8").splitlines()[1:]
]
SCHEDULING = re.compile(
    r"/(groups|series|series-rules|waiting-list|offers|offered|exchanges|exchanged|exchange-rules|closures|closure-series|breakdowns|"
    r"maintenance|quotas|induction-kinds|induction-wishes|inductions|courses|sign-up|proposed|zone-changes|clock|outside)\b"
)


@pytest.fixture(scope="module")
def declared() -> set[str]:
    return changing_addresses()


def changing_addresses() -> set[str]:
    """Method and address of whatever changes something."""
    rows = (ROOT / "docs" / "permissions.txt").read_text(encoding="utf-8").splitlines()[1:]
    found = {re.sub("<[^>]+>", "<>", f"{row.split()[0]} {row.split()[-1]}") for row in rows}
    return {one for one in found if not one.startswith("GET ")}


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_a_verb_has_its_page_its_call_and_its_mails(verb, declared):
    assert f"POST {verb.page}" in declared
    assert verb.call.replace(" ", f" {API}") in declared
    assert [one for one in verb.mails.split() if one not in KIND_OF_TEMPLATE] == []
    mails = ROOT / "app" / "templates" / "mail"
    assert [one for one in verb.mails.split() if not (mails / f"{one}.txt").is_file()] == []


def test_whatever_changes_a_schedule_is_a_verb(declared):
    known = {f"POST {verb.page}" for verb in VERBS}
    known |= {verb.call.replace(" ", f" {API}") for verb in VERBS}

    assert [one for one in sorted(declared) if SCHEDULING.search(one) and one not in known] == []


def test_the_description_of_the_api_names_every_call():
    described = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    names = {[part for part in verb.call.split("/") if part != "<>"][-1] for verb in VERBS}

    assert [name for name in sorted(names) if not re.search(rf"[/`]{re.escape(name)}\b", described)] == []
