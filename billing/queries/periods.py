"""The accounting periods of a ring: all from the first entry until today, open ones too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.ledger.posting_days import CLOSED, OPEN
from billing.models import AccountingPeriod, Entry, Ledger
from billing.period_names import PeriodSpan, named_period, periods_of_year


@dataclass(frozen=True, slots=True)
class PeriodView:
    """A period. state: open, soft_closed or closed; is_over: its last day has passed.

    entries, lines, debit_cents, sha256, closed_at, closed_by: of a closed one, else None; None too of an empty one that
    is closed because a later one is.
    """

    name: str
    first_day: date
    last_day: date
    state: str
    is_over: bool
    entries: int | None = None
    lines: int | None = None
    debit_cents: int | None = None
    sha256: str | None = None
    closed_at: datetime | None = None
    closed_by: int | None = None

    @property
    def is_closed(self) -> bool:
        """Return whether it is closed for good."""
        return self.state == CLOSED


@dataclass(frozen=True, slots=True)
class PeriodSettings:
    """How long the periods of the ring are (year or month), and the revision of that."""

    length: str
    revision: int


def period_settings(session: Session) -> PeriodSettings:
    """Return how long the periods of the ring are."""
    return PeriodSettings(*session.execute(select(Ledger.period_length, Ledger.revision)).one())


def periods(session: Session, today: date, *, limit: int = 25, offset: int = 0) -> tuple[tuple[PeriodView, ...], bool]:
    """Return a page of the periods from the first entry until today, the newest first, and whether there are more."""
    stored = {row.name: row for row in session.scalars(select(AccountingPeriod))}
    first_entry = session.scalar(select(func.min(Entry.posting_date)))
    days = [row.first_day for row in stored.values()] + [day for day in (first_entry, today) if day is not None]
    lengths = {row.first_day.year: named_period(row.name).length for row in stored.values()}
    usual = period_settings(session).length
    spans = [
        span
        for year in range(min(days).year, max(days).year + 1)
        for span in periods_of_year(year, lengths.get(year, usual))
        if min(days) <= span.last_day and span.first_day <= max(days)
    ]
    closed_until = max((row.last_day for row in stored.values() if row.state == CLOSED), default=date.min)
    page = spans[::-1][offset : offset + limit + 1]
    return tuple(_view(span, stored.get(span.name), today, closed_until) for span in page[:limit]), len(page) > limit


def period(session: Session, name: str, today: date) -> PeriodView:
    """Return one period. Raises PeriodNotFound."""
    row = session.scalars(select(AccountingPeriod).where(AccountingPeriod.name == name)).one_or_none()
    last_closed = session.scalar(select(func.max(AccountingPeriod.last_day)).where(AccountingPeriod.state == CLOSED))
    return _view(named_period(name), row, today, last_closed or date.min)


def _view(span: PeriodSpan, row: AccountingPeriod | None, today: date, closed_until: date) -> PeriodView:
    is_over = span.last_day < today
    if span.last_day <= closed_until and (row is None or row.state != CLOSED):
        return PeriodView(*span, state=CLOSED, is_over=is_over)  # the database refuses entries in it
    if row is None:
        return PeriodView(*span, state=OPEN, is_over=is_over)
    return PeriodView(
        *span,
        row.state,
        is_over,
        entries=row.entries,
        lines=row.lines,
        debit_cents=row.debit_cents,
        sha256=row.sha256,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
    )
