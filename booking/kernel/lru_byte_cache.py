"""A cache of a process, bounded by bytes: the least recently used values are evicted first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class LruByteCache(Generic[Value]):
    """Values by key, at most bytes_max in all. Shared by the threads of a process.

    size_of: roughly the bytes that a value takes. A value larger than the whole cache is not stored.
    """

    def __init__(self, bytes_max: int, size_of: Callable[[Value], int]) -> None:
        self._bytes_max, self._size_of = bytes_max, size_of
        self._bytes = 0
        self._values: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> Value | None:
        """Return the value of a key, if it is still there."""
        with self._lock:
            found = self._values.get(key)
            if found is None:
                return None
            self._values.move_to_end(key)
            return found[0]

    def put(self, key: Hashable, value: Value) -> None:
        """Store a value in place of the former one; evict the least recently used ones when there is no room."""
        size = self._size_of(value)
        with self._lock:
            self._evict(key)
            self._values[key] = (value, size)
            self._bytes += size
            while self._bytes > self._bytes_max:
                self._evict(next(iter(self._values)))

    def _evict(self, key: Hashable) -> None:
        found = self._values.pop(key, None)
        if found is not None:
            self._bytes -= found[1]
