"""The audit of closed periods, run by `ring check periods`. Yields the inconsistencies that it finds.

Codes of the findings and their facts: period_hash (name: its lines are not what was closed), period_event (name: the
event log has another hash, or none), period_lost (name: closed by the event log, and not any more).
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.closing.content import content_of
from billing.events import PeriodClosed
from billing.ledger.posting_days import CLOSED
from billing.models import AccountingPeriod
from billing.period_names import PeriodSpan
from booking.kernel.audit import AuditFinding
from booking.kernel.events import RecordedEvent


def broken_periods(session: Session) -> Iterator[AuditFinding]:
    """Yield the closed periods whose lines, counts or event are not those of their closing."""
    facts = session.scalars(
        select(RecordedEvent.facts).where(RecordedEvent.type == PeriodClosed.type).order_by(RecordedEvent.id)
    )
    logged = {each["period"]: each for each in facts}
    closed = select(AccountingPeriod).where(AccountingPeriod.state == CLOSED).order_by(AccountingPeriod.first_day)
    for row in session.scalars(closed):
        event = logged.pop(row.name, {})
        stored = (row.entries, row.lines, row.sha256)
        if stored != (event.get("entries"), event.get("lines"), event.get("sha256")):
            yield AuditFinding("period_event", {"name": row.name})
        found = content_of(session, PeriodSpan(row.name, row.first_day, row.last_day))
        if (found.entries, found.lines, found.sha256, found.debit_cents) != (*stored, row.debit_cents):
            yield AuditFinding("period_hash", {"name": row.name})
    for name in logged:
        yield AuditFinding("period_lost", {"name": name})
