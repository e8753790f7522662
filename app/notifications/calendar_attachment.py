"""The .ics attachment of a mail: the same entry as in the member's calendar subscription."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime

from flask import current_app
from sqlalchemy.orm import Session

from app.wording.calendar import labels_of
from booking import queries
from booking.models import ENDED_WITHOUT_USE
from booking.queries import ReservationView
from booking.queries.feed_series import FeedSeries, feed_series, feed_series_marks, with_former
from calendars.entries import EntryRenderer
from calendars.series import cancelled_series, is_recurring, series_text
from calendars.tokens import FULL
from calendars.vtimezones import vtimezone

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Ringbuch//Ringbuch//EN\r\nCALSCALE:GREGORIAN\r\n"


def calendar_of(
    session: Session,
    reservations: Sequence[ReservationView],
    language: str,
    *,
    series_within: Collection[int] | None = None,
) -> str | None:
    """Return the .ics of one or more reservations of a member as they are now.

    Those that ended without use are in a calendar of their own behind the others, with METHOD:CANCEL, so that a
    calendar program removes them: a METHOD holds for all entries of a calendar, and each calendar is a file of a mail.
    A date of a series brings the whole series, because a program keeps that as one thing; and the series whose later
    dates it took over, whose rule would show them at their former times too. series_within: the workshops whose series
    may be shown whole, None for all; a date of another one is shown alone.
    """
    member_id = reservations[0].member_id
    rows = queries.feed_reservations(
        session, member_id=member_id, since=_LONG_AGO, ids=[one.id for one in reservations]
    )
    if not rows:
        return None
    renderer = EntryRenderer(FULL, labels_of(language), current_app.config["BASE_URL"], shows_wishes=False)
    series_ids = {row.series_id for row in rows if row.series_id is not None}
    if series_ids:
        series_ids = with_former(session, series_ids, workshop_ids=series_within)
    marks = feed_series_marks(session, series_ids) if series_ids else {}
    series = feed_series(session, marks.values(), member_id=member_id) if marks else ()
    recurring = [one for one in series if is_recurring(renderer, one, _LONG_AGO)]
    single = [one for one in series if one not in recurring]
    rows = [row for row in rows if row.series_id not in marks] + [row for one in single for row in one.dates.values()]
    ended = [row for row in rows if row.status in ENDED_WITHOUT_USE]
    held = [row for row in rows if row not in ended]
    published = [series_text(renderer, one, _LONG_AGO) for one in recurring] + [*map(renderer.reservation, held)]
    cancelled = [*_taken_out(renderer, single), *map(renderer.reservation, ended)]
    zones = {row.timezone for row in rows} | {one.times.zone.key for one in series}
    return _calendar("PUBLISH", published, zones) + _calendar("CANCEL", cancelled, zones)


def _taken_out(renderer: EntryRenderer, series: Sequence[FeedSeries]) -> Iterator[bytes]:
    """Yield what removes series that are no longer one entry: an earlier file may have brought them as one."""
    for one in series:
        if one.dates:
            yield cancelled_series(renderer, one, next(iter(one.dates.values())))


def _calendar(method: str, entries: Sequence[bytes], zones: set[str]) -> str:
    if not entries:
        return ""
    text = b"".join(entries).decode()
    named = "".join(vtimezone(zone) for zone in sorted(zones) if f"TZID={zone}:" in text)
    return f"{_HEAD}METHOD:{method}\r\n{named}{text}END:VCALENDAR\r\n"
