"""The next calendar file after a new name or place, for whoever has one of a reservation to come."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.notifications import attached_entries
from app.notifications.composing import Notification, queue_notification
from booking import queries
from booking.kernel.events import RecordedEvent
from booking.models import Machine
from booking.queries import ReservationView
from booking.reservations import reservation_writer

# Table -> the fields that calendar entries show.
SHOWN_IN_CALENDARS = {
    "machine": frozenset({"name", "location"}),
    "workshop": frozenset({"name", "address", "timezone"}),
}


def renamed(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Send the next calendar file of the reservations to come, in one mail for each member."""
    facts = event.facts
    shown = SHOWN_IN_CALENDARS.get(facts["table"])
    if shown is None or not shown & set(facts["what"].split(",")):
        return
    column = Machine.id if facts["table"] == "machine" else Machine.workshop_id
    ids = attached_entries.mailed_to_come(session, column == facts["record_id"], now)
    reservation_writer.bump_revisions(session, ids, now)
    by_member: dict[int, list[ReservationView]] = {}
    for view in queries.reservations_by_id(session, ids):
        by_member.setdefault(view.member_id, []).append(view)
    for views in by_member.values():
        notification = Notification("renamed", {"changed": views}, "/reservations", with_calendar=True)
        for holder in attached_entries.outdated(session, views):
            queue_notification(session, notification, holder, event_id=event.id, now=now)
