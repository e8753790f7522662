"""What the documents name exists: files, functions, pictures, commands. tests/setup runs the commands of the README."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import click
import pytest
from flask.cli import AppGroup

from app.commands import ring
from app.storage.audits import AUDITS
from app.worker.jobs import JOBS

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENTS = sorted(
    {*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("*/README.md"), *ROOT.glob("*/*/README.md")}
)
START = {"python3 start.py", "python3 start.py demo", "python3 start.py test"}
DATA = ("sqlite", "backup")  # endings of files that an installation makes
FILE = re.compile(r"\.(?:py|md|toml|txt|in|html|css|js|ics|po|json)$")
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


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_document_holds_the_marks_of_a_merge(document):
    text = document.read_text(encoding="utf-8")

    assert re.findall(r"^(?:<{7} |={7}$|>{7} ).*", text, re.MULTILINE) == []


def test_the_readme_has_only_commands_that_tests_run():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    typed = {line for block in blocks(text) for line in block.splitlines() if line}

    assert typed == START


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_documented_commands_exist(document):
    told = {match for block in blocks(document.read_text(encoding="utf-8")) for match in COMMAND.findall(block)}

    assert [words for words in told if not exists(*words)] == []


def exists(word: str, second: str) -> bool:
    """Whether `ring word` is a command, and the second word one of its own where it has any."""
    command = ring.get_command(click.Context(ring), word)
    if isinstance(command, AppGroup):
        return second in command.commands
    return command is not None


def files_of_ours() -> list[str]:
    """Return the paths of the files under version control, or of the copy without git."""
    folders = ("app", "bench", "billing", "booking", "calendars", "docs", "migrations", "tests")
    found = (path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file())
    return [path.relative_to(ROOT).as_posix() for path in (*ROOT.glob("*.*"), *found)]


FILES = files_of_ours()
PACKAGES = {path.partition("/")[0] for path in FILES if "/" in path}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_folders_in_backticks_exist(document):
    assert [name for name in named_paths(document) if not is_a_path_of_ours(name, document)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_functions_and_classes_in_backticks_exist(document):
    """`module.name` of one of our modules: the module has the name."""
    missing = []
    for module, name in re.findall(
        r"`(?:[\w/]+/)?([a-z]\w+)\.(\w+)(?:\(.*?\))?`", document.read_text(encoding="utf-8")
    ):
        texts = [(ROOT / path).read_text(encoding="utf-8") for path in FILES if path.endswith(f"/{module}.py")]
        if (
            texts
            and name not in DATA
            and not FILE.search(f".{name}")
            and not any(re.search(rf"\b{name}\b", text) for text in texts)
        ):
            missing.append(f"{module}.{name}")
    assert missing == []


def named_paths(document: Path) -> Iterator[str]:
    """Yield what in backticks looks like a file or folder of ours: it ends like a file, or begins with a package."""
    for name in re.findall(r"`([\w.*/-]+)`", document.read_text(encoding="utf-8")):
        if name.startswith(("/", "instance/")):  # addresses; what each installation has of its own
            continue
        if FILE.search(name) or ("/" in name and name.partition("/")[0] in PACKAGES):
            yield name


def is_a_path_of_ours(name: str, document: Path) -> bool:
    """Return whether a path exists from the root, from the document, or as the end of the path of some file."""
    name = name.rstrip("/")
    if any((*ROOT.glob(name), *document.parent.glob(name))):
        return True
    return any(fnmatch(path, f"*/{name}") or fnmatch(path, f"*/{name}/*") for path in FILES)


def test_every_job_of_the_worker_and_every_audit_is_in_the_operators_list():
    listed = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/operators-worker-and-mail.md").read_text(), re.MULTILINE)
    assert {job.name for job in JOBS} | set(AUDITS) <= set(listed)
