"""A cache of a process that is bounded by bytes and drops what was used least recently. Threads may share it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

V = TypeVar("V")


class LruByteCache(Generic[V]):
    """Values by key. size_of: roughly how many bytes a value takes; it must not change while the value is kept."""

    def __init__(self, bytes_max: int, size_of: Callable[[V], int]) -> None:
        self._bytes_max, self._size_of = bytes_max, size_of
        self._bytes = 0
        self._values: OrderedDict[Hashable, V] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> V | None:
        """Return the value of a key, if it is still kept."""
        with self._lock:
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
            return value

    def put(self, key: Hashable, value: V) -> None:
        """Keep a value in place of the former one of the key; drop the least recently used beyond the limit."""
        with self._lock:
            self._drop(key)
            self._values[key] = value
            self._bytes += self._size_of(value)
            while self._bytes > self._bytes_max:
                self._drop(next(iter(self._values)))

    def _drop(self, key: Hashable) -> None:
        value = self._values.pop(key, None)
        if value is not None:
            self._bytes -= self._size_of(value)
