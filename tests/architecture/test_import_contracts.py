"""The program keeps the import contracts, and each contract reports its breaches."""

from __future__ import annotations

import re
import shutil

import pytest

from tests.architecture.sources import PACKAGES, ROOT, run

LINT_IMPORTS = ("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()")

LAYERS = "The web stands on the trade, money and feeds stand on the schedule"
NO_WEB = "The domain knows no web"
ENTRANCE = "Money and feeds enter the schedule by its verbs, queries and events"
PAGES = "Only factory, commands and tests import app.pages"

# (file, line added to it, contract that must report it, what it reports)
FORBIDDEN_IMPORTS = (
    ("booking/timespan.py", "import app.clock", LAYERS, "booking.timespan -> app.clock"),
    ("billing/errors.py", "import calendars", LAYERS, "billing.errors -> calendars"),
    ("calendars/errors.py", "import billing", LAYERS, "calendars.errors -> billing"),
    ("booking/rules.py", "import flask", NO_WEB, "booking.rules -> flask"),
    ("billing/errors.py", "from werkzeug.exceptions import abort", NO_WEB, "billing.errors -> werkzeug"),
    ("calendars/errors.py", "import apscheduler", NO_WEB, "calendars.errors -> apscheduler"),
    ("billing/errors.py", "import booking.models.machine", ENTRANCE, "billing.errors -> booking.models.machine"),
    ("calendars/errors.py", "import booking.rules", ENTRANCE, "calendars.errors -> booking.rules"),
    (
        "booking/kernel/errors.py",
        "import booking.rules",
        "The floors of booking",
        "booking.kernel.errors -> booking.rules",
    ),
    ("billing/errors.py", "import billing.models", "The floors of billing", "billing.errors -> billing.models"),
    (
        "billing/ledger/posting.py",
        "import billing.ledger.audit",
        "The floors of the ledger",
        "billing.ledger.posting -> billing.ledger.audit",
    ),
    (
        "billing/closing/content.py",
        "import billing.closing.periods",
        "The floors of closing",
        "billing.closing.content -> billing.closing.periods",
    ),
    (
        "billing/documents/numbering.py",
        "import billing.documents.issuing",
        "The floors of documents",
        "billing.documents.numbering -> billing.documents.issuing",
    ),
    (
        "billing/fees/working.py",
        "import billing.fees.posting",
        "The floors of fees",
        "billing.fees.working -> billing.fees.posting",
    ),
    (
        "billing/posting_exports/terms.py",
        "import billing.posting_exports.selection",
        "The floors of exported postings",
        "billing.posting_exports.terms -> billing.posting_exports.selection",
    ),
    (
        "billing/parties/bank_details.py",
        "import billing.parties.party",
        "The floors of the parties",
        "billing.parties.bank_details -> billing.parties.party",
    ),
    (
        "calendars/errors.py",
        "import calendars.models",
        "The floors of calendars",
        "calendars.errors -> calendars.models",
    ),
    ("app/mail/outbox.py", "import app.auth.models", "The floors of app", "app.mail.outbox -> app.auth.models"),
    ("app/api/guard.py", "import app.pages.errors", PAGES, "app.api.guard -> app.pages.errors"),
)
UNDECLARED_MODULES = tuple(
    (f"{package}/newcomer.py", "", f"The floors of {package}", f"- {package}.newcomer") for package in PACKAGES
)
BREACHES = FORBIDDEN_IMPORTS + UNDECLARED_MODULES


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Return contract -> its part of the report on copies of the program with every breach.

    Two copies: a contract with an undeclared module reports nothing else.
    """
    found = {}
    for breaches in (FORBIDDEN_IMPORTS, UNDECLARED_MODULES):
        folder = tmp_path_factory.mktemp("contracts")
        copy_program(folder)
        for file, line, _contract, _evidence in breaches:
            with (folder / file).open("a", encoding="utf-8") as source:
                source.write(f"\n{line}\n")
        result = run(*LINT_IMPORTS, cwd=folder)
        assert result.returncode == 1, result.stdout + result.stderr
        found[breaches] = sections(result.stdout)
    return found


def copy_program(folder):
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "static"))


def sections(report):
    """Split the report on broken contracts: heading -> lines until the next one."""
    headings = list(re.finditer(r"^(.+)\n-+\n\n", report, re.MULTILINE))
    ends = [heading.start() for heading in headings[1:]] + [len(report)]
    return {heading[1]: report[heading.end() : end] for heading, end in zip(headings, ends, strict=True)}


def test_the_program_keeps_every_contract():
    result = run(*LINT_IMPORTS)

    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("breach", BREACHES, ids=lambda breach: breach[3])
def test_contract_reports_the_breach(reports, breach):
    _file, _line, contract, evidence = breach
    report = reports[FORBIDDEN_IMPORTS if breach in FORBIDDEN_IMPORTS else UNDECLARED_MODULES]

    assert re.search(rf"{re.escape(evidence)}(?![\w.])", report[contract])


def test_every_contract_has_a_breach():
    named = [
        line.split('"')[1] for line in (ROOT / "pyproject.toml").read_text().splitlines() if line.startswith("name = ")
    ]

    assert {contract for _file, _line, contract, _evidence in BREACHES} == set(named) - {"ringbuch"}
