"""How the suite is divided among processes: what shares servers, a browser or a set-up stays in one of them.

xdist has marks for this, and with pytest 9.2 they are lost without a word (pytest-xdist#1386).
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

TOGETHER = (
    "tests/setup/",  # one environment, installed from the lock
    "tests/browser/",  # one server and one Chromium
    "tests/integration/test_races.py",  # four servers for each database
    "tests/stories/test_harvest_opening.py",  # the same
)


class Division(LoadScopeScheduling):
    """The largest piece of work first; a test that shares nothing is a piece of its own."""

    def _split_scope(self, nodeid: str) -> str:
        return next((shared for shared in TOGETHER if nodeid.startswith(shared)), nodeid)
