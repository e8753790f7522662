"""One object of a process for each file, made anew in a forked child."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")


class PerFile(Generic[T]):
    """The objects of this process that stand for files, such as their locks.

    A forked child gets objects of its own: a thread that it does not have may hold a lock of the parent's, and a lock
    on an inherited handle would be shared with the parent. close: called in the child for each that it inherits.
    """

    def __init__(self, make: Callable[[Path], T], close: Callable[[T], None] = lambda _inherited: None) -> None:
        self._make, self._close = make, close
        self._made: dict[Path, T] = {}
        self._guard = threading.Lock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._begin_anew)

    def of(self, file: Path) -> T:
        """Return the one object of this process for a file."""
        with self._guard:
            found = self._made.get(file)
            if found is None:
                found = self._made[file] = self._make(file)
            return found

    def _begin_anew(self) -> None:
        for each in self._made.values():
            self._close(each)
        self._made, self._guard = {}, threading.Lock()
