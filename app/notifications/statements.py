"""Sending a statement to a member that has an address: without one, the mail of its event would go to nobody."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.notifications import recipients
from billing.allocations.periods import Period
from billing.errors.money_errors import MemberWithoutEmail
from billing.statements.statements import send_statement
from booking.kernel.events import Actor


def send_to_reachable(
    session: Session, member_id: int, days: Period, *, after: int | None = None, by: Actor, now: datetime
) -> None:
    """Record that a member is sent the statement of some days. Call inside write_transaction().

    after: see send_statement(). Raises MemberNotFound, WrongPeriod, StatementSentMeanwhile, MemberWithoutEmail
    (nothing is recorded).
    """
    send_statement(session, member_id, *days, after=after, by=by, now=now)
    if not recipients.of_member(session, member_id):
        raise MemberWithoutEmail(id=member_id)
