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
    if amount is not None and amount < 0:
        return [Violation("amount_negative", "amount", limit=0, actual=amount)]
    return []


def refuse(violations: list[Violation]) -> None:
    if violations:
        raise UsageRefused(violations)


def facts(slip: UsageRecord) -> tuple[int, int, int, int | None]:
    return slip.id, slip.machine_id, slip.member_id, slip.reservation_id


def announce(session: Session, event: announcements.UsageEvent, by: Actor, now: datetime) -> None:
    session.flush()
    events.record(session, event, by=by, at=now)
    changes.schedule_changed(session, member_ids=[event.member_id], machine_ids=[event.machine_id])
