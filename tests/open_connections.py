"""Connections to SQLite that nobody closed are told with the test that opened them, on every Python.

Python 3.13 and later warn of them when their memory is freed, which may be many tests later, and do not say whose they
were.
"""

from __future__ import annotations

import os
import sqlite3
import warnings
from functools import partial
from typing import Any


class WatchedConnection(sqlite3.Connection):
    """A connection that warns when it is freed and was not closed. The copies of a forked process are its parent's."""

    _opened_by, _process = "", 0

    def __init__(self, *words: Any, **named: Any) -> None:
        super().__init__(*words, **named)
        self._opened_by, self._process = os.environ.get("PYTEST_CURRENT_TEST", "no test"), os.getpid()

    def close(self) -> None:
        """Close it, so that there is nothing to warn of."""
        super().close()
        self._opened_by = ""

    def __del__(self) -> None:
        if self._opened_by and self._process == os.getpid():
            warning = f"a connection to SQLite was left open by {self._opened_by}"
            super().close()
            warnings.warn(warning, ResourceWarning, stacklevel=2)


def watch() -> None:
    """Watch all connections that this process opens from now on."""
    sqlite3.connect = sqlite3.dbapi2.connect = partial(sqlite3.connect, factory=WatchedConnection)
