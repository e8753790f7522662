"""The mail about an induction that somebody ended, shortened or gave back: its member would find out at the machine."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from app.notifications import recipients
from app.notifications.composing import Notification
from app.notifications.notifying import notify, others
from app.notifications.renaming import renamed
from booking import queries
from booking.kernel.events import RecordedEvent
from booking.queries import InductionView
from booking.times.wall_clock import local_day


def record_changed(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify whom a change of a record concerns: a new name in calendars, or an induction that was ended or resumed."""
    if event.facts["table"] != "induction":
        renamed(session, event, now)
        return
    if event.facts["what"] not in ("ended_at", "valid_until", "resumed"):
        return
    one = queries.induction(session, event.facts["record_id"])
    if _is_so_still(one, event.facts["what"], local_day(now, queries.ring_zone(session))):
        people = others(recipients.of_member(session, one.member_id), event)
        notify(session, event, Notification("induction_changed", {"one": one}, "/inductions"), people, now)


def _is_so_still(one: InductionView, what: str, today: date) -> bool:
    """Return whether nothing came after it; a last day also changes by a use, which shortens nothing.

    An induction whose end was taken back after its last day is over all the same.
    """
    if what == "ended_at":
        return one.ended_at is not None
    if what == "resumed":
        return not one.is_shortened and one.valid_until >= today
    return one.is_shortened
