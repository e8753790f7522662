"""The .ics attachment of a mail: the same entry as in the member's calendar subscription."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from flask import current_app
from sqlalchemy.orm import Session

from app.wording.calendar import labels_of
from booking import queries
from booking.models import ENDED_WITHOUT_USE
from booking.queries import FeedEntry, ReservationView
from calendars.entries import EntryRenderer
from calendars.tokens import FULL
from calendars.vtimezones import vtimezone

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Ringbuch//Ringbuch//EN\r\nCALSCALE:GREGORIAN\r\n"


def calendar_of(session: Session, reservations: Sequence[ReservationView], language: str) -> str | None:
    """Return the .ics of one or more reservations of a member as they are now.

    Those that ended without use are in a calendar of their own behind the others, with METHOD:CANCEL, so that a
    calendar program removes them: a METHOD holds for all entries of a calendar, and each calendar is a file of a mail.
    """
    rows = queries.feed_reservations(
        session, member_id=reservations[0].member_id, since=_LONG_AGO, ids=[one.id for one in reservations]
    )
    if not rows:
        return None
    renderer = EntryRenderer(FULL, labels_of(language), current_app.config["BASE_URL"], shows_wishes=False)
    ended = [row for row in rows if row.status in ENDED_WITHOUT_USE]
    held = [row for row in rows if row not in ended]
    return _calendar("PUBLISH", held, renderer) + _calendar("CANCEL", ended, renderer)


def _calendar(method: str, rows: Sequence[FeedEntry], renderer: EntryRenderer) -> str:
    if not rows:
        return ""
    zones = "".join(vtimezone(zone) for zone in sorted({row.timezone for row in rows}))
    entries = "".join(renderer.reservation(row).decode() for row in rows)
    return f"{_HEAD}METHOD:{method}\r\n{zones}{entries}END:VCALENDAR\r\n"
