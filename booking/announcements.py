"""Announcements: a note on Today for the whole ring or about a workshop, with a last day, after which it is gone.

Verbs get the session, the actor and the time, flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from booking.errors.schedule_errors import NotFound, Violation, WrongStatus
from booking.kernel.events import Actor
from booking.models import Announcement
from booking.models.announcement import TEXT_LENGTH_MAX
from booking.records import records

AHEAD_DAYS_MAX = 366


@dataclass(frozen=True, slots=True)
class AnnouncementInput:
    """What is announced. workshop_id: None for the whole ring. last_day: on which it is still shown."""

    workshop_id: int | None
    text: str
    last_day: date


def announce(session: Session, data: AnnouncementInput, *, by: Actor, today: date, now: datetime) -> int:
    """Store an announcement and return its id. today: the ring's day. Raises RecordRefused."""
    records.refuse(check_announcement(data, today))
    stored = Announcement(
        workshop_id=data.workshop_id,
        text=data.text.strip(),
        last_day=data.last_day,
        announced_at=now,
        announced_by=by.user_id,
    )
    session.add(stored)
    session.flush()
    records.note(session, "announcement", stored.id, "entered", by, now)
    return stored.id


def withdraw(session: Session, announcement_id: int, *, by: Actor, now: datetime) -> None:
    """End an announcement before its last day. Raises NotFound, WrongStatus (withdrawn already)."""
    stored = session.get(Announcement, announcement_id, with_for_update=True, populate_existing=True)
    if stored is None:
        raise NotFound(id=announcement_id)
    if stored.withdrawn_at is not None:
        raise WrongStatus(status="withdrawn", wanted=["shown"])
    stored.withdrawn_at = now
    session.flush()
    records.note(session, "announcement", announcement_id, "withdrawn", by, now)


def check_announcement(data: AnnouncementInput, today: date) -> list[Violation]:
    """Return missing, at_most (characters), day_over, day_too_late (limit: the last possible day)."""
    violations = records.check_filled(data, ("text",)) + records.check_lengths(data, {"text": TEXT_LENGTH_MAX})
    latest = today + timedelta(days=AHEAD_DAYS_MAX)
    if data.last_day < today:
        violations.append(Violation("day_over", "last_day", limit=today, actual=data.last_day))
    elif data.last_day > latest:
        violations.append(Violation("day_too_late", "last_day", limit=latest, actual=data.last_day))
    return violations
