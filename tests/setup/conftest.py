"""Fresh copies of the program, started as a newcomer would start them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.setup.starting import ROOT, SYSTEM_PYTHON, Started, locked, plain_environment

# What is in a folder that has been used and not in a new one; without git, which need not be installed.
MADE_HERE = (".git", ".venv", ".setup.lock", "instance", "__pycache__", "*.mo", ".artifacts", ".work", ".[a-z]*_cache")
SET_UP_ALONE = """
import sys
from launcher import environment, steps
try:
    environment.set_up(environment.PROGRAM)
except steps.SetupError as error:
    sys.exit(str(error))
"""


@pytest.fixture(scope="session")
def fresh_clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The files that a clone or an unpacked archive would have; no environment, no instance."""
    clone = tmp_path_factory.mktemp("fresh") / "ringbuch"
    shutil.copytree(ROOT, clone, ignore=shutil.ignore_patterns(*MADE_HERE))
    yield clone
    shutil.rmtree(clone)  # hundreds of megabytes, also where a test failed


@pytest.fixture(scope="session")
def first_words(fresh_clone: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the very first start said; afterwards the copy is set up."""
    with Started(
        fresh_clone, "--instance", tmp_path_factory.mktemp("first") / "instance", patience_seconds=400
    ) as ring:
        ring.wait_for_words("Ringbuch is open")
    return ring.words


@pytest.fixture
def prepared(fresh_clone: Path, first_words: str) -> Path:
    """A copy that was started once."""
    return fresh_clone


@pytest.fixture
def start(prepared: Path, tmp_path: Path):
    """start(*words): start.py of the prepared copy with a new instance, ended with the test."""

    @contextmanager
    def starting(*words: object, **options: object) -> Iterator[Started]:
        with Started(prepared, "--instance", tmp_path / "instance", *words, **options) as ring:
            yield ring

    return starting


@pytest.fixture(scope="module")
def open_instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The instance of open_ring."""
    return tmp_path_factory.mktemp("open") / "instance"


@pytest.fixture(scope="module")
def open_ring(fresh_clone: Path, first_words: str, open_instance: Path) -> Iterator[Started]:
    """A new ring that is served, for the tests that look at it or end a part of it."""
    with Started(fresh_clone, "--instance", open_instance) as ring:
        ring.wait_for_words("Ringbuch is open")
        yield ring


@pytest.fixture
def small_copy(tmp_path: Path) -> Path:
    """The launcher with one small package to install: all of the set-up, in a second."""
    return make_small_copy(tmp_path / "small")


@pytest.fixture(scope="session")
def small_environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environment of a small copy that is set up: to build one takes a hundred times as long as to copy it."""
    copy = make_small_copy(tmp_path_factory.mktemp("environment") / "small")
    done = set_up_in(copy)
    assert done.returncode == 0, done.stderr
    return copy / ".venv"


@pytest.fixture
def small_prepared(small_copy: Path, small_environment: Path) -> Path:
    """The small copy, set up."""
    shutil.copytree(small_environment, small_copy / ".venv", symlinks=True)
    return small_copy


@pytest.fixture
def set_up(small_copy: Path):
    """set_up(**environment): run the set-up of the small copy; its exit code and words."""
    return partial(set_up_in, small_copy)


@pytest.fixture
def set_up_quickly(small_copy: Path, small_environment: Path):
    """As set_up, but what pip would install is copied: pip takes most of the time of a set-up."""
    copying = (
        "import shutil\n"
        "from launcher import environment\n"
        f"installed = {str(small_environment / 'lib')!r}\n"
        "def copy(lock): shutil.copytree(installed, environment.ENVIRONMENT / 'lib', dirs_exist_ok=True)\n"
        "environment.install_packages = copy\n"
    )
    return lambda first="", **variables: set_up_in(small_copy, copying + first, **variables)


def make_small_copy(copy: Path) -> Path:
    copy.mkdir()
    shutil.copytree(ROOT / "launcher", copy / "launcher", ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "requirements.txt").write_text(locked("itsdangerous"), encoding="utf-8")
    return copy


def set_up_in(copy: Path, first: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SYSTEM_PYTHON, "-c", first + SET_UP_ALONE],
        cwd=copy,
        env={**plain_environment(), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
