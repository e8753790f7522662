"""How the suite is divided among processes: tests that share servers, a browser or a set-up run in one process.

The marks of xdist for this are dropped silently with pytest 9.2 (pytest-xdist#1386).
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

TOGETHER = (
    "tests/setup/",  # one environment, installed from the lock
    "tests/browser/",  # one server and one Chromium
    "tests/architecture/test_import_contracts.py",  # two broken copies of the program
    "tests/architecture/test_reading_cost.py",  # two rings with years of reservations
    "tests/integration/storage/test_demo_ring.py",  # the demo ring on each database
    "tests/integration/storage/test_races.py",  # four servers for each database
    "tests/stories/test_harvest_opening.py",  # the same
)


class LoadGroupScheduler(LoadScopeScheduling):
    """The largest group first; a test that shares nothing is a group of its own."""

    def _split_scope(self, nodeid: str) -> str:
        return next((shared for shared in TOGETHER if nodeid.startswith(shared)), nodeid)

    def mark_test_complete(self, node: WorkerController, item_index: int, duration: float = 0) -> None:
        """Forget a group whose last test has ended: xdist would count the tests of all groups after each test."""
        nodeid = self.registered_collections[node][item_index]
        scope = self._split_scope(nodeid)
        group = self.assigned_work[node][scope]
        group[nodeid] = True
        if all(group.values()):
            del self.assigned_work[node][scope]
        self._reschedule(node)


def import_from_the_end(config: pytest.Config) -> None:
    """Import the modules of the tests in reverse order in every second process.

    pytest rewrites the assertions of each module and stores the result, which takes longer than all other work of
    collecting. Processes that go through the modules in the same order store nothing in time for each other.
    """
    number = getattr(config, "workerinput", {}).get("workerid", "gw0").removeprefix("gw")
    if int(number) % 2 == 0:
        return
    files = {path for word in config.args for path in _modules_in(config.rootpath / word.partition("::")[0])}
    for path in sorted(files, reverse=True):
        root = next(folder for folder in path.parents if not (folder / "__init__.py").exists())
        if str(root) not in sys.path:
            sys.path.insert(0, str(root))  # as pytest does
        with suppress(Exception):  # pytest reports it when it collects the module
            importlib.import_module(".".join(path.relative_to(root).with_suffix("").parts))


def _modules_in(path: Path) -> Iterable[Path]:
    return path.rglob("test_*.py") if path.is_dir() else [path] if path.suffix == ".py" else []
