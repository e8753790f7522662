"""The program keeps the import contracts, and each contract reports its breaches."""

from __future__ import annotations

import re
import shutil
import tomllib

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
    ("billing/errors/money_errors.py", "import calendars", LAYERS, "billing.errors.money_errors -> calendars"),
    ("calendars/errors.py", "import billing", LAYERS, "calendars.errors -> billing"),
    ("booking/rules/lending_rules.py", "import flask", NO_WEB, "booking.rules.lending_rules -> flask"),
    (
        "billing/errors/money_errors.py",
        "from werkzeug.exceptions import abort",
        NO_WEB,
        "billing.errors.money_errors -> werkzeug",
    ),
    ("calendars/errors.py", "import apscheduler", NO_WEB, "calendars.errors -> apscheduler"),
    (
        "billing/errors/money_errors.py",
        "import booking.models.machine",
        ENTRANCE,
        "billing.errors.money_errors -> booking.models.machine",
    ),
    (
        "calendars/errors.py",
        "import booking.rules.lending_rules",
        ENTRANCE,
        "calendars.errors -> booking.rules.lending_rules",
    ),
    ("app/api/guard.py", "import app.pages.errors", PAGES, "app.api.guard -> app.pages.errors"),
)
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
FLOORS = [contract for contract in CONTRACTS if contract.get("exhaustive")]


def climb(contract):
    """Return the import of the highest floor by the lowest one."""
    (container,) = contract["containers"]
    highest, lowest = (
        f"{container}.{floor.split(' | ')[0]}" for floor in (contract["layers"][0], contract["layers"][-1])
    )
    file = ROOT / (lowest.replace(".", "/") + ".py")
    source = file if file.exists() else file.with_suffix("") / "__init__.py"
    return (str(source.relative_to(ROOT)), f"import {highest}", contract["name"], f"{lowest} -> {highest}")


def newcomer(contract):
    """Return a module that no floor names."""
    (container,) = contract["containers"]
    return (container.replace(".", "/") + "/newcomer.py", "", contract["name"], f"- {container}.newcomer")


FORBIDDEN_IMPORTS += tuple(climb(contract) for contract in FLOORS)
UNDECLARED_MODULES = tuple(newcomer(contract) for contract in FLOORS)
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

    words = r"\s+".join(map(re.escape, evidence.split()))  # long lines are folded
    assert re.search(rf"{words}(?![\w.])", report[contract])


def test_every_contract_has_a_breach():
    assert {breach[2] for breach in BREACHES} == {contract["name"] for contract in CONTRACTS}
