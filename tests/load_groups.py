"""How the suite is divided among processes: tests that share servers, a browser or a set-up run in one process.

The marks of xdist for this are dropped silently with pytest 9.2 (pytest-xdist#1386).
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

TOGETHER = (
    "tests/setup/",  # one environment, installed from the lock
    "tests/browser/",  # one server and one Chromium
    "tests/architecture/test_import_contracts.py",  # two broken copies of the program
    "tests/architecture/test_reading_cost.py",  # two rings with years of reservations
    "tests/integration/test_demo_ring.py",  # the demo ring on each database
    "tests/integration/test_races.py",  # four servers for each database
    "tests/stories/test_harvest_opening.py",  # the same
)


class LoadGroupScheduler(LoadScopeScheduling):
    """The largest group first; a test that shares nothing is a group of its own."""

    def _split_scope(self, nodeid: str) -> str:
        return next((shared for shared in TOGETHER if nodeid.startswith(shared)), nodeid)
