"""What keeping a calendar file is counted as."""

from __future__ import annotations

from datetime import UTC, datetime

from booking.queries import FeedMark
from calendars.feed_cache import Document, FeedCache

NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)


def document(*, entries: int = 0, closures: bytes = b"") -> Document:
    return Document(
        etag="tag",
        version="1",
        frame=None,
        zones=frozenset({"Europe/Berlin"}),
        last_modified=NOW,
        head=b"BEGIN:VCALENDAR\r\n",
        marks={id_: FeedMark(id_, 0, 0, 0, "Europe/Berlin") for id_ in range(entries)},
        entries=dict.fromkeys(range(entries), b"x" * 1_000),
        closures=closures,
    )


def test_entries_and_closures_count():
    empty = document().size_bytes

    assert document(entries=10).size_bytes >= empty + 10_000
    assert document(closures=b"x" * 10_000).size_bytes == empty + 10_000


def test_closures_alone_can_fill_the_cache():
    cache = FeedCache(bytes_max=25_000)
    for key in ("first", "second", "third"):
        cache.put(key, document(closures=b"x" * 10_000))

    assert cache.get("first") is None
    assert cache.get("third") is not None
