"""The .ics attachment of a mail: the same entry as in the member's calendar subscription."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import current_app
from sqlalchemy.orm import Session

from app.wording.calendar import labels_of
from booking import queries
from booking.queries import ReservationView
from calendars.entries import EntryRenderer
from calendars.tokens import FULL
from calendars.vtimezones import vtimezone

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Ringbuch//Ringbuch//EN\r\nCALSCALE:GREGORIAN\r\nMETHOD:PUBLISH\r\n"


def calendar_of(session: Session, reservation: ReservationView, language: str) -> str | None:
    """Return an .ics of one reservation as it is now."""
    rows = queries.feed_reservations(session, member_id=reservation.member_id, since=_LONG_AGO, ids=[reservation.id])
    if not rows:
        return None
    renderer = EntryRenderer(FULL, labels_of(language), current_app.config["BASE_URL"])
    return f"{_HEAD}{vtimezone(rows[0].timezone)}{renderer.reservation(rows[0]).decode()}END:VCALENDAR\r\n"
