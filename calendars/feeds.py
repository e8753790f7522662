"""The file of a subscription and its ETag.

An entry is rendered once per revision and cached; of a feed of a thousand entries, only the one that changed is read
and rendered.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from hashlib import blake2b

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from calendars import rendering
from calendars.entries import EntryRenderer
from calendars.feed_cache import Document, FeedCache
from calendars.rendering import RenderContext
from calendars.tokens import MINE, ResolvedFeed
from calendars.vevents import Labels

FORMAT = 3  # grows when the text of an unchanged feed changes, so that every program fetches it again
DAYS_BACK = 90


def window_start(now: datetime) -> datetime:
    """Return the instant before which entries are left out: the first of the month 90 days ago.

    It moves once a month, so that the file stays the same to the byte from day to day.
    """
    oldest = now - timedelta(days=DAYS_BACK)
    return oldest.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def etag_of(feed: ResolvedFeed, base_url: str, now: datetime) -> str:
    """Return the ETag of the file as it is now, without quotes: the same tag means the same bytes."""
    since = window_start(now)
    inputs = (FORMAT, feed.version, since.year, since.month, feed.name, feed.ring, feed.zone, *_key(feed, base_url))
    return blake2b(repr(inputs).encode(), digest_size=12).hexdigest()


def document(
    reader: Session | Connection,
    feed: ResolvedFeed,
    cache: FeedCache,
    labels_of: Callable[[str], Labels],
    base_url: str,
    *,
    now: datetime,
) -> Document:
    """Return the file of a subscription, from the cache if nothing changed. labels_of: language code -> its labels."""
    key, etag = _key(feed, base_url), etag_of(feed, base_url, now)
    cached = cache.get(key)
    if cached is not None and cached.etag == etag:
        return cached
    labels, since = labels_of(feed.language), window_start(now)
    context = RenderContext(
        feed=feed,
        etag=etag,
        name=f"{labels.mine if feed.scope == MINE else feed.name} · {feed.ring}",
        since=since,
        window_moved_at=since + timedelta(days=DAYS_BACK),
        renderer=EntryRenderer(feed.privacy, labels, base_url),
    )
    rendered = (cached and rendering.patch_cached(reader, context, cached)) or rendering.render_all(
        reader, context, cached
    )
    cache.put(key, rendered)
    return rendered


def _key(feed: ResolvedFeed, base_url: str) -> tuple[Hashable, ...]:
    """Return what two feeds must have in common to be the same file."""
    return (feed.member_id, feed.machine_id, feed.workshop_id, feed.privacy, feed.language, base_url)
