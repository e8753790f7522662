"""Rendering calendar files: the whole file, or a cached one patched with the last changes."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypedDict

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from booking import queries
from booking.queries import FeedClosure, FeedEntry, FeedMark
from booking.queries.feed_courses import FeedCourse, feed_courses
from booking.queries.feed_series import feed_series, feed_series_marks
from calendars.entries import EntryRenderer
from calendars.feed_cache import Document, SeriesText
from calendars.lines import CRLF, text_line
from calendars.series import series_text
from calendars.tokens import ResolvedFeed
from calendars.vtimezones import vtimezone

PATCH_MAX = 8  # changes that are looked up one by one before the whole feed is read
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


class FeedSubject(TypedDict):
    """The subject of a subscription for the queries: one id, and two that are None."""

    member_id: int | None
    machine_id: int | None
    workshop_id: int | None


@dataclass(frozen=True, slots=True)
class RenderContext:
    """The inputs of one rendering: feed, ETag, name, start of the window, renderer."""

    feed: ResolvedFeed
    etag: str
    name: str
    since: datetime
    window_moved_at: datetime
    renderer: EntryRenderer

    @property
    def subject(self) -> FeedSubject:
        """The one of member, machine and workshop that the file is about, for the queries."""
        feed = self.feed
        return {"member_id": feed.member_id, "machine_id": feed.machine_id, "workshop_id": feed.workshop_id}

    @property
    def frame(self) -> Hashable:
        """What the file depends on besides its entries."""
        return (self.since, self.name, self.feed.zone)


def patch_cached(reader: Session | Connection, context: RenderContext, cached: Document) -> Document | None:
    """Return a cached file patched with the reservations that changed last; None when these do not explain all changes.

    Each change of a reservation adds one to its revision and one to the version of the schedule. So the step of
    the version must be the sum of the steps of the few that changed last; whatever else happened (a name, a
    closure, many at once, a clock that was put back) makes a difference, and the whole feed is read.
    """
    versions = (cached.version, context.feed.version)
    if cached.frame != context.frame or not all(version.isdecimal() for version in versions):
        return None
    rows = queries.feed_news(reader, **context.subject, since=context.since, limit=PATCH_MAX)
    changed = sorted((row for row in rows if cached.marks.get(row.id) != row.mark), key=lambda row: row.id)
    if sum(_version_steps(row, cached) for row in changed) != int(versions[1]) - int(versions[0]):
        return None
    if not all(_can_patch(row, cached) for row in changed):
        return None
    alone = [row for row in changed if row.series_id is None]
    series = _series(reader, context, {row.series_id for row in changed if row.series_id is not None})
    return replace(
        cached,
        etag=context.etag,
        version=context.feed.version,
        last_modified=max([cached.last_modified, *(row.changed_at for row in changed)]),
        marks={**cached.marks, **{row.id: row.mark for row in changed}},
        entries={**cached.entries, **{row.id: context.renderer.reservation(row) for row in alone}},
        series={**cached.series, **series},
    )


def render_all(reader: Session | Connection, context: RenderContext, cached: Document | None) -> Document:
    """Return the whole file; entries that did not change are taken from the cached one."""
    feed = context.feed
    closures = queries.feed_closures(
        reader, machine_id=feed.machine_id, workshop_id=feed.workshop_id, since=context.since
    )
    courses = feed_courses(reader, feed.member_id, since=context.since)
    marks, rows = _reservations(reader, context, cached)
    reusable = cached.entries if cached is not None else {}
    entries = {
        mark.id: context.renderer.reservation(rows[mark.id]) if mark.id in rows else reusable[mark.id]
        for mark in marks
        if mark.series_id is None
    }
    series = _series(reader, context, {mark.series_id for mark in marks if mark.series_id is not None}, cached)
    # A calendar must contain a component: an empty one contains the zone of the ring.
    zones = {one.timezone for one in closures} | {one.timezone for one in courses} | {
        mark.timezone for mark in marks
    } or {feed.zone}
    zones |= {one.zone for one in series.values()}
    return Document(
        etag=context.etag,
        version=feed.version,
        frame=context.frame,
        zones=frozenset(zones),
        last_modified=max(
            [
                _last_modified(reader, context, cached, rows.values(), [*closures, *courses]),
                *(one.changed_at for one in series.values()),
            ]
        ),
        head=head(context.name, zones).encode(),
        marks={mark.id: mark for mark in marks},
        entries=entries,
        closures=b"".join(context.renderer.closure(closure) for closure in closures),
        courses=b"".join(context.renderer.course(one, feed.member_id) for one in courses),
        series=series,
    )


def head(name: str, zones: Iterable[str]) -> str:
    """Return the lines before the entries: name, refresh interval, time zones."""
    names = text_line("NAME", name) + text_line("X-WR-CALNAME", name)
    return _HEAD + names + "".join(vtimezone(zone) for zone in sorted(zones))


def _version_steps(row: FeedEntry, cached: Document) -> int:
    """Return by how much a reservation raised the version since the cached file: a new one by one."""
    mark = cached.marks.get(row.id)
    return row.revision + 1 if mark is None else row.revision - mark.revision


def _can_patch(row: FeedEntry, cached: Document) -> bool:
    """Return whether a changed entry fits into the cached file, with its names and in its order."""
    mark = cached.marks.get(row.id)
    if row.series_id is not None and row.series_id not in cached.series:
        return False
    if mark is None:
        return row.timezone in cached.zones and row.id > next(reversed(cached.marks), 0)
    return mark._replace(revision=row.revision) == row.mark


def _reservations(
    reader: Session | Connection, context: RenderContext, cached: Document | None
) -> tuple[list[FeedMark], dict[int, FeedEntry]]:
    """Return the marks of all entries in order, and the rows of those not cached, by id."""
    subject = context.subject
    if cached is not None:
        marks = queries.feed_marks(reader, **subject, since=context.since)
        missing = {mark.id for mark in marks if mark.series_id is None and cached.marks.get(mark.id) != mark}
        if len(missing) < FETCH_ALL_FROM:
            found = queries.feed_reservations(reader, **subject, since=context.since, ids=missing) if missing else []
            rows = {row.id: row for row in found}
            # A row may be younger than its mark, or have left the feed, if it changed between the two statements.
            present = [rows[mark.id].mark if mark.id in rows else mark for mark in marks]
            return [mark for mark in present if mark.id in rows or mark.id not in missing], rows
    everything = queries.feed_reservations(reader, **subject, since=context.since)
    return [row.mark for row in everything], {row.id: row for row in everything}


def _series(
    reader: Session | Connection, context: RenderContext, series_ids: Collection[int], cached: Document | None = None
) -> dict[int, SeriesText]:
    """Return the entries of each series, those that did not change from the cached file."""
    if not series_ids:
        return {}
    marks = feed_series_marks(reader, series_ids)
    known = cached.series if cached is not None else {}
    texts = {
        id_: known[id_] for id_, mark in marks.items() if id_ in known and known[id_].mark == (mark, context.since)
    }
    changed = [mark for id_, mark in marks.items() if id_ not in texts]
    for one in feed_series(reader, changed, **context.subject) if changed else ():
        texts[one.mark.id] = SeriesText(
            mark=(one.mark, context.since),
            zone=one.times.zone.key,
            changed_at=max([one.changed_at, *(row.changed_at for row in one.dates.values())]),
            text=series_text(context.renderer, one, context.since),
        )
    return dict(sorted(texts.items()))


def _last_modified(
    reader: Session | Connection,
    context: RenderContext,
    cached: Document | None,
    rows: Iterable[FeedEntry],
    others: Iterable[FeedClosure | FeedCourse],
) -> datetime:
    """Return when anything in the file last changed: an entry, a name, or the window."""
    instants = [context.window_moved_at, *(row.changed_at for row in rows)]
    instants += [one.changed_at for one in others]
    if cached is not None:
        instants.append(cached.last_modified)
    feed = context.feed
    moved_away_at = queries.last_moved_away(reader, machine_id=feed.machine_id, workshop_id=feed.workshop_id)
    if moved_away_at is not None:
        instants.append(moved_away_at)
    if (renamed_at := queries.last_record_change(reader)) is not None:
        instants.append(renamed_at)
    return max(instants)
