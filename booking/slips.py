"""What all verbs on a usage slip share: its checks, its refusal, its announcement."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from booking import announcements, changes
from booking.errors import UsageRefused, Violation
from booking.kernel import events
from booking.kernel.events import Actor
from booking.models import UsageRecord


def check_amount(amount: int | None) -> list[Violation]:
    """amount_negative: limit and actual in small units; None, nothing counted, breaks no rule."""
    if amount is not None and amount < 0:
        return [Violation("amount_negative", "amount", limit=0, actual=amount)]
    return []


def refuse(violations: list[Violation]) -> None:
    """Raises UsageRefused with all violations, if there are any."""
    if violations:
        raise UsageRefused(violations)


def facts(slip: UsageRecord) -> tuple[int, int, int, int | None]:
    """What every UsageEvent tells, in the order of its fields. The slip must have been written: its id is needed."""
    return slip.id, slip.machine_id, slip.member_id, slip.reservation_id


def announce(session: Session, event: announcements.UsageEvent, by: Actor, now: datetime) -> None:
    """Write an event and count the change for feeds. The last step of a verb: it locks the hottest rows."""
    session.flush()
    events.record(session, event, by=by, at=now)
    changes.schedule_changed(session, member_ids=[event.member_id], machine_ids=[event.machine_id])
