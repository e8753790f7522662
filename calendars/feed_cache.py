"""Calendar files rendered recently, cached in the memory of the process."""

from __future__ import annotations

import gzip
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from booking.kernel.lru_byte_cache import LruByteCache
from booking.queries import FeedMark

BYTES_MAX = 16 * 1024 * 1024
ENTRY_OVERHEAD_BYTES = 400  # what Python needs beside the text
GZIP_LEVEL = 1  # calendar text shrinks to a tenth at once; more effort gains little


class SeriesText(NamedTuple):
    """The entries of one series. mark: all that they depend on; zone: the one by whose clock they are written."""

    mark: Hashable
    zone: str
    changed_at: datetime
    text: bytes


@dataclass(frozen=True)
class Document:
    """A calendar file: head, closures, induction courses, one text per reservation (in the order of their ids), tail.

    marks: reservation id -> the revisions on which its text depends. frame: what else the file depends on. series: the
    dates of each series together, by its id; they have no text in entries.
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
    courses: bytes = b""
    series: Mapping[int, SeriesText] = field(default_factory=dict)

    TAIL = b"END:VCALENDAR\r\n"

    @property
    def body(self) -> bytes:
        """The content of the file."""
        series = (one.text for one in self.series.values())
        return b"".join((self.head, self.closures, self.courses, *self.entries.values(), *series, self.TAIL))

    @cached_property
    def gzipped(self) -> bytes:
        """The body as gzip, without a timestamp, so that the same body always gives the same bytes."""
        return gzip.compress(self.body, GZIP_LEVEL, mtime=0)

    @property
    def size_bytes(self) -> int:
        """Roughly the memory that caching it takes."""
        texts = len(self.head) + len(self.closures) + len(self.courses) + sum(map(len, self.entries.values()))
        texts += sum(len(one.text) for one in self.series.values())
        return texts + ENTRY_OVERHEAD_BYTES * (len(self.marks) + len(self.series) + 1)


class FeedCache(LruByteCache[Document]):
    """The documents used last, by the inputs of their rendering. Of two rendered at once, one is cached."""

    def __init__(self, bytes_max: int = BYTES_MAX) -> None:
        super().__init__(bytes_max, lambda document: document.size_bytes)
