"""What a calendar program gets: the whole of a subscription as one file, and the tag by which it knows it again.

An entry is written once per revision and kept; a feed of a thousand entries of which one changed writes one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import TypedDict

from sqlalchemy.orm import Session

from booking import queries
from booking.queries import FeedClosure, FeedEntry, FeedMark
from calendars.entries import Pen
from calendars.lines import CRLF, text_line
from calendars.shelf import Document, Shelf
from calendars.tokens import MINE, OpenedFeed
from calendars.vevents import Words
from calendars.vtimezones import vtimezone

FORMAT = 1  # grows when the text of an unchanged feed changes, so that every program fetches it anew
DAYS_BACK = 90
FETCH_ALL_FROM = 200  # missing entries from which reading the whole feed is cheaper than asking for each id

_HEAD = CRLF.join(
    (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Ringbuch//Ringbuch//EN",
        "CALSCALE:GREGORIAN",
        "REFRESH-INTERVAL;VALUE=DURATION:PT15M",
        "X-PUBLISHED-TTL:PT15M",
        "",
    )
)


class Whose(TypedDict):
    """What a subscription is about, as the queries want it: one id, and two that are None."""

    member_id: int | None
    machine_id: int | None
    workshop_id: int | None


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
    session: Session,
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
    made = _write(session, feed, etag, kept, Pen(feed.privacy, words_of(feed.language), base_url), window_start(now))
    shelf.keep(key, made)
    return made


def _write(session: Session, feed: OpenedFeed, etag: str, kept: Document | None, pen: Pen, since: datetime) -> Document:
    closures = queries.feed_closures(session, machine_id=feed.machine_id, workshop_id=feed.workshop_id, since=since)
    marks, rows = _reservations(session, feed, kept, since)

    entries: dict[Hashable, bytes] = {closure: pen.closure(closure) for closure in closures}
    for mark in marks:
        if (row := rows.get(mark.id)) is not None:
            entries[row.mark] = pen.reservation(row)
        elif kept is not None and mark in kept.entries:
            entries[mark] = kept.entries[mark]
    # A calendar file must hold something: an empty one tells the zone of the ring.
    zones = {closure.timezone for closure in closures} | {mark.timezone for mark in marks} or {feed.zone}
    return Document(
        etag=etag,
        last_modified=_last_modified(session, kept, rows.values(), closures, since),
        head=head(_name(feed, pen.words), zones).encode(),
        entries=entries,
    )


def _reservations(
    session: Session, feed: OpenedFeed, kept: Document | None, since: datetime
) -> tuple[list[FeedMark], dict[int, FeedEntry]]:
    """The marks of all entries in order, and the rows of those that nothing is kept of, by id."""
    whose = _whose(feed)
    if kept is not None:
        marks = queries.feed_marks(session, **whose, since=since)
        missing = [mark.id for mark in marks if mark not in kept.entries]
        if len(missing) < FETCH_ALL_FROM:
            rows = queries.feed_reservations(session, **whose, since=since, ids=missing) if missing else []
            return marks, {row.id: row for row in rows}
    rows = queries.feed_reservations(session, **whose, since=since)
    return [row.mark for row in rows], {row.id: row for row in rows}


def _last_modified(
    session: Session,
    kept: Document | None,
    rows: Iterable[FeedEntry],
    closures: Iterable[FeedClosure],
    since: datetime,
) -> datetime:
    """When anything in the file last changed: an entry, a name, or what the window shows."""
    window_moved_at = since + timedelta(days=DAYS_BACK)
    instants = [window_moved_at, *(row.changed_at for row in rows)]
    instants += [closure.lifted_at or closure.created_at for closure in closures]
    if kept is not None:
        instants.append(kept.last_modified)
    if (renamed_at := queries.last_record_change(session)) is not None:
        instants.append(renamed_at)
    return max(instants)


def _name(feed: OpenedFeed, words: Words) -> str:
    return f"{words.mine if feed.scope == MINE else feed.name} · {feed.ring}"


def head(name: str, zones: Iterable[str]) -> str:
    """The lines before the entries: what the calendar is called, how often to ask, the zones it speaks of."""
    names = text_line("NAME", name) + text_line("X-WR-CALNAME", name)
    return _HEAD + names + "".join(vtimezone(zone) for zone in sorted(zones))


def _whose(feed: OpenedFeed) -> Whose:
    return {"member_id": feed.member_id, "machine_id": feed.machine_id, "workshop_id": feed.workshop_id}


def _key(feed: OpenedFeed, base_url: str) -> tuple[Hashable, ...]:
    """What two feeds must have in common to be the same file."""
    return (feed.member_id, feed.machine_id, feed.workshop_id, feed.privacy, feed.language, base_url)
