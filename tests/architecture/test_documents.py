"""What the documents name is there: files, pictures, commands. tests/setup starts what the README tells to type."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.cli import AppGroup

from app.commands import ring

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENTS = sorted(
    {*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("*/README.md"), *ROOT.glob("*/*/README.md")}
)
START = {"python3 start.py", "python3 start.py demo", "python3 start.py test"}
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
COMMAND = re.compile(
    r"(?:start\.py (?:--instance \S+ )?|flask (?:--app wsgi )?|^)ring ([a-z]+)(?: ([a-z]+))?", re.MULTILINE
)


def blocks(text: str) -> list[str]:
    """What stands between fences."""
    return re.findall(r"^```[a-z]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document):
    links = LINK.findall(document.read_text(encoding="utf-8"))

    assert [link for link in links if not (document.parent / link).exists()] == []


def test_the_readme_tells_to_type_only_what_is_started_in_the_tests():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    typed = {line for block in blocks(text) for line in block.splitlines() if line}

    assert typed == START


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_that_are_told_of_exist(document):
    told = {match for block in blocks(document.read_text(encoding="utf-8")) for match in COMMAND.findall(block)}

    assert [words for words in told if not exists(*words)] == []


def exists(word: str, second: str) -> bool:
    """Whether `ring word` is a command, and the second word one of its own where it has any."""
    command = ring.commands.get(word)
    if isinstance(command, AppGroup):
        return second in command.commands
    return command is not None
