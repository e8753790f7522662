"""The sources of the program, as the tests of this folder read them."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("app", "booking", "billing", "calendars")
DOMAIN = ("booking", "billing", "calendars")


def modules(*packages: str) -> Iterator[tuple[str, ast.Module]]:
    """Path (relative, with slashes) and syntax tree of every module of some packages."""
    for package in packages:
        for file in sorted((ROOT / package).rglob("*.py")):
            yield file.relative_to(ROOT).as_posix(), parsed(file)


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


TOOL_SECONDS = 3_600  # for one that hangs: mypy took six minutes on a machine that did other things


def run(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """A tool of the test environment, by module name."""
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=TOOL_SECONDS)
