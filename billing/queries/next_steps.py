"""What the treasurer has to look at next: pools without a bill, what is not invoiced, the period to close."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.ledger.posting_days import CLOSED
from billing.models import AccountingPeriod, DocumentTerms, Entry
from billing.period_names import PeriodSpan, named_period, periods_of_year
from billing.queries.owed_sums import owed_sums
from billing.queries.periods import period_settings
from booking.kernel.views import without_index


@dataclass(frozen=True, slots=True)
class NotInvoiced:
    """What members owe beyond what stands in invoices. is_asked: the ring has said how it invoices (its terms)."""

    is_asked: bool
    members: int
    cents: int


def not_invoiced(session: Session) -> NotInvoiced:
    """Return what stands in no invoice, of how many members."""
    missing = [owed.cents - owed.invoiced_cents for owed in owed_sums(session).owed.values()]
    codes = (DocumentTerms.use_code, DocumentTerms.share_code, DocumentTerms.advance_code, DocumentTerms.other_code)
    has_terms = select(DocumentTerms.id).where(func.coalesce(*codes).is_not(None))
    is_asked = session.scalar(select(has_terms.exists()))
    return NotInvoiced(bool(is_asked), sum(1 for cents in missing if cents), sum(missing))


def period_to_close(session: Session, today: date) -> PeriodSpan | None:
    """Return the oldest period that is over and not closed for good; None where there is none, or nothing is posted."""
    last_closed = session.execute(
        select(AccountingPeriod.name, AccountingPeriod.last_day)
        .where(without_index(AccountingPeriod.state == CLOSED))
        .order_by(AccountingPeriod.name.desc())  # in the order of time, too: a year has periods of one length
        .limit(1)
    ).one_or_none()
    first = session.scalar(select(func.min(Entry.posting_date)))
    if first is None:
        return None
    day, length = first, period_settings(session).length
    if last_closed is not None:
        day = max(first, last_closed.last_day + timedelta(days=1))
        if day.year == last_closed.last_day.year:
            length = named_period(last_closed.name).length
    oldest = next(span for span in periods_of_year(day.year, length) if span.first_day <= day <= span.last_day)
    return oldest if oldest.last_day < today else None
