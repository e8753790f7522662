"""What was written for calendar programs lately, kept in the memory of the process within a limit."""

from __future__ import annotations

import gzip
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from threading import Lock

from booking.queries import FeedMark

OCTETS_MAX = 16 * 1024 * 1024
OCTETS_OF_AN_ENTRY = 400  # what Python needs beside the text
PACKING_LEVEL = 1  # calendar text shrinks to a tenth at once; more effort gains little


@dataclass(frozen=True)
class Document:
    """A calendar file: head, closures, one text per reservation (in order of their ids), tail.

    marks: reservation id -> by what its text is known to be still right. frame: what else the file depends on.
    """

    etag: str
    version: str
    frame: Hashable
    zones: frozenset[str]
    last_modified: datetime
    head: bytes
    marks: dict[int, FeedMark]
    entries: dict[int, bytes]
    closures: bytes = b""

    TAIL = b"END:VCALENDAR\r\n"

    @property
    def body(self) -> bytes:
        """The octets of the file."""
        return b"".join((self.head, self.closures, *self.entries.values(), self.TAIL))

    @cached_property
    def packed(self) -> bytes:
        """The body as gzip; without the time, so that the same body always gives the same octets."""
        return gzip.compress(self.body, PACKING_LEVEL, mtime=0)

    @cached_property
    def octets(self) -> int:
        """Roughly what keeping it costs."""
        texts = len(self.head) + len(self.closures) + sum(map(len, self.entries.values()))
        return texts + OCTETS_OF_AN_ENTRY * (len(self.entries) + 1)


class Shelf:
    """The documents used last. Threads share it; of two that write the same, one is kept."""

    def __init__(self, octets_max: int = OCTETS_MAX) -> None:
        self._octets_max = octets_max
        self._octets = 0
        self._documents: OrderedDict[Hashable, Document] = OrderedDict()
        self._lock = Lock()

    def find(self, key: Hashable) -> Document | None:
        """The last document of a key, if it is still there."""
        with self._lock:
            document = self._documents.get(key)
            if document is not None:
                self._documents.move_to_end(key)
            return document

    def keep(self, key: Hashable, document: Document) -> None:
        """Put a document in the place of the former one, and let the longest unused go when room is short."""
        with self._lock:
            self._drop(key)
            self._documents[key] = document
            self._octets += document.octets
            while self._octets > self._octets_max:
                self._drop(next(iter(self._documents)))

    def _drop(self, key: Hashable) -> None:
        gone = self._documents.pop(key, None)
        if gone is not None:
            self._octets -= gone.octets
