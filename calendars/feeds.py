"""What a calendar program gets: the whole of a subscription as one file, and the tag by which it knows it again.

An entry is written once per revision and kept; of a feed of a thousand entries, one that changed is read and
written alone.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from hashlib import blake2b

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from calendars import writing
from calendars.entries import Pen
from calendars.shelf import Document, Shelf
from calendars.tokens import MINE, OpenedFeed
from calendars.vevents import Words
from calendars.writing import Edition

FORMAT = 2  # grows when the text of an unchanged feed changes, so that every program fetches it anew
DAYS_BACK = 90


def window_start(now: datetime) -> datetime:
    """The instant before which entries are left out: 90 days back, then to the beginning of that month.

    It moves once a month, so that the file stays the same to the octet from day to day.
    """
    oldest = now - timedelta(days=DAYS_BACK)
    return oldest.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def etag_of(feed: OpenedFeed, base_url: str, now: datetime) -> str:
    """The tag of the file as it is now, without quotes: with the same tag come the same octets."""
    since = window_start(now)
    facts = (FORMAT, feed.version, since.year, since.month, feed.name, feed.ring, feed.zone, *_key(feed, base_url))
    return blake2b(repr(facts).encode(), digest_size=12).hexdigest()


def document(
    reader: Session | Connection,
    feed: OpenedFeed,
    shelf: Shelf,
    words_of: Callable[[str], Words],
    base_url: str,
    *,
    now: datetime,
) -> Document:
    """The file of a subscription, from the shelf if nothing changed. words_of: language code -> its words."""
    key, etag = _key(feed, base_url), etag_of(feed, base_url, now)
    kept = shelf.find(key)
    if kept is not None and kept.etag == etag:
        return kept
    words, since = words_of(feed.language), window_start(now)
    edition = Edition(
        feed=feed,
        etag=etag,
        name=f"{words.mine if feed.scope == MINE else feed.name} · {feed.ring}",
        since=since,
        window_moved_at=since + timedelta(days=DAYS_BACK),
        pen=Pen(feed.privacy, words, base_url),
    )
    made = (kept and writing.amended(reader, edition, kept)) or writing.written(reader, edition, kept)
    shelf.keep(key, made)
    return made


def _key(feed: OpenedFeed, base_url: str) -> tuple[Hashable, ...]:
    """What two feeds must have in common to be the same file."""
    return (feed.member_id, feed.machine_id, feed.workshop_id, feed.privacy, feed.language, base_url)
