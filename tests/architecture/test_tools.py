"""Lint, formatting and types are part of the suite: what a colleague would be told, the suite tells."""

from __future__ import annotations

import pytest

from tests.architecture.sources import run

TOOLS = {
    "lint": ("-m", "ruff", "check", "."),
    "formatting": ("-m", "ruff", "format", "--check", "."),
    "types": ("-m", "mypy"),
}


@pytest.mark.parametrize("tool", TOOLS)
def test_the_tool_finds_nothing(tool):
    result = run(*TOOLS[tool])

    assert result.returncode == 0, result.stdout + result.stderr
