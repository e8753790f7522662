"""The arrows between the packages hold, and each contract is seen to fail when somebody breaks it."""

from __future__ import annotations

import shutil

import pytest

from tests.architecture.sources import PACKAGES, ROOT, run

LINT_IMPORTS = ("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()")

# (file, line added to it, contract that must notice)
BREACHES = (
    ("booking/timespan.py", "import app.clock", "The web stands on the trade, money and feeds stand on the schedule"),
    ("billing/errors.py", "import calendars", "The web stands on the trade, money and feeds stand on the schedule"),
    ("calendars/errors.py", "import billing", "The web stands on the trade, money and feeds stand on the schedule"),
    ("booking/rules.py", "import flask", "The domain knows no web"),
    ("billing/errors.py", "from werkzeug.exceptions import abort", "The domain knows no web"),
    ("calendars/errors.py", "import apscheduler", "The domain knows no web"),
    (
        "billing/errors.py",
        "import booking.models.machine",
        "Money and feeds enter the schedule by its verbs, queries and events",
    ),
    (
        "calendars/errors.py",
        "import booking.rules",
        "Money and feeds enter the schedule by its verbs, queries and events",
    ),
    ("booking/kernel/errors.py", "import booking.rules", "The floors of booking"),
    ("booking/newcomer.py", "", "The floors of booking"),
    ("billing/errors.py", "import billing.models", "The floors of billing"),
    ("billing/newcomer.py", "", "The floors of billing"),
    ("calendars/errors.py", "import calendars.models", "The floors of calendars"),
    ("calendars/newcomer.py", "", "The floors of calendars"),
    ("app/mail/outbox.py", "import app.auth.models", "The floors of app"),
    ("app/newcomer.py", "", "The floors of app"),
    ("app/api/guard.py", "import app.pages.errors", "Only factory, commands and tests import app.pages"),
)


@pytest.fixture(scope="module")
def copy_of_the_program(tmp_path_factory):
    """The packages and their contracts, where they may be broken."""
    folder = tmp_path_factory.mktemp("contracts")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "static"))
    return folder


def test_the_arrows_hold():
    result = run(*LINT_IMPORTS)

    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(("file", "line", "contract"), BREACHES)
def test_a_breach_is_noticed(copy_of_the_program, file, line, contract):
    place = copy_of_the_program / file
    before = place.read_text(encoding="utf-8") if place.exists() else None
    place.write_text(f"{before or ''}\n{line}\n", encoding="utf-8")
    try:
        result = run(*LINT_IMPORTS, cwd=copy_of_the_program)
    finally:
        place.unlink() if before is None else place.write_text(before, encoding="utf-8")

    assert result.returncode == 1, result.stdout + result.stderr
    assert f"{contract} BROKEN" in result.stdout


def test_every_contract_is_broken_once_above():
    named = [
        line.split('"')[1] for line in (ROOT / "pyproject.toml").read_text().splitlines() if line.startswith("name = ")
    ]

    assert {contract for _file, _line, contract in BREACHES} == set(named) - {"ringbuch"}
