"""Writing calendar files: as a whole, or a kept one with the last changes in it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypedDict

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from booking import queries
from booking.queries import FeedClosure, FeedEntry, FeedMark
from calendars.entries import Pen
from calendars.lines import CRLF, text_line
from calendars.shelf import Document
from calendars.tokens import OpenedFeed
from calendars.vtimezones import vtimezone

FEW = 8  # changes that are looked for one by one before the whole feed is looked through
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


@dataclass(frozen=True, slots=True)
class Edition:
    """A file as it is to be written now: of what, called what, since when, with which pen."""

    feed: OpenedFeed
    etag: str
    name: str
    since: datetime
    window_moved_at: datetime
    pen: Pen

    @property
    def whose(self) -> Whose:
        """For the queries: the one of member, machine and workshop that the file is about."""
        feed = self.feed
        return {"member_id": feed.member_id, "machine_id": feed.machine_id, "workshop_id": feed.workshop_id}

    @property
    def frame(self) -> Hashable:
        """What the file depends on beside its entries."""
        return (self.since, self.name, self.feed.zone)


def amended(reader: Session | Connection, edition: Edition, kept: Document) -> Document | None:
    """A kept file with the reservations in it that changed last; None when these do not explain everything.

    Each change of a reservation adds one to its revision and one to the version of the schedule. So the step of
    the version must be the sum of the steps of the few that changed last; whatever else happened (a name, a
    closure, many at once, a clock that was put back) makes a difference, and the whole feed is looked through.
    """
    versions = (kept.version, edition.feed.version)
    if kept.frame != edition.frame or not all(version.isdecimal() for version in versions):
        return None
    rows = queries.feed_news(reader, **edition.whose, since=edition.since, limit=FEW)
    changed = sorted((row for row in rows if kept.marks.get(row.id) != row.mark), key=lambda row: row.id)
    if sum(_steps(row, kept) for row in changed) != int(versions[1]) - int(versions[0]):
        return None
    if not all(_fits(row, kept) for row in changed):
        return None
    return replace(
        kept,
        etag=edition.etag,
        version=edition.feed.version,
        last_modified=max([kept.last_modified, *(row.changed_at for row in changed)]),
        marks={**kept.marks, **{row.id: row.mark for row in changed}},
        entries={**kept.entries, **{row.id: edition.pen.reservation(row) for row in changed}},
    )


def written(reader: Session | Connection, edition: Edition, kept: Document | None) -> Document:
    """The whole file; texts of entries that are still right are taken from the kept one."""
    feed = edition.feed
    closures = queries.feed_closures(
        reader, machine_id=feed.machine_id, workshop_id=feed.workshop_id, since=edition.since
    )
    marks, rows = _reservations(reader, edition, kept)
    still_right = kept.entries if kept is not None else {}
    entries = {
        mark.id: edition.pen.reservation(rows[mark.id]) if mark.id in rows else still_right[mark.id] for mark in marks
    }
    # A calendar file must hold something: an empty one tells the zone of the ring.
    zones = {closure.timezone for closure in closures} | {mark.timezone for mark in marks} or {feed.zone}
    return Document(
        etag=edition.etag,
        version=feed.version,
        frame=edition.frame,
        zones=frozenset(zones),
        last_modified=_last_modified(reader, edition, kept, rows.values(), closures),
        head=head(edition.name, zones).encode(),
        marks={mark.id: mark for mark in marks},
        entries=entries,
        closures=b"".join(edition.pen.closure(closure) for closure in closures),
    )


def head(name: str, zones: Iterable[str]) -> str:
    """The lines before the entries: what the calendar is called, how often to ask, the zones it speaks of."""
    names = text_line("NAME", name) + text_line("X-WR-CALNAME", name)
    return _HEAD + names + "".join(vtimezone(zone) for zone in sorted(zones))


def _steps(row: FeedEntry, kept: Document) -> int:
    """By how much a reservation has moved the version since the kept file: a new one by one."""
    mark = kept.marks.get(row.id)
    return row.revision + 1 if mark is None else row.revision - mark.revision


def _fits(row: FeedEntry, kept: Document) -> bool:
    """Whether a changed entry can take its place in the kept file: under the names and in the order it has."""
    mark = kept.marks.get(row.id)
    if mark is None:
        return row.timezone in kept.zones and row.id > next(reversed(kept.marks), 0)
    return mark._replace(revision=row.revision) == row.mark


def _reservations(
    reader: Session | Connection, edition: Edition, kept: Document | None
) -> tuple[list[FeedMark], dict[int, FeedEntry]]:
    """The marks of all entries in order, and the rows of those that nothing is kept of, by id."""
    whose = edition.whose
    if kept is not None:
        marks = queries.feed_marks(reader, **whose, since=edition.since)
        missing = {mark.id for mark in marks if kept.marks.get(mark.id) != mark}
        if len(missing) < FETCH_ALL_FROM:
            found = queries.feed_reservations(reader, **whose, since=edition.since, ids=missing) if missing else []
            rows = {row.id: row for row in found}
            # A row may be younger than its mark, or have left the feed, if it changed between the two statements.
            present = [rows[mark.id].mark if mark.id in rows else mark for mark in marks]
            return [mark for mark in present if mark.id in rows or mark.id not in missing], rows
    everything = queries.feed_reservations(reader, **whose, since=edition.since)
    return [row.mark for row in everything], {row.id: row for row in everything}


def _last_modified(
    reader: Session | Connection,
    edition: Edition,
    kept: Document | None,
    rows: Iterable[FeedEntry],
    closures: Iterable[FeedClosure],
) -> datetime:
    """When anything in the file last changed: an entry, a name, or what the window shows."""
    instants = [edition.window_moved_at, *(row.changed_at for row in rows)]
    instants += [closure.changed_at for closure in closures]
    if kept is not None:
        instants.append(kept.last_modified)
    if (renamed_at := queries.last_record_change(reader)) is not None:
        instants.append(renamed_at)
    return max(instants)
