"""Sending a member the statement of a period. What is sent is recorded; the mail follows from the event."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from billing.events import StatementSent
from billing.limits import require_period
from booking.errors import MemberNotFound
from booking.kernel import events
from booking.kernel.events import Actor
from booking.queries import member_names


def send_statement(
    session: Session, member_id: int, first_day: date, last_day: date, *, by: Actor, now: datetime
) -> None:
    """Record that a member is sent the statement of a period. Call inside write_transaction().

    Raises MemberNotFound, WrongPeriod.
    """
    require_period(first_day, last_day)
    if not member_names(session, [member_id]):
        raise MemberNotFound(id=member_id)
    sent = StatementSent(member_id=member_id, period_from=first_day.isoformat(), period_until=last_day.isoformat())
    events.record(session, sent, by=by, at=now)
