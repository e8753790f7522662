"""Sending a member the statement of a period. What is sent is recorded; the mail follows from the event."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from billing.allocations.periods import Period
from billing.errors.document_errors import StatementSentMeanwhile
from billing.events import StatementSent
from billing.limits import require_period
from billing.models import StatementSending
from booking.errors.schedule_errors import MemberNotFound
from booking.kernel import events
from booking.kernel.claims import insert_if_absent
from booking.kernel.events import Actor
from booking.queries import member_names


def times_sent(session: Session, member_id: int, days: Period) -> int:
    """Return how often the statement of some days was sent to a member."""
    row = session.get(StatementSending, (member_id, *days), populate_existing=True)
    return 0 if row is None else row.count


def send_statement(
    session: Session,
    member_id: int,
    first_day: date,
    last_day: date,
    *,
    after: int | None = None,
    by: Actor,
    now: datetime,
) -> None:
    """Record that a member is sent the statement of a period. Call inside write_transaction().

    after: how often it was sent before, as whoever sends it has seen: of two clicks, one sends it. None: not checked.
    Raises MemberNotFound, WrongPeriod, StatementSentMeanwhile.
    """
    require_period(first_day, last_day)
    if not member_names(session, [member_id]):
        raise MemberNotFound(id=member_id)
    key = {"member_id": member_id, "first_day": first_day, "last_day": last_day}
    insert_if_absent(session, StatementSending, **key, count=0, sent_at=now)
    row = session.get_one(
        StatementSending, (member_id, first_day, last_day), with_for_update=True, populate_existing=True
    )
    if after is not None and row.count != after:
        raise StatementSentMeanwhile
    row.count, row.sent_at = row.count + 1, now
    session.flush()
    sent = StatementSent(member_id=member_id, period_from=first_day.isoformat(), period_until=last_day.isoformat())
    events.record(session, sent, by=by, at=now)
